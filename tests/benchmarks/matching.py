"""How many requests a minute one core reads and ranks: `python -m tests.benchmarks.matching`."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from statistics import median

import orjson

from labops.domain.matches.files import Request, labs_from, requests_from
from labops.domain.matches.labs import Lab
from labops.domain.matches.matching import Asking
from labops.domain.matches.ranking import rank
from labops.domain.requests.reading.reader import read_need

FILE = Path(__file__).parents[1] / "data" / "matching_second.json"
TODAY = date(2026, 11, 23)
LABS = 300
GOAL_A_MINUTE, GOAL_MS = 1000, 50


def labs_of(wanted: int, found: Sequence[Lab]) -> list[Lab]:
    """Return so many labs: those of the second set again and again, each a little different."""
    dice = random.Random(7)
    return [
        replace(
            found[number % len(found)],
            id=f"{number:03}",
            free_hours=float(dice.randrange(1, 120)),
            lead_time_days=float(dice.randrange(1, 20)),
        )
        for number in range(wanted)
    ]


def answer(request: Request, labs: Sequence[Lab]) -> float:
    """Read one request and rank all labs for it; return the milliseconds."""
    began = time.perf_counter()
    need = read_need(request.words, today=TODAY)
    rank(need, labs, Asking(today=TODAY, place=request.place), seed=request.id)
    return 1000 * (time.perf_counter() - began)


def matching(rounds: int = 4) -> None:
    """Print requests a minute, and the milliseconds of one."""
    data = orjson.loads(FILE.read_bytes())
    labs, requests = labs_of(LABS, labs_from(data)), requests_from(data)
    first = answer(requests[0], labs)
    spent = [answer(one, labs) for _ in range(rounds) for one in requests]
    print(
        f"  matching            {60_000 * len(spent) / sum(spent):9.0f} requests a minute against {LABS} labs"
        f" (goal {GOAL_A_MINUTE:,}), {median(spent):.1f} ms in the middle, {max(spent):.0f} ms worst"
        f" (goal {GOAL_MS}), {first:.0f} ms the first"
    )


if __name__ == "__main__":
    sys.exit(matching())
