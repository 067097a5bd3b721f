"""Rotation within bands of near-equals, with a receipt that anybody can check.

Whoever had less attention than its relevance earned comes first. No lab is lifted above one that
is better by more than the width of the band: bands are cut from the top, each as wide at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import log2

from labops.domain.matches.matching import Match

MOST_LOST = 0.01
"""Fairness may cost so much of nDCG@5; where a band would cost more, it is made narrower."""
NARROWEST = 1e-4


@dataclass(frozen=True, slots=True)
class Attention:
    """What labs have had and what they had earned: shares of all exposure, by lab."""

    had: Mapping[str, float]
    earned: Mapping[str, float]

    def debt(self, lab: str) -> float:
        """Return how much attention the lab is owed; below zero it had more than it earned."""
        return self.earned.get(lab, 0.0) - self.had.get(lab, 0.0)


@dataclass(frozen=True, slots=True)
class Receipt:
    """How the order came about: enough to do it again."""

    seed: str
    band: float
    weights_version: int
    by_score: tuple[str, ...]
    bands: tuple[tuple[str, ...], ...]
    debts: Mapping[str, float]


def rotate(
    matches: Sequence[Match], *, width: float, seed: str, attention: Attention | None, version: int
) -> tuple[list[Match], Receipt]:
    """Return the matches in their final order, and the receipt.

    Without recorded attention the referrals of the last year stand for it.
    """
    ordered = sorted(matches, key=lambda one: (-one.score, _draw(seed, one.lab.id)))
    debts = {one.lab.id: _debt(one, attention) for one in ordered}
    bands = _bands(ordered, width, debts, seed)
    while _lost(ordered, [one for band in bands for one in band]) > MOST_LOST:
        width = width / 2 if width > NARROWEST else 0.0
        bands = _bands(ordered, width, debts, seed)
    receipt = Receipt(
        seed=seed,
        band=width,
        weights_version=version,
        by_score=tuple(one.lab.id for one in ordered),
        bands=tuple(tuple(one.lab.id for one in band) for band in bands),
        debts=debts,
    )
    return [one for band in bands for one in band], receipt


def _bands(
    ordered: Sequence[Match], width: float, debts: Mapping[str, float], seed: str
) -> list[list[Match]]:
    """Cut the matches into bands from the top; in each, whoever is owed most comes first."""
    bands: list[list[Match]] = []
    for one in ordered:
        if bands and bands[-1][0].score - one.score <= width and bands[-1][0].fit is one.fit:
            bands[-1].append(one)
        else:
            bands.append([one])
    for band in bands:
        band.sort(key=lambda one: (-debts[one.lab.id], _draw(seed, one.lab.id)))
    return bands


def _lost(best: Sequence[Match], chosen: Sequence[Match]) -> float:
    """Return which part of the gain of the first five the order gives away (nDCG@5, 0 to 1).

    Scores of 0 to 1 stand for grades of 0 to 3, with gains of 2^grade - 1 and the usual discount
    (Järvelin and Kekäläinen 2002; Burges et al. 2005).
    """
    most = _gain(best)
    return 1 - _gain(chosen) / most if most else 0.0


def _gain(order: Sequence[Match]) -> float:
    return sum((2 ** (3 * one.score) - 1) / log2(place + 2) for place, one in enumerate(order[:5]))


def _debt(one: Match, attention: Attention | None) -> float:
    return attention.debt(one.lab.id) if attention is not None else -float(one.lab.assignments)


def _draw(seed: str, lab: str) -> bytes:
    return sha256(f"{seed}:{lab}".encode()).digest()
