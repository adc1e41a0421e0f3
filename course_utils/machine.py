"""The machine that the course runs on: how much memory it may use."""

from pathlib import Path

_CONTAINER_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def memory_bytes() -> int | None:
    """Return the memory that may be used, in bytes: the machine's, or the container's where that is less.

    None where psutil, which tells, is missing.
    """
    try:
        import psutil

        limits = [psutil.virtual_memory().total]
    except ImportError:
        limits = []
    for file in _CONTAINER_LIMITS:
        try:
            limits.append(int(Path(file).read_text(encoding="ascii")))
        except (OSError, ValueError):  # no such file, or the word "max"
            continue
    return min((limit for limit in limits if limit), default=None)
