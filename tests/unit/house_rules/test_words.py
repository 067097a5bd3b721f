"""Rules in plain words, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import Babel, force_locale

from labops.blueprints.messages import SENTENCES, sentence_for
from labops.blueprints.rules_in_words import rules_in_words
from labops.blueprints.why_not import RULE_NAMES, lines_of
from labops.domain.bookings.policies import RULES, explained
from labops.domain.house_rules.cases import decide, read_cases
from labops.domain.house_rules.cases.deciding import facts_of
from labops.domain.house_rules.files import read_file
from tests.unit.house_rules.support import ask, have
from tests.unit.house_rules.test_reading import EVERYTHING
from tests.unit.house_rules.test_vocabulary import TABLE

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "rules"


@pytest.fixture(autouse=True)
def words() -> Iterator[None]:
    app = Flask("labops")
    Babel(app)
    with app.test_request_context():
        yield


def said(text: str, language: str) -> list[str]:
    return rules_in_words(read_file(text).of(category="", machine=""), language)


QUOTAS = """
quotas = [
  { hours = 3, window = "day", scope = "machine" },
  { days = 2, window = "week", scope = "machine" },
]
"""


@pytest.mark.parametrize(
    ("rules", "english", "italian"),
    [
        (
            QUOTAS,
            "At most 3 h a day and 2 days a week on one machine.",
            "Al massimo 3 h al giorno e 2 giorni alla settimana su una macchina.",
        ),
        (
            "notice_days = 1",
            "Book the day before at the latest.",
            "Si prenota al più tardi il giorno prima.",
        ),
        (
            "longest_minutes = 90",
            "A booking lasts at most 1 h 30 min.",
            "Una prenotazione dura al massimo 1 h 30 min.",
        ),
        (
            "lengths_minutes = [30, 60, 90]",
            "A booking lasts 30 min, 1 h or 1 h 30 min.",
            "Una prenotazione dura 30 min, 1 h o 1 h 30 min.",
        ),
        (
            'closed_days = ["2026-12-25"]',
            "Closed on Friday 25 December 2026.",
            "Chiuso venerdì 25 dicembre 2026.",
        ),
        (
            'open_hours = "o"\n[timetables.o]\nhours = ["mon-fri 9-18", "sat 22-2"]\nholidays = "off"',
            "Bookable only at: Monday–Friday 09:00–18:00; Saturday 22:00–02:00 (not on public holidays).",
            "Si può prenotare solo in questi orari: lunedì–venerdì 09:00–18:00; sabato 22:00–02:00 (non nei giorni festivi).",
        ),
        (
            'quotas = [{ bookings = 1, window = "7 days", scope = "site", exempt = { same_date = true } }]',
            "At most 1 booking in any 7 days at this site. Bookings made on their own day do not count.",
            "Al massimo 1 prenotazione in 7 giorni qualsiasi di seguito in questa sede. Le prenotazioni fatte nello stesso giorno non contano.",
        ),
    ],
)
def test_rules_are_said_in_both_languages(rules: str, english: str, italian: str) -> None:
    assert english in said(rules, "en")
    assert italian in said(rules, "it")


@pytest.mark.parametrize("language", ["en", "it"])
def test_everything_can_be_said(language: str) -> None:
    sentences = said(EVERYTHING, language)
    assert len(sentences) > 30
    assert all("%(" not in sentence and sentence.rstrip(")")[-1] in ".0" for sentence in sentences)
    assert len(set(sentences)) == len(sentences)


@pytest.mark.parametrize("language", ["en", "it"])
def test_every_refusal_has_a_sentence(language: str) -> None:
    with force_locale(language):
        for _title, result, _codes in TABLE:
            for problem in (*result.problems, *result.asked):
                sentence = sentence_for(problem)
                assert sentence.endswith(".")
                assert "%(" not in sentence


def test_every_rule_has_a_name() -> None:
    assert set(RULE_NAMES) == {rule.name for rule in RULES}
    assert {"booking.needs-approval", "person.too-old"} <= set(SENTENCES)


def test_why_not_says_every_rule_nearest_to_solvable_first() -> None:
    rules = read_file("longest_minutes = 30\ncertification_needed = true\nhorizon_days = 3")
    text = (FOLDER / "mtpl.json").read_text(encoding="utf-8")
    cases = read_cases(text)
    untrained = next(case for case in cases.cases if case.id == "untrained")
    lines = lines_of(explained(facts_of(rules, cases, untrained)), cases.zone)
    failed = [line for line in lines if not line.passed]
    assert [line.name for line in failed] == ["Longest booking", "Certification"]
    assert [line.problem.fix for line in failed] == ["shorten:30", "certification:laser"]
    assert failed[0].sentence == "The longest booking is 30 min."
    assert {"Free at that time", "Membership", "In service"} <= {
        line.name for line in lines if line.passed
    }
    assert decide(rules, cases)


def test_steps_that_would_solve_it_are_named() -> None:
    fixes = {
        'quotas = [{ hours = 1, window = "day", scope = "site" }]': "move-after:2026-11-24T23:00:00+00:00",
        'quotas = [{ hours = 2, window = "day", scope = "site" }]': "shorten:60",
        "gap_minutes = 60": "move-after:2026-11-24T14:00:00+00:00",
        "notice_days = 2": "move-after:2026-11-24T23:00:00+00:00",
        "horizon_days = 0": "wait-until:2026-11-23T23:00:00+00:00",
    }
    for rules, fix in fixes.items():
        result = ask(
            rules, "10:00", "12:00", have("13:00" if "gap" not in rules else "12:30", "14:00")
        )
        assert [problem.fix for problem in result.problems] == [fix]
