"""Drawing, grading and waiting against the plainest way to say the same."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from labops.domain.quizzes.policies import (
    Candidate,
    Limits,
    Tried,
    draw,
    is_correct,
    is_passed,
    problems_with_trying,
    score,
    shortage,
)

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TOPICS = st.integers(0, 3)


@settings(max_examples=150)
@given(
    st.lists(TOPICS, max_size=25),
    st.dictionaries(st.integers(1, 3), st.integers(0, 5)),
    st.integers(1, 20),
    st.integers(),
)
def test_a_draw_keeps_every_count(
    topics: list[int], minimums: dict[int, int], count: int, seed: int
) -> None:
    bank = [Candidate(number, topic) for number, topic in enumerate(topics, start=1)]
    there = Counter(topics)
    possible = (
        len(bank) >= count
        and all(there[topic] >= minimum for topic, minimum in minimums.items())
        and sum(minimums.values()) <= count
    )
    assert (not shortage(bank, minimums, count)) is possible
    if not possible:
        return
    drawn = draw(bank, minimums, count, Random(seed))
    assert len(drawn) == len(set(drawn)) == count
    assert set(drawn) <= set(bank)
    asked = Counter(one.topic_id for one in drawn)
    assert all(asked[topic] >= minimum for topic, minimum in minimums.items())
    # The stored seed tells the draw again, in whatever order the database gives the bank.
    assert draw(bank[::-1], minimums, count, Random(seed)) == drawn


def test_every_question_is_drawn_sooner_or_later_and_in_every_place() -> None:
    bank = [Candidate(number, number % 3) for number in range(1, 7)]
    draws = [draw(bank, {1: 1}, 3, Random(seed)) for seed in range(300)]
    for place in range(3):
        assert {one[place].version_id for one in draws} == set(range(1, 7))


@given(
    st.lists(st.tuples(st.sets(st.integers(0, 3)), st.sets(st.integers(0, 3))), max_size=12),
    st.integers(1, 100),
)
def test_grading_is_what_one_would_count_by_hand(
    answers: list[tuple[set[int], set[int]]], mark: int
) -> None:
    right = 0
    for correct, chosen in answers:
        same = all((place in correct) == (place in chosen) for place in range(4))
        assert is_correct(correct, list(chosen)) is same
        right += same
    if answers:
        assert is_passed(right, len(answers), mark) is (right / len(answers) * 100 >= mark - 1e-9)
        assert score(right, len(answers)) == int(right / len(answers) * 100 + 1e-9)
        # Whoever passed never reads a score below the mark.
        assert not is_passed(right, len(answers), mark) or score(right, len(answers)) >= mark


def test_of_nothing_nobody_passes() -> None:
    assert not is_passed(0, 0, 1)
    assert score(0, 0) == 0


@st.composite
def histories(draw_: st.DrawFn) -> list[Tried]:
    at, found = NOW - timedelta(days=9), []
    for gap, length, passed in draw_(
        st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 60), st.booleans()), max_size=6)
    ):
        began = at + gap * MINUTE
        at = began + length * MINUTE
        if at <= NOW:
            found.append(Tried(began, at, passed))
    return found


@settings(max_examples=200)
@given(histories(), st.integers(0, 4), st.integers(1, 5), st.integers(0, 3000))
def test_when_one_may_try_again_is_told_to_the_minute(
    tried: list[Tried], allowed: int, days: int, pause: int
) -> None:
    limits = Limits(attempts_allowed=allowed, period=timedelta(days=days), cooldown=pause * MINUTE)

    def may(now: datetime) -> bool:
        recent = [one for one in tried if now - one.started_at < timedelta(days=days)]
        if allowed and len(recent) >= allowed:
            return False
        return all(one.passed or now - one.submitted_at >= pause * MINUTE for one in tried)

    problems = problems_with_trying(tried, limits, now=NOW)
    assert (not problems) is may(NOW)
    if problems:
        at = max(one.params["at"] for one in problems)
        assert at > NOW
        assert may(at)
        assert not may(at - timedelta(microseconds=1))
