"""Drawing, grading, and when somebody may try again: pure, so that it can be tried at length."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from labops.kernel.errors import Problem


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question that may be drawn, by its version in force; `topic_id` 0 means none."""

    version_id: int
    topic_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How often a quiz may be tried: 0 attempts means as often as one likes."""

    attempts_allowed: int = 0
    period: timedelta = timedelta()
    cooldown: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt that was handed in."""

    started_at: datetime
    submitted_at: datetime
    passed: bool


def shortage(
    candidates: Collection[Candidate], minimums: Mapping[int, int], count: int
) -> dict[int, int]:
    """Return how many questions each topic lacks (0: the bank as a whole, or for its minimums).

    Empty when a draw of `count` can keep every minimum.
    """
    lacking = {}
    for topic_id, minimum in minimums.items():
        there = sum(one.topic_id == topic_id for one in candidates)
        if there < minimum:
            lacking[topic_id] = minimum - there
    if len(candidates) < count:
        lacking[0] = count - len(candidates)
    elif (asked := sum(minimums.values())) > count:
        lacking[0] = asked - count
    return lacking


def draw(
    candidates: Sequence[Candidate], minimums: Mapping[int, int], count: int, random: Random
) -> list[Candidate]:
    """Return `count` different questions in random order, of each topic at least its minimum.

    The bank must suffice, as `shortage` says.
    """
    pool = sorted(candidates, key=lambda one: one.version_id)  # the same seed draws the same
    drawn: list[Candidate] = []
    for topic_id, minimum in sorted(minimums.items()):
        drawn += random.sample([one for one in pool if one.topic_id == topic_id], minimum)
    taken = set(drawn)
    drawn += random.sample([one for one in pool if one not in taken], count - len(drawn))
    random.shuffle(drawn)
    return drawn


def is_correct(right: Collection[int], chosen: Collection[int]) -> bool:
    """Say whether exactly the right options were chosen: half an answer about safety is none."""
    return set(right) == set(chosen)


def score(correct_count: int, count: int) -> int:
    """Return the share of right answers in whole percent, rounded down."""
    return correct_count * 100 // count if count else 0


def is_passed(correct_count: int, count: int, pass_percent: int) -> bool:
    """Say whether the share reaches the mark, without any rounding."""
    return count > 0 and correct_count * 100 >= pass_percent * count


def problems_with_trying(tried: Sequence[Tried], limits: Limits, *, now: datetime) -> list[Problem]:
    """Return why the quiz may not be begun now, each with the time `at` when it may be again."""
    problems = []
    if limits.attempts_allowed:
        since = now - limits.period
        recent = sorted(one.started_at for one in tried if one.started_at > since)
        if len(recent) >= limits.attempts_allowed:
            first_to_fade = recent[-limits.attempts_allowed]
            params = {
                "limit": limits.attempts_allowed,
                "days": limits.period.days,
                "at": first_to_fade + limits.period,
            }
            problems.append(Problem("quiz.too-many-attempts", params))
    failed = [one.submitted_at for one in tried if not one.passed]
    if failed and (free_at := max(failed) + limits.cooldown) > now:
        problems.append(Problem("quiz.cooling-down", {"at": free_at}))
    return problems
