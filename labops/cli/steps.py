"""What long work shows on a terminal: which part is in hand and how much there was of it."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

import click

SHOWN_EVERY = 0.1  # seconds
WIDTH = 60


class Steps:
    """A line that says how far the work is; nothing where nobody looks."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._shows = sys.stderr.isatty()
        self._last = 0.0
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._shows:
            click.echo("\r" + " " * WIDTH + "\r", nl=False, err=True)

    def told(self, part: str, count: int) -> None:
        """Hear of a part and of how much was done in it."""
        self._count += count
        if self._shows and time.monotonic() - self._last > SHOWN_EVERY:
            self._last = time.monotonic()
            line = f"{self._label}: {part}, {self._count} so far"
            click.echo("\r" + line[:WIDTH].ljust(WIDTH), nl=False, err=True)
