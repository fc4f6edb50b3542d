"""Processes that end with the process that started them and can be told apart in `ps`."""

import ctypes
import os
import signal
import sys
import threading
import time

ON_LINUX = sys.platform == "linux"
PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
PR_SET_CHILD_SUBREAPER = 36


def end_with_parent(parent: int) -> None:
    """Have this process killed when `parent`, the pid that started it, dies in whatever way."""
    if not ON_LINUX:
        watch_parent(parent)
        return
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the kernel knew our wish
        os._exit(1)


def watch_parent(parent: int, every: float = 1.0) -> None:
    """Do the same where the kernel offers nothing: look every `every` seconds from a thread."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(every)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def name_process(name: str) -> None:
    """Show this process as `name` (15 characters count) in `ps -o comm` and `top`; Linux only."""
    if ON_LINUX:
        _prctl(PR_SET_NAME, ctypes.create_string_buffer(name.encode()))


def adopt_orphans() -> None:
    """Become the parent of descendants whose parent dies, so that their end can be waited for; Linux only."""
    if ON_LINUX:
        _prctl(PR_SET_CHILD_SUBREAPER, 1)


def describe_exit(code: int) -> str:
    """Return how a process ended in words, from the exit code as Python reports it (negative: a signal)."""
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def _prctl(option: int, value: int | ctypes.Array[ctypes.c_char]) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    argument = ctypes.c_ulong(value) if isinstance(value, int) else value
    if libc.prctl(option, argument, 0, 0, 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"prctl({option}) was refused: {os.strerror(error)}")
