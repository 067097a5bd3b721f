"""How often machines are told right, measured on a file that says itself what each is."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from labops.domain.labs.cells import Table
from labops.domain.labs.classes import CLASSES, OTHER
from labops.domain.labs.classifying import class_of
from labops.kernel.errors import Invalid, Problem

# Rows are cut in two by this: the words in machine_words.toml were written with a look at the
# half "seen" alone. Another seed would mix what was seen with what was not.
SEED = "labops 2026"
SEEN, UNSEEN = "seen", "unseen"
_COLUMNS = ("name", "brand", "class_1")


@dataclass(slots=True)
class Score:
    """How many rows were told right; `told` counts by the file's class and ours."""

    right: int = 0
    count: int = 0
    nothing_said: int = 0
    told: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def share(self) -> float:
        """Return the share that is right, from 0 to 1."""
        return self.right / self.count if self.count else 0.0

    def add(self, row: Mapping[str, str]) -> None:
        """Tell the machine of a row, and count."""
        machine_class = class_of(row.get("name") or "", row.get("brand") or "")
        said = CLASSES[machine_class].geomachines if machine_class else OTHER
        meant = (row.get("class_1") or "").strip()
        self.count += 1
        self.right += said == meant
        self.nothing_said += not machine_class
        self.told[meant, said] += 1


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The scores of both halves; `new` is the unseen half without what the seen one holds."""

    seen: Score
    unseen: Score
    new: Score


def evaluate(text: str) -> Evaluation:
    """Tell every machine of a file and compare; raises `Invalid` when it does not say classes."""
    table = Table(text)
    missing = [name for name in _COLUMNS if name not in table.headings]
    if missing:
        raise Invalid([Problem("inventory.missing-column", {"line": 1, "field": missing[0]})])
    headings = table.headings
    rows = [row for _line, row in table]
    scores = Evaluation(Score(), Score(), Score())
    known = {_named(row) for row in rows if half_of(row, headings) == SEEN}
    for row in rows:
        if half_of(row, headings) == SEEN:
            scores.seen.add(row)
            continue
        scores.unseen.add(row)
        if _named(row) not in known:
            scores.new.add(row)
    return scores


def half_of(row: Mapping[str, str], headings: list[str]) -> str:
    """Return which half a row belongs to, whatever row stands before it."""
    key = "\x1f".join([SEED, *((row.get(heading) or "").strip() for heading in headings)])
    return UNSEEN if hashlib.sha256(key.encode()).digest()[0] & 1 else SEEN


def lines_of(score: Score) -> Iterator[tuple[str, int, int]]:
    """Yield by class of the file how many rows are of it, and how many of them were told right."""
    for meant in sorted({pair[0] for pair in score.told}):
        count = sum(many for pair, many in score.told.items() if pair[0] == meant)
        yield meant, count, score.told[meant, meant]


def _named(row: Mapping[str, str]) -> tuple[str, str]:
    return (row.get("name") or "").strip().casefold(), (row.get("brand") or "").strip().casefold()
