"""Every rule of the linter is shown a feed that breaks it and must say so."""

from __future__ import annotations

import pytest

from tests.support.feedlint import lint
from tests.unit.adapters.feed_samples import feed_of, sample

GOOD = feed_of(sample(), sample(uid="b-other"), name="Bookings, mine")


def replaced(old: bytes, new: bytes) -> bytes:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


MUTANTS = {
    "crlf": [
        GOOD.replace(b"\r\n", b"\n"),
        replaced(b"STATUS:CONFIRMED\r\n", b"STATUS:CONFIRMED\n"),
        replaced(b"Laser cutter", b"Laser\rcutter"),
        GOOD.removesuffix(b"\r\n"),
    ],
    "octets": [
        replaced(b"Laser cutter", b"x" * 68),
        replaced(b"Laser cutter", "è".encode() * 34),  # 42 characters, but 76 octets
    ],
    "blank": [replaced(b"SEQUENCE:1\r\n", b"SEQUENCE:1\r\n\r\n"), GOOD + b"\r\n"],
    "utf8": [
        replaced(b"Laser cutter", b"Laser \xc3\r\n \xa8"),
        replaced(b"Laser cutter", b"Laser \xed\xa0\x80"),
    ],
    "control": [
        replaced(b"Laser cutter", "Laser\u2028cutter".encode()),
        replaced(b"Laser cutter", b"Laser\x00cutter"),
        replaced(b"Laser cutter", "Laser\x85cutter".encode()),
        replaced(b"Laser cutter", b"Laser\tcutter"),
    ],
    "structure": [
        replaced(b"END:VEVENT\r\n", b""),
        GOOD.removesuffix(b"END:VCALENDAR\r\n"),
        GOOD + GOOD,
        replaced(b"BEGIN:VEVENT", b"BEGIN:VTODO"),
        b"X:1\r\n" + GOOD,
        replaced(b"SEQUENCE:1\r\n", b"BEGIN:VALARM\r\nEND:VALARM\r\n"),
    ],
    "property": [
        replaced(b"SEQUENCE:1\r\n", b"SEQUENCE:1\r\nX-EVIL:1\r\n"),
        replaced(b"VERSION:2.0\r\n", b"VERSION:2.0\r\nMETHOD:PUBLISH\r\n"),
        replaced(b"SEQUENCE:1\r\n", b"SEQUENCE:1\r\nRRULE:FREQ=DAILY\r\n"),
        replaced(b"SEQUENCE:1\r\n", b"SEQUENCE:1\r\nATTENDEE:mailto:a@b.c\r\n"),
        replaced(b"SEQUENCE:1\r\n", b"SEQUENCE:1\r\nno colon at all\r\n"),
    ],
    "escape": [
        replaced(b"Laser cutter", b"Laser; cutter"),
        replaced(b"Laser cutter", b"Laser, cutter"),
        replaced(b"Laser cutter", b"Laser\\ cutter"),
        replaced(b"X-WR-CALNAME:Bookings\\, mine", b"X-WR-CALNAME:Bookings, mine"),
    ],
    "twice": [replaced(b"SEQUENCE:1\r\n", b"SEQUENCE:1\r\nSEQUENCE:1\r\n")],
    "duration": [replaced(b";VALUE=DURATION", b"")],
    "missing": [
        replaced(b"VERSION:2.0\r\n", b""),
        replaced(b"UID:b-7d2f@5f0c2b7e91d84a3c\r\n", b""),
        replaced(b"DTSTAMP:20261122T120000Z\r\n", b""),
        replaced(b"DTSTART:20261123T120000Z\r\n", b""),
        replaced(b"DTEND:20261123T140000Z\r\n", b""),
    ],
    "instant": [
        replaced(b"DTSTART:20261123T120000Z", b"DTSTART:20261123T120000"),
        replaced(b"DTSTART:20261123T120000Z", b"DTSTART;VALUE=DATE:20261123"),
        replaced(b"DTSTART:20261123T120000Z", b"DTSTART:20261123T120000+0000"),
        replaced(b"DTSTART:20261123T120000Z", b"DTSTART:20261323T120000Z"),
    ],
    "order": [
        replaced(b"DTEND:20261123T140000Z", b"DTEND:20261123T120000Z"),
        replaced(b"DTEND:20261123T140000Z", b"DTEND:20261123T110000Z"),
    ],
    "stamp": [replaced(b"DTSTAMP:20261122T120000Z", b"DTSTAMP:20261122T120001Z")],
    "state": [replaced(b"STATUS:CONFIRMED", b"STATUS:MISSED")],
    "sequence": [replaced(b"SEQUENCE:1", b"SEQUENCE:-1")],
    "unique": [replaced(b"UID:b-other@", b"UID:b-7d2f@")],
}


def test_a_good_feed_has_no_findings() -> None:
    assert lint(GOOD) == []


@pytest.mark.parametrize(
    ("rule", "feed"),
    [(rule, feed) for rule, feeds in MUTANTS.items() for feed in feeds],
)
def test_a_mutant_is_caught_by_its_rule(rule: str, feed: bytes) -> None:
    assert rule in {finding.rule for finding in lint(feed)}


def test_too_many_events_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.feedlint.MOST_EVENTS", 1)
    assert {finding.rule for finding in lint(GOOD)} == {"size"}


def test_a_finding_names_the_physical_line() -> None:
    feed = replaced(b"VERSION:2.0\r\n", b"VERSION:2.0\r\nX-EVIL:1\r\n")
    assert [finding.line for finding in lint(feed)] == [3]
