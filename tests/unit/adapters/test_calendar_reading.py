"""Calendars of strangers: read right when they are calendars, refused in time when they are not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from labops.adapters import calendar_child, calendar_reading
from labops.adapters.calendar_reading import CalendarRefused, ReadCalendar
from tests.support.calendars import calendar, days
from tests.support.world import NOW

ROME = ZoneInfo("Europe/Rome")
SECONDLY = "UID:a\nDTSTART:20261201T090000Z\nDURATION:PT1S\nRRULE:FREQ=SECONDLY"


def read(raw: bytes) -> ReadCalendar:
    return calendar_reading.read(raw, ROME, name="Scuola", now=NOW)


def said(raw: bytes) -> list[tuple[str, str, str]]:
    """Return start, end (both in Rome) and reason of what is read, by start."""
    return sorted(
        (f"{one.starts_at.astimezone(ROME):%m-%d %H:%M}", f"{one.ends_at.astimezone(ROME):%m-%d %H:%M}", one.reason)
        for one in read(raw).occurrences
    )  # fmt: skip


def refusal(raw: bytes) -> str:
    with pytest.raises(CalendarRefused) as caught:
        read(raw)
    return caught.value.code


def in_this_process(raw: bytes) -> dict[str, object]:
    """Return what the child would say, without its limits: for what is refused before it is dear."""
    return calendar_child.answer(raw, NOW, NOW + timedelta(days=400))


def test_days_are_those_of_the_site_and_times_keep_their_instant() -> None:
    raw = calendar(
        days("a", date(2026, 12, 24), date(2027, 1, 7)),
        "UID:b\nDTSTART:20261201T090000\nDTEND:20261201T120000\nSUMMARY:Local",
        "UID:c\nDTSTART:20261201T090000Z\nDURATION:PT1H\nSUMMARY:World\\, at nine",
        "UID:d\nDTSTART;TZID=America/New_York:20261201T090000\nDURATION:PT1H",
        "UID:e\nDTSTART;VALUE=DATE:20261208",
        "UID:f\nDTSTART:20261101T090000Z\nDTEND:20261101T100000Z\nSUMMARY:Over",
        "UID:g\nDTSTART:20261202T090000Z\nDURATION:PT1H\nSTATUS:CANCELLED",
    )
    assert said(raw) == [
        ("12-01 09:00", "12-01 12:00", "Local"),
        ("12-01 10:00", "12-01 11:00", "World, at nine"),
        ("12-01 15:00", "12-01 16:00", "Scuola"),
        ("12-08 00:00", "12-09 00:00", "Scuola"),
        ("12-24 00:00", "01-07 00:00", "Vacanze"),
    ]


def test_what_repeats_keeps_its_hour_and_its_exceptions() -> None:
    start = "DTSTART;TZID=Europe/Rome:20270316T090000\nDTEND;TZID=Europe/Rome:20270316T120000"
    raw = calendar(
        f"UID:a\n{start}\nRRULE:FREQ=WEEKLY;COUNT=4\nEXDATE;TZID=Europe/Rome:20270323T090000",
        "UID:a\nRECURRENCE-ID;TZID=Europe/Rome:20270330T090000\nSUMMARY:Moved\n"
        "DTSTART;TZID=Europe/Rome:20270331T100000\nDTEND;TZID=Europe/Rome:20270331T110000",
    )
    assert said(raw) == [
        ("03-16 09:00", "03-16 12:00", "Scuola"),
        ("03-31 10:00", "03-31 11:00", "Moved"),
        ("04-06 09:00", "04-06 12:00", "Scuola"),
    ]


def test_an_entry_keeps_its_key_when_it_moves() -> None:
    first, second = (
        read(calendar(days("a", day, day + timedelta(days=1)))).occurrences[0]
        for day in (date(2026, 12, 7), date(2026, 12, 9))
    )
    assert first.key == second.key
    assert first.mark != second.mark
    rule = "DTSTART;VALUE=DATE:20261207\nRRULE:FREQ=WEEKLY;COUNT=3"
    plain = read(calendar(f"UID:w\n{rule}")).occurrences
    moved = read(
        calendar(
            f"UID:w\n{rule}",
            "UID:w\nRECURRENCE-ID;VALUE=DATE:20261214\nDTSTART;VALUE=DATE:20261216",
        )
    ).occurrences
    assert {one.key for one in plain} == {one.key for one in moved}
    assert len({one.key for one in plain}) == 3


def test_an_entry_without_a_name_of_its_own_is_known_by_what_it_says() -> None:
    raw = calendar(
        "DTSTART;VALUE=DATE:20261207\nSUMMARY:A", "DTSTART;VALUE=DATE:20261207\nSUMMARY:B"
    )
    once, again = read(raw), read(raw)
    assert once == again
    assert len(once.occurrences) == 2


def test_a_broken_entry_is_left_out_and_counted() -> None:
    raw = calendar(
        days("fine", date(2026, 12, 7), date(2026, 12, 8)),
        "UID:no length\nDTSTART:20261201T090000Z",
        "UID:no start\nSUMMARY:Never",
        "UID:nonsense\nDTSTART:soon",
        "UID:long\nDTSTART;VALUE=DATE:20260101\nDTEND;VALUE=DATE:20991231",
        "UID:beyond\nDTSTART:99991231T230000\nDURATION:P3D",
    )
    found = read(raw)
    assert [one.reason for one in found.occurrences] == ["Vacanze"]
    assert found.left_out_count == 5


def test_text_is_one_line_without_controls() -> None:
    raw = calendar(
        "UID:a\nDTSTART;VALUE=DATE:20261207\nSUMMARY:Chiuso\\nper\x07 \u202e festa" + "!" * 500
    )
    [one] = read(raw).occurrences
    assert one.reason.startswith("Chiuso per")
    assert len(one.reason) == 200
    assert "\x07" not in one.reason


def test_old_western_text_is_read() -> None:
    raw = (
        calendar("UID:a\nDTSTART;VALUE=DATE:20261207\nSUMMARY:Festività").decode().encode("cp1252")
    )
    assert read(raw).occurrences[0].reason == "Festività"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "calendar.unreadable"),
        (b"<!doctype html><title>Sign in</title>", "calendar.unreadable"),
        (b"\x00\xff" * 500, "calendar.unreadable"),
        (calendar()[:-15], "calendar.unreadable"),
        (calendar(days("a", date(2026, 12, 7), date(2026, 12, 8)))[:-30], "calendar.unreadable"),
        (b"BEGIN:VCARD\r\nEND:VCARD\r\n", "calendar.unreadable"),
        (calendar(SECONDLY), "calendar.too-often"),
        (calendar(SECONDLY.lower()), "calendar.too-often"),
        (
            calendar(SECONDLY.replace("FREQ=SECONDLY", "COUNT=9;FREQ=HOU\n RLY")),
            "calendar.too-often",
        ),
        (calendar(SECONDLY.replace("RRULE:", "RRULE;X-A=b:")), "calendar.too-often"),
        (
            calendar(SECONDLY.replace("SECONDLY", "DAILY;BYHOUR=1,2,3,4;BYMINUTE=1,2")),
            "calendar.too-often",
        ),
        (
            calendar(
                head="BEGIN:VTIMEZONE\nTZID:Evil\nBEGIN:STANDARD\nDTSTART:19700101T000000\n"
                "RRULE:FREQ=MINUTELY\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0100\nEND:STANDARD\n"
                "END:VTIMEZONE"
            ),
            "calendar.too-often",
        ),
        (calendar(*["UID:a"] * 5000), "calendar.too-many-components"),
        (b"BEGIN:X\r\n" * 20_000, "calendar.unreadable"),
        (
            b"BEGIN:VCALENDAR\r\n" + b"BEGIN:X\r\n" * 20_000 + b"END:VCALENDAR\r\n",
            "calendar.too-many-components",
        ),
        (
            calendar(
                *(f"UID:{n}\nDTSTART;VALUE=DATE:20261201\nRRULE:FREQ=DAILY" for n in range(6))
            ),
            "calendar.too-many-occurrences",
        ),
    ],
)
def test_what_is_no_calendar_or_too_dear_is_refused(raw: bytes, code: str) -> None:
    assert in_this_process(raw)["error"] == code


def test_a_single_hour_of_a_day_is_not_too_often() -> None:
    raw = calendar(
        "UID:a\nDTSTART:20261201T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;BYHOUR=9;COUNT=2"
    )
    assert len(read(raw).occurrences) == 2


def test_the_child_is_killed_when_it_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_reading, "MOST_SECONDS", 1)
    # Cheap to write, allowed, and minutes of computing: a rule from the year 1 on, many times.
    old = "DTSTART:00010101T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY"
    raw = calendar(*(f"UID:{n}\n{old}" for n in range(300)))
    assert refusal(raw) == "calendar.too-slow"


def test_the_child_has_no_more_memory_than_its_share(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if find_spec("resource") is None:
        pytest.skip("this system knows no such limits")
    source = Path(calendar_child.__file__).read_text(encoding="utf-8")
    hungry = tmp_path / "hungry.py"
    hungry.write_text(source.replace("text = decoded(raw)", "text = bytes(600 * MEGABYTE)"))
    monkeypatch.setattr(calendar_reading, "_CHILD", hungry)
    assert refusal(calendar()) == "calendar.too-large"


def test_the_child_knows_nothing_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LABOPS_SECRET_KEY", "do not tell")
    source = Path(calendar_child.__file__).read_text(encoding="utf-8")
    curious = tmp_path / "curious.py"
    tell = 'import os; raise Unreadable("said." + "-".join(os.environ) + "!")'
    curious.write_text(source.replace("text = decoded(raw)", tell))
    monkeypatch.setattr(calendar_reading, "_CHILD", curious)
    assert "LABOPS" not in refusal(calendar())


@pytest.mark.parametrize("group", ["calendars", "events", "alarms"])
def test_the_library_s_own_corpus_is_read_or_refused(group: str) -> None:
    spec = find_spec("icalendar")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "tests"
    files = sorted((folder / group).rglob("*.ics"))
    if not files:
        pytest.skip("this version of the library comes without these files")
    for path in files:
        raw = path.read_bytes()
        answer = calendar_child.answer(raw, datetime(2000, 1, 1, tzinfo=UTC), NOW)
        assert answer.keys() in ({"error", "params"}, {"occurrences", "left_out_count"}), path.name
