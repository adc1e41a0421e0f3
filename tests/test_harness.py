"""What conftest.py promises, held against a real run of nbval in a process of its own."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

ROOT = Path(__file__).resolve().parent.parent
LEARNERS = {"COURSE_LANGUAGE": "en", "COURSE_CHECKPOINT": "gpt2", "HF_HUB_OFFLINE": "0", "MPLBACKEND": "pdf"}
SETTINGS = """import os, matplotlib
[os.environ[name] for name in ("COURSE_LANGUAGE", "COURSE_CHECKPOINT", "HF_HUB_OFFLINE", "OMP_NUM_THREADS")], \\
    'inline' in matplotlib.get_backend(), __debug__"""
SETTINGS_SHOWN = "(['both', 'bundled', '1', '1'], True, True)"


def shown(text: str):
    return new_output("execute_result", {"text/plain": text}, execution_count=1)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run cells (source, outputs) as a notebook under the course's conftest; returns pytest's report."""

    def run_cells(*cells, **environment) -> str:
        folder = tmp_path_factory.mktemp("harness")
        book = new_notebook(
            cells=[
                new_code_cell(text, execution_count=number, outputs=list(outputs))
                for number, (text, *outputs) in enumerate(cells, 1)
            ]
        )
        nbformat.write(book, folder / "sample.ipynb")
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        python_path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "conftest",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "--nbval",
            "--color=no",
            "-q",
            "-rA",
            "sample.ipynb",
        ]
        env = {**os.environ, **environment, "PYTHONPATH": python_path}
        return subprocess.run(
            command, cwd=folder, env=env, capture_output=True, text=True, encoding="utf-8"
        ).stdout

    return run_cells


def test_learners_settings_do_not_count(run):
    report = run(
        (SETTINGS, shown(SETTINGS_SHOWN)),
        ("1 + 1;",),
        ("object()", shown("<object at 0x7f0011223344>")),
        **LEARNERS,
    )
    assert "3 passed" in report, report
    assert "error" not in report.lower(), report


def test_a_learners_progress_does_not_count(run, tmp_path):
    done = {"version": 1, "exercises": {f"01.{number}": "correct" for number in range(1, 9)}}
    (tmp_path / "progress.json").write_text(json.dumps(done), encoding="utf-8")
    (tmp_path / "settings.json").write_text('{"language": "en"}', encoding="utf-8")
    code = (
        "from course_utils.practice import ____, base_model, progress\n"
        "progress('01').text.en.count('◇'), repr(base_model.q1.check(____)).splitlines()[0][:6]"
    )
    report = run((code, shown("(5, '◇ 還沒作答')")), COURSE_DATA=str(tmp_path))
    assert "1 passed" in report, report
    assert json.loads((tmp_path / "progress.json").read_text(encoding="utf-8")) == done


def test_a_different_output_is_red(run):
    report = run(("1 + 1", shown("3")), ("2 + 2", shown("4")))
    assert re.search(r"1 failed, 1 passed", report), report


def test_a_slow_notebook_is_red(run):
    report = run(("sum(range(10))", shown("45")), COURSE_NOTEBOOK_SECONDS="0.01")
    assert "of processor time; at most" in report and "1 passed, 1 error" in report, report


def test_refresh_runs_the_notebooks_under_the_same_settings(tmp_path, monkeypatch, pytestconfig):
    from course_utils.notebooks.run import fixed_environment

    conftest = pytestconfig.pluginmanager.get_plugin(str(ROOT / "conftest.py"))
    for name in conftest.fixed_settings(tmp_path):
        monkeypatch.delenv(name, raising=False)
    stored_under = fixed_environment(tmp_path)
    assert conftest.fixed_settings(tmp_path).items() <= stored_under.items()
    assert not set(conftest.UNSET) & set(stored_under)
