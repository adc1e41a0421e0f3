"""Every guard over every notebook; the rules for Chinese text over the package and the README too."""

from pathlib import Path

import pytest
from guards import GUARDS, markdown_findings, python_findings, read

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SOURCES = sorted((ROOT / "course_utils").rglob("*.py"))


def test_there_are_notebooks():
    assert NOTEBOOKS, "no notebooks/*.ipynb: the guards would guard nothing"


@pytest.mark.parametrize("guard", GUARDS.values(), ids=GUARDS)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(path, guard):
    findings = guard(read(path))
    assert not findings, "\n".join([f"{path.name}, {guard.__doc__.splitlines()[0]}", *findings])


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_chinese_in_the_package(path):
    findings = python_findings(path.read_text(encoding="utf-8"))
    assert not findings, "\n".join(findings)


def test_chinese_in_the_readme():
    findings = markdown_findings((ROOT / "README.md").read_text(encoding="utf-8"))
    assert not findings, "\n".join(findings)
