"""Settings of every test run, the notebooks' kernels included.

A learner's own settings (language, checkpoint, caches, matplotlib and IPython configuration) must not turn a test red,
and the machine's must not turn one green: what matters is fixed here, in the environment, before anything reads it.
"""

import atexit
import os
import re
import shutil
import signal
import tempfile
from pathlib import Path

import psutil
import pytest
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbFile

from course_utils import folders
from course_utils.notebooks.run import OTHERS_SETTINGS, UNSET, fixed_settings, lay_out

ROOT = Path(__file__).resolve().parent
# Of processor time: a minute on two quiet cores, and room for a machine that others share.
NOTEBOOK_SECONDS = float(os.environ.get("COURSE_NOTEBOOK_SECONDS", 200))
CELL_SECONDS = 300  # of the clock, for a cell that hangs

# The real weights must be fetched first: these tests run when they are asked for.
collect_ignore = [] if os.environ.get("COURSE_TEST_REAL") else ["tests/test_real_gpt2.py"]

# What takes longest, by the beginning of its name, the longest first; `.ci/run` prints how long each file takes.
LONGEST = (
    "tests/test_many_kernels.py",
    "tests/browser/",
    "tests/test_real_size.py",
    "tests/test_mutations.py[",
    "notebooks/",
    "tests/test_handout.py",
    "tests/test_prefetch.py",
    "tests/test_finetune.py",
    "tests/test_platforms.py",
    "tests/test_harness.py",
)

# Tests that take a lesson as their first parameter, and share what that lesson's run gave.
BY_LESSON = ("tests/test_mutations.py", "tests/test_real_size.py")


def _fix_settings() -> None:
    """Replace the learner's settings by the fixed ones, with a scratch folder that goes when the run ends."""
    folder = Path(tempfile.mkdtemp(prefix="gpt2-course-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in list(os.environ):
        if name.startswith(OTHERS_SETTINGS) or name in UNSET:
            del os.environ[name]
    os.environ.update(fixed_settings(folder))
    lay_out(folder)
    # Where there is no home, or none that can be written: what the course does for a learner in that case.
    os.environ.update(folders.stand_ins(folder))


def _execute_as_jupyter_does(kernel, cell_input, allow_stdin=None):
    """nbval's own version says store_history=False, under which a trailing `;` does not suppress output."""
    return kernel.kc.execute(cell_input, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)


def _processor_seconds(kernel: RunningKernel) -> float:
    """Processor time that the kernel and the children it has waited for have used so far, in seconds."""
    times = psutil.Process(kernel.km.provisioner.pid).cpu_times()
    return sum(getattr(times, part, 0.0) for part in ("user", "system", "children_user", "children_system"))


def _stop_and_judge(file: IPyNbFile) -> None:
    """Stop the notebook's kernel; fail if the notebook cost more than its time.

    Processor time of one thread, not the clock: what else the machine is doing does not count.
    """
    used = 0.0
    if file.kernel is not None and file.kernel.is_alive():
        used = _processor_seconds(file.kernel)
    _nbval_teardown(file)
    if used > NOTEBOOK_SECONDS:
        pytest.fail(
            f"{file.path.name} used {used:.0f} s of processor time; at most {NOTEBOOK_SECONDS:.0f} s "
            "(COURSE_NOTEBOOK_SECONDS raises the limit on a slow machine)",
            pytrace=False,
        )


@pytest.fixture
def sigint():
    """A function that says what is to happen on SIGINT, here and in what is started from here, until the test ends.

    Who starts the tests decides that otherwise: in the background, or by cron, SIGINT is ignored from the start.
    """
    before = signal.getsignal(signal.SIGINT)
    yield lambda handler: signal.signal(signal.SIGINT, handler)
    signal.signal(signal.SIGINT, before)


_fix_settings()
_nbval_teardown = IPyNbFile.teardown
IPyNbFile.teardown = _stop_and_judge
RunningKernel.execute_cell_input = _execute_as_jupyter_does


def pytest_configure(config: pytest.Config) -> None:
    """nbval: this environment's kernel, whatever kernels the learner has; our sanitize file, from any folder."""
    config.option.nbval_current_env = True
    config.option.nbval_sanitize_with = str(ROOT / "tests" / "nbval_sanitize.cfg")
    config.option.nbval_cell_timeout = min(config.option.nbval_cell_timeout, CELL_SECONDS)


def _rank(scope: str) -> int:
    """0 for what takes longest, and so on; what is not named in LONGEST takes little."""
    return next((rank for rank, start in enumerate(LONGEST) if scope.startswith(start)), len(LONGEST))


def _scope(nodeid: str) -> str:
    """What one worker does in one go: a class, or the functions of a file; see BY_LESSON and the browser's tests."""
    file, _, test = nodeid.partition("::")
    if file.startswith("tests/browser/"):  # their server and browser cost more than the tests themselves
        return file
    if file in BY_LESSON and "[" in test:
        lesson = re.split("[-]]", test.partition("[")[2])[0]
        return f"{file}[{lesson}]"
    return nodeid.rpartition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    """What takes longest comes first, so that the workers end together.

    xdist's own groups (loadgroup) would do, but they write the group into each test's name, which then cannot be
    pasted behind `pytest` any more.
    """
    from xdist.scheduler import LoadScopeScheduling

    class LongestFirst(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _scope(nodeid)

        def _assign_work_unit(self, node) -> None:
            self.workqueue.move_to_end(min(self.workqueue, key=_rank), last=False)
            super()._assign_work_unit(node)

    return LongestFirst(config, log) if config.getvalue("dist") == "loadscope" else None
