"""Importing course_utils is cheap, and its names are right whatever was imported before."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import course_utils

ROOT = Path(__file__).parents[1]
HEAVY = (
    "torch",
    "transformers",
    "huggingface_hub",
    "ipywidgets",
    "matplotlib",
    "numpy",
    "IPython",
    "safetensors",
)


def run_python(code: str) -> str:
    """Run code in a fresh interpreter; return what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    "statement", ["import course_utils", "from course_utils import checkpoint, CourseError"]
)
def test_import_loads_nothing_heavy(statement: str) -> None:
    code = f"import sys; {statement}; print([m for m in {HEAVY!r} if m in sys.modules])"
    assert run_python(code) == "[]"


@pytest.mark.parametrize(
    ("own", "kept"),
    [
        ({}, "1000"),
        ({"GOMP_SPINCOUNT": "7"}, "7"),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, "None"),
    ],
)
def test_threads_do_not_spin_for_long_unless_the_user_wants_it(
    own: dict[str, str], kept: str, monkeypatch
) -> None:
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    assert run_python("import os, course_utils; print(os.environ.get('GOMP_SPINCOUNT'))") == kept


def test_bare_import_loads_no_submodule() -> None:
    code = "import sys, course_utils; print([m for m in sys.modules if m.startswith('course_utils.')])"
    assert run_python(code) == "['course_utils._lazy']"


@pytest.mark.parametrize(
    "before",
    [
        "pass",
        "import course_utils.checkpoints",
        "from course_utils import checkpoints",
        "from course_utils.checkpoints import BUNDLED",
        "import course_utils; course_utils.checkpoint",
        "import course_utils.language, course_utils.checkpoints, course_utils.commands.doctor",
    ],
)
def test_checkpoint_is_the_function_in_every_import_order(before: str) -> None:
    check = (
        "from course_utils import checkpoint; import course_utils, course_utils.checkpoints; import types;"
        "assert isinstance(checkpoint, types.FunctionType);"
        "assert checkpoint is course_utils.checkpoint is course_utils.checkpoints.checkpoint; print('ok')"
    )
    assert run_python(f"{before}\n{check}") == "ok"


def test_no_submodule_shares_a_name_with_an_export() -> None:
    modules = {
        path.stem for path in (ROOT / "course_utils").iterdir() if path.suffix == ".py" or path.is_dir()
    }
    assert not modules & set(course_utils.__all__)


def test_exports_are_listed_and_found() -> None:
    assert set(course_utils.__all__) <= set(dir(course_utils))
    for name in course_utils.__all__:
        assert getattr(course_utils, name) is not None


def test_submodules_load_on_use() -> None:
    assert run_python("import course_utils; print(course_utils.world.__name__)") == "course_utils.world"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = course_utils.no_such_name
    with pytest.raises(ImportError):
        from course_utils import no_such_name  # noqa: F401
