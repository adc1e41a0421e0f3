"""pyproject.toml and environment.yml say the same pins; the package imports nothing it does not ask for."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

import course_utils

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))

CONDA_NAMES = {"pytorch-cpu": "torch", "matplotlib-base": "matplotlib"}  # conda-forge's name: PyPI's
BY_TRAINING_ONLY = {"fontTools"}  # of matplotlib's own dependencies, and of the extra "test"
IMPORTED_AS = {"yaml": "pyyaml", "PIL": "pillow"}


def pip_pins(pyproject: dict) -> dict[str, SpecifierSet]:
    """What pip installs for the course itself."""
    wanted = [Requirement(line) for line in pyproject["project"]["dependencies"]]
    return {r.name: r.specifier for r in wanted}


def conda_pins(environment: dict) -> dict[str, SpecifierSet]:
    """What conda installs, under PyPI's names; a line with a build string is no requirement and raises."""
    lines = [
        line
        for line in environment["dependencies"]
        if isinstance(line, str) and line != "pip" and not line.startswith("python=")
    ]
    wanted = [Requirement(line) for line in lines]
    return {CONDA_NAMES.get(r.name, r.name): r.specifier for r in wanted}


def differences(pyproject: dict, environment: dict) -> list[str]:
    """The packages that the two files do not agree on."""
    pip, conda = pip_pins(pyproject), conda_pins(environment)
    return sorted(name for name in pip.keys() | conda.keys() if pip.get(name) != conda.get(name))


def test_the_two_files_agree():
    assert differences(PYPROJECT, ENVIRONMENT) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("pytorch-cpu==2.13.0", "pytorch-cpu==2.13.1"),
        ("jupyterlab>=4.4,<5", "jupyterlab>=4.4"),
        ("ipywidgets>=8.1,<9", "widgets>=8.1,<9"),
    ],
)
def test_a_planted_difference_is_found(old, new):
    assert old in ENVIRONMENT["dependencies"]
    changed = {"dependencies": [new if line == old else line for line in ENVIRONMENT["dependencies"]]}
    assert differences(PYPROJECT, changed)


def test_what_the_course_promises_is_pinned():
    pins = pip_pins(PYPROJECT)
    assert pins["torch"] == SpecifierSet("==2.13.0")
    for name, inside, outside in [
        ("transformers", "5.24.0", "5.25.0"),
        ("jupyterlab", "4.6.0", "5.0"),
        ("ipywidgets", "8.1.9", "9.0"),
    ]:
        assert inside in pins[name] and outside not in pins[name]
    assert any(line.startswith("nbval") for line in PYPROJECT["project"]["optional-dependencies"]["test"])


def test_the_python_of_conda_is_one_that_the_course_supports():
    """One version, named: repo2docker reads `python=3.12` and `python==3.12.*`, and takes its own 3.10 for a range."""
    (python,) = (
        line for line in ENVIRONMENT["dependencies"] if isinstance(line, str) and line.startswith("python=")
    )
    version = re.fullmatch(r"python==(3\.\d+)\.\*", python)[1]
    assert SpecifierSet(PYPROJECT["project"]["requires-python"]).contains(f"{version}.0")


def test_conda_takes_the_cpu_build_by_name_and_the_course_by_pip():
    assert ENVIRONMENT["channels"][0] == "conda-forge"
    assert {"pip": ["-e ."]} in ENVIRONMENT["dependencies"]
    with pytest.raises(InvalidRequirement):
        conda_pins({"dependencies": ["numpy=2.0.1=py311h71ddf71_0"]})


def test_the_version_is_said_once():
    """In the package; pyproject.toml takes it from there, and the newest entry of the changelog is about it."""
    assert "version" not in PYPROJECT["project"] and PYPROJECT["project"]["dynamic"] == ["version"]
    assert PYPROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "course_utils.__version__"}
    newest = re.search(r"^## (\S+?)（", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    assert newest[1] == course_utils.__version__


def imports(path: Path) -> set[str]:
    """The top-level names that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"course_utils"}


@pytest.mark.parametrize("path", sorted((ROOT / "course_utils").rglob("*.py")), ids=lambda p: p.name)
def test_the_package_imports_only_what_it_asks_for(path):
    known = {name.lower().replace("-", "_") for name in pip_pins(PYPROJECT)}
    # What comes with a dependency as a part of its own interface.
    known |= {"jupyter_client", "jupyter_core", "jupyter_server", "ipython", "tornado", "tqdm", "traitlets"}
    allowed = BY_TRAINING_ONLY if "training" in path.parts else set()
    asked = {IMPORTED_AS.get(name, name).lower() for name in imports(path) - allowed}
    assert asked - known == set()


def test_the_self_check_of_lesson_00_asks_for_the_pinned_releases():
    text = (ROOT / "notebooks" / "00_start_here.ipynb").read_text(encoding="utf-8")
    asked = dict(re.findall(r'assert (torch|transformers)\.__version__\.startswith\(\\"([\d.]+)\\"\)', text))
    assert asked.keys() == {"torch", "transformers"}
    for name, begin in asked.items():
        assert pip_pins(PYPROJECT)[name].contains(f"{begin}.0")
        assert not pip_pins(PYPROJECT)[name].contains(f"{begin.rsplit('.', 1)[0]}.999")
