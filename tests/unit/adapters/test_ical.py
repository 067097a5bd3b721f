"""Feeds: the rules of the format, hostile texts, and what other programs make of them."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from icalendar import Calendar, vText

from labops.adapters import ical
from labops.adapters.ical import event_bytes, feed_bytes
from labops.kernel.text import one_line, without_controls
from tests.support.feed_readers import judge
from tests.support.feedlint import EVENT_PROPERTIES, lint
from tests.unit.adapters.feed_samples import (
    HOSTILE,
    INSTANCE,
    NOON,
    feed_of,
    hostile_texts,
    sample,
)


def hostile_feed(text: str) -> bytes:
    """A feed with the text wherever a text may stand, beside an ordinary event."""
    bad = sample(
        uid="b-bad", summary=text, location=text, description=text, url=f"https://h.example/{text}"
    )
    return feed_of(sample(), bad, name=text, description=text)


def unescaped(value: str) -> str:
    """The text behind a value that the library reads as it stands, as it does with NAME."""
    return re.sub(r"\\(.)", lambda pair: "\n" if pair[1] in "nN" else pair[1], value)


@settings(max_examples=60, deadline=None)
@given(hostile_texts)
def test_every_reader_accepts_any_text(text: str) -> None:
    judge(hostile_feed(text), events=2)


@pytest.mark.parametrize("text", HOSTILE)
def test_every_reader_accepts_the_known_hostile_texts(text: str) -> None:
    judge(hostile_feed(text), events=2)


@settings(max_examples=150, deadline=None)
@given(hostile_texts)
def test_no_text_becomes_a_property_and_each_comes_back(text: str) -> None:
    calendar = Calendar.from_ical(hostile_feed(text))
    assert isinstance(calendar, Calendar)
    plain, bad = calendar.events
    assert set(bad) <= EVENT_PROPERTIES
    assert len(calendar.walk()) == 3
    assert str(bad.get("summary", "")) == one_line(text)
    assert str(bad.get("location", "")) == one_line(text)
    assert str(bad.get("description", "")) == without_controls(text)
    for name in ("name", "x-wr-calname"):
        assert unescaped(str(calendar[name])) == (one_line(text) or "labops")
    assert str(plain["summary"]) == "Laser cutter"


@pytest.mark.parametrize("length", range(55, 80))
def test_a_fold_never_cuts_a_sign_or_an_escaped_comma(length: int) -> None:
    for tail in ("😀" * 20, "è" * 40, "," * 40, ";" * 40):
        feed = feed_of(sample(summary="a" * length + tail))
        assert lint(feed) == []
        assert not any(line.endswith(b"\\") for line in feed.split(b"\r\n"))


def test_a_feed_is_what_the_library_writes_for_the_whole_calendar() -> None:
    events = [sample(uid=f"b-{n}", summary=text) for n, text in enumerate(HOSTILE)]
    whole = ical._library_calendar(name="Mine, all", description="d; e")
    for event in events:
        whole.add_component(ical._library_event(event, instance_id=INSTANCE))
    assert feed_of(*events, name="Mine, all", description="d; e") == whole.to_ical()


def test_a_feed_without_events_is_a_calendar_all_the_same() -> None:
    judge(feed_of(), events=0)


def test_the_lines_of_one_event() -> None:
    lines = event_bytes(sample(), instance_id=INSTANCE).decode().split("\r\n")
    assert sorted(line for line in lines if line) == [
        "BEGIN:VEVENT",
        "CLASS:PRIVATE",
        "CREATED:20261120T120000Z",
        "DESCRIPTION:Bring your own plywood.\\nSafety glasses hang at the door.",
        "DTEND:20261123T140000Z",
        "DTSTAMP:20261122T120000Z",
        "DTSTART:20261123T120000Z",
        "END:VEVENT",
        "LAST-MODIFIED:20261122T120000Z",
        "LOCATION:Smart City Lab\\, Milano",
        "SEQUENCE:1",
        "STATUS:CONFIRMED",
        "SUMMARY:Laser cutter",
        "TRANSP:OPAQUE",
        f"UID:b-7d2f@{INSTANCE}",
        "URL:https://labops.example.org/bookings/7d2f",
    ]


def test_the_lines_of_a_calendar() -> None:
    lines = feed_bytes([], name="Laser, MHUMA").decode().split("\r\n")
    assert sorted(line for line in lines if line) == [
        "BEGIN:VCALENDAR",
        "END:VCALENDAR",
        "NAME:Laser\\, MHUMA",
        "PRODID:-//labops//calendar feeds 1//EN",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "VERSION:2.0",
        "X-PUBLISHED-TTL:PT1H",
        "X-WR-CALNAME:Laser\\, MHUMA",
    ]


@pytest.mark.parametrize(
    ("state", "status", "transparency"),
    [
        ("tentative", b"TENTATIVE", b"OPAQUE"),
        ("confirmed", b"CONFIRMED", b"OPAQUE"),
        ("cancelled", b"CANCELLED", b"TRANSPARENT"),
    ],
)
def test_a_cancelled_event_leaves_the_time_free(
    state: ical.State, status: bytes, transparency: bytes
) -> None:
    written = event_bytes(sample(state=state), instance_id=INSTANCE)
    assert b"\r\nSTATUS:" + status + b"\r\n" in written
    assert b"\r\nTRANSP:" + transparency + b"\r\n" in written


def test_empty_texts_are_left_out() -> None:
    event = sample(summary="", location=" ", description="\x00", url="", private=False)
    written = event_bytes(event, instance_id=INSTANCE)
    for name in (b"SUMMARY", b"LOCATION", b"DESCRIPTION", b"URL"):
        assert name not in written
    assert b"CLASS:PUBLIC" in written


def test_any_zone_is_written_in_utc_even_in_the_hour_that_comes_twice() -> None:
    rome = ZoneInfo("Europe/Rome")
    event = sample(
        starts_at=datetime(2026, 10, 25, 2, 30, tzinfo=rome),
        ends_at=datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=rome),
        revised_at=datetime(2026, 10, 1, 9, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=2))),
    )
    written = event_bytes(event, instance_id=INSTANCE)
    assert b"DTSTART:20261025T003000Z" in written
    assert b"DTEND:20261025T013000Z" in written
    assert b"DTSTAMP:20261001T070000Z" in written


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"starts_at": NOON.replace(tzinfo=None)}, "starts_at is naive"),
        ({"ends_at": NOON}, "after it starts"),
        ({"ends_at": NOON + timedelta(microseconds=5)}, "after it starts"),
        ({"sequence": -1}, "starts at 0"),
    ],
)
def test_an_impossible_event_is_refused(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        sample(**changes)


def test_the_same_event_gives_the_same_bytes() -> None:
    assert feed_of(sample(), sample(uid="b-2")) == feed_of(sample(), sample(uid="b-2"))


@pytest.mark.parametrize("flag", ["-O", "-OO"])
def test_optimised_python_escapes_as_well(flag: str) -> None:
    code = (
        "from labops.adapters.ical import feed_bytes; import sys;"
        "sys.stdout.buffer.write(feed_bytes([], name='a\\r\\nX-EVIL:1,;'))"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, flag, "-c", code], check=True, capture_output=True
    )
    assert lint(done.stdout) == []
    assert b"\r\nNAME:a X-EVIL:1\\,\\;\r\n" in done.stdout


def test_the_library_still_needs_our_help() -> None:
    """When this fails the library has improved: look at the comments in `ical.py` again."""
    calendar = Calendar()
    calendar.add("name", "a,b")
    calendar.add("x-other", vText("a,b"))
    calendar.add("refresh-interval", timedelta(hours=1))
    assert vText("C:\\New").to_ical() == rb"C:\new"
    assert b"NAME:a,b\r\n" in calendar.to_ical()
    assert b"X-OTHER:a\\,b\r\n" in calendar.to_ical()
    assert b"REFRESH-INTERVAL:PT1H\r\n" in calendar.to_ical()


def test_many_events_keep_their_order_and_count() -> None:
    events = [
        sample(uid=f"b-{n}", starts_at=start, ends_at=start + timedelta(hours=1))
        for n, start in enumerate(NOON + timedelta(hours=n) for n in range(300))
    ]
    feed = feed_of(*events)
    assert lint(feed) == []
    calendar = Calendar.from_ical(feed)
    assert isinstance(calendar, Calendar)
    assert [str(event["uid"]) for event in calendar.events] == [
        f"b-{n}@{INSTANCE}" for n in range(300)
    ]
    assert calendar.events[0]["dtstart"].dt == datetime(2026, 11, 23, 12, tzinfo=UTC)
