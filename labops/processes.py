"""Child processes: forked, named, and ended together with their parent."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing.process import BaseProcess
from typing import Any

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
# Forking shares the memory of everything imported; elsewhere system libraries do not bear it.
_CONTEXT = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


def start(name: str, act: Callable[..., object], *args: Any) -> BaseProcess:
    """Run `act(*args)` in a new process with a process group of its own.

    Ctrl-C in a terminal then reaches the parent alone, which stops its children in order.
    """
    child = _CONTEXT.Process(target=_inside, args=(name, act, args), name=name)  # type: ignore[attr-defined]
    child.start()
    return child  # type: ignore[no-any-return]


def begin(name: str) -> None:
    """Name this process for `ps` (at most 15 signs) and let it end when its parent dies.

    Does nothing but on Linux. A parent that is killed outright cannot stop anybody.
    """
    with contextlib.suppress(OSError, AttributeError):
        prctl = ctypes.CDLL(None).prctl
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        prctl(_PR_SET_NAME, name.encode()[:15], 0, 0, 0)
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid != os.getppid():  # it died before we asked
        raise SystemExit(1)


def end(children: Sequence[BaseProcess], *, seconds: float) -> None:
    """Ask the processes to stop, wait for them, and kill what is left after that many seconds."""
    until = time.monotonic() + seconds
    for child in children:
        child.terminate()
    for child in children:
        child.join(max(0.1, until - time.monotonic()))
        if child.is_alive():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid or 0, signal.SIGKILL)
            child.join()


def _inside(name: str, act: Callable[..., object], args: Sequence[Any]) -> None:
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    begin(name)
    act(*args)
