"""What a visit to an outside calendar changes: properties of the pure rules."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from labops.domain.closures.policies import MOST_VANISHING, Known, after_visit, believed
from labops.domain.closures.values import Change, Occurrence
from tests.support.world import NOW

KEYS = st.sampled_from("abcdefghijkl")


def entry(key: str, start: int, length: int, reason: str = "") -> Occurrence:
    """Return an entry that starts so many hours from now."""
    starts_at = NOW + timedelta(hours=start)
    return Occurrence(key, starts_at, starts_at + timedelta(hours=length), reason)


ENTRIES = st.builds(entry, KEYS, st.integers(-5, 50), st.integers(1, 8), st.sampled_from(["", "x"]))
CALENDARS = st.lists(ENTRIES, unique_by=lambda one: one.key, max_size=12)
# What staff may have done to each entry between two visits.
ACTS = st.dictionaries(KEYS, st.sampled_from(["accept", "ignore", "take back"]))


def decided(known: dict[str, Known], acts: dict[str, str]) -> dict[str, Known]:
    """Return what is known after staff decided, as `deciding` writes it."""
    after = {}
    for key, one in known.items():
        act = acts.get(key)
        accepted, ignored = one.accepted, one.ignored
        if act == "accept" and one.change is Change.VANISHED:
            continue
        if act == "accept" and one.change is not None:
            accepted = one.occurrence.mark
        elif act == "ignore" and one.change is not None:
            ignored = True
        elif act == "take back" and accepted:
            accepted, ignored = "", True
        after[key] = Known(
            occurrence=one.occurrence,
            accepted=accepted,
            ignored=ignored,
            missing=one.missing,
            held=one.held,
        )
    return after


def lived(visits: list[tuple[list[Occurrence], dict[str, str]]]) -> dict[str, Known]:
    """Return what is known after visits with decisions between them."""
    known: dict[str, Known] = {}
    for found, acts in visits:
        known = decided(dict(after_visit(known.values(), found, now=NOW).known), acts)
    return known


LIVES = st.lists(st.tuples(CALENDARS, ACTS), max_size=4).map(lived)


@given(LIVES, CALENDARS)
def test_the_same_visit_twice_is_the_same_as_once(
    known: dict[str, Known], found: list[Occurrence]
) -> None:
    once = after_visit(known.values(), found, now=NOW)
    twice = after_visit(once.known.values(), found, now=NOW)
    assert twice.known == once.known
    assert twice.forgotten == frozenset()


@given(LIVES, CALENDARS)
def test_what_is_accepted_now_needs_no_decision_until_the_calendar_changes(
    known: dict[str, Known], found: list[Occurrence]
) -> None:
    visited = dict(after_visit(known.values(), found, now=NOW).known)
    settled = decided(visited, dict.fromkeys(visited, "accept"))
    assert [one.change for one in settled.values() if one.change] == []
    again = after_visit(settled.values(), found, now=NOW)
    assert [one.change for one in again.known.values() if one.change] == []


@given(LIVES, CALENDARS)
def test_no_closure_is_lost_from_sight_while_it_is_to_come(
    known: dict[str, Known], found: list[Occurrence]
) -> None:
    visit = after_visit(known.values(), found, now=NOW)
    for key, one in known.items():
        if one.accepted and one.occurrence.ends_at > NOW:
            assert visit.known[key].accepted == one.accepted


@given(LIVES, CALENDARS)
def test_every_entry_to_come_is_known_as_it_is_found(
    known: dict[str, Known], found: list[Occurrence]
) -> None:
    visit = after_visit(known.values(), found, now=NOW)
    for one in found:
        if one.ends_at > NOW:
            seen = visit.known[one.key]
            assert (seen.occurrence, seen.missing, seen.held) == (one, False, False)
            if one.key not in known:
                assert seen.change is Change.NEW


@given(LIVES, CALENDARS)
def test_many_at_once_are_held_and_few_are_proposed(
    known: dict[str, Known], found: list[Occurrence]
) -> None:
    keys = {one.key for one in found if one.ends_at > NOW}
    here = {k for k, one in known.items() if one.occurrence.ends_at > NOW and not one.missing}
    gone = here - keys
    visit = after_visit(known.values(), found, now=NOW)
    if len(gone) > MOST_VANISHING * len(here):
        assert all(visit.known[key].held for key in gone)
        assert all(visit.known[key].change is None for key in gone)
    else:
        assert not any(one.held for key, one in visit.known.items() if key in gone)
        for key in gone:
            if known[key].accepted:
                assert visit.known[key].change is Change.VANISHED
            else:
                assert key in visit.forgotten


@given(LIVES, CALENDARS, CALENDARS)
def test_what_is_held_stays_held_until_it_is_back_or_believed(
    known: dict[str, Known], first: list[Occurrence], second: list[Occurrence]
) -> None:
    before = after_visit(known.values(), first, now=NOW).known
    after = after_visit(before.values(), second, now=NOW).known
    back = {one.key for one in second if one.ends_at > NOW}
    for key, one in before.items():
        if one.held:
            assert after[key].held == (key not in back)
    sure = believed(after.values()).known
    assert not any(one.held for one in sure.values())
    for key, one in after.items():
        if one.held and one.accepted:
            assert sure[key].change is Change.VANISHED


def test_an_ignored_entry_is_proposed_again_only_when_it_changes() -> None:
    [known] = after_visit([], [entry("a", 5, 1)], now=NOW).known.values()
    ignored = Known(occurrence=known.occurrence, ignored=True)
    same = after_visit([ignored], [entry("a", 5, 1)], now=NOW).known["a"]
    assert same.change is None
    moved = after_visit([ignored], [entry("a", 6, 1)], now=NOW).known["a"]
    assert moved.change is Change.NEW


def test_a_change_that_vanishes_and_comes_back_is_still_a_change() -> None:
    first, second = entry("a", 5, 1), entry("a", 6, 1)
    others = [entry(key, 9, 1) for key in "bcde"]
    known = [Known(occurrence=second, accepted=first.mark)]
    known += [Known(occurrence=one, accepted=one.mark) for one in others]
    gone = after_visit(known, others, now=NOW).known
    assert gone["a"].change is Change.VANISHED
    assert (
        after_visit(gone.values(), [second, *others], now=NOW).known["a"].change is Change.CHANGED
    )
    assert after_visit(gone.values(), [first, *others], now=NOW).known["a"].change is None


def test_three_of_ten_are_few_and_four_are_many() -> None:
    entries = [entry(key, 5, 1) for key in "abcdefghij"]
    known = [Known(occurrence=one, accepted=one.mark) for one in entries]
    for missing, held in ((3, False), (4, True)):
        visit = after_visit(known, entries[missing:], now=NOW)
        assert {one.held for key, one in visit.known.items() if key in "abc"} == {held}
