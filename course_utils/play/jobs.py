"""Work in the background of a widget: one job at a time, which can be told to stop."""

import atexit
import threading
from collections.abc import Callable
from time import monotonic

EVERY = 0.05  # seconds between two pictures of a text that grows


class Job:
    """Runs one function at a time in a thread, so that the kernel stays free to hear the stop button."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        atexit.register(self._end)

    @property
    def is_running(self) -> bool:
        """Return whether the last job is still at work."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def may_go_on(self) -> bool:
        """Return whether nobody has asked the job to stop."""
        return not self._stop.is_set()

    def start(self, work: Callable[[], None]) -> None:
        """Start `work`, after the job before it has stopped."""
        self.stop()
        self.wait()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=work, name="course-widget", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask the job to stop; it does so at its next step."""
        self._stop.set()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until the job has ended."""
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(seconds)

    def _end(self) -> None:
        """Leave no thread behind that still computes when the process ends."""
        self.stop()
        self.wait(5)


class Pace:
    """Draws a text that grows, but not at each of its tokens: a page cannot take more than twenty pictures a second."""

    def __init__(self) -> None:
        self._last = 0.0

    def draw(self, picture: Callable[[], None]) -> None:
        """Draw, unless the last picture is too recent."""
        if monotonic() - self._last > EVERY:
            picture()
            self._last = monotonic()
