"""What a passed quiz does for certifications, case by case."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from labops.domain.certifications import queries, services, skills
from labops.domain.certifications.models import Certification
from labops.domain.certifications.quizzing import certify_by_quiz
from labops.domain.certifications.states import EarnedBy, Renewal, Standing
from labops.domain.machines.models import MachineType
from labops.kernel.db import reading, unit_of_work
from labops.kernel.outbox import OutboxMessage
from tests.support.certifications import certify, laser_asks, latest, suspend
from tests.support.world import NOW, World

TODAY = date(2026, 11, 23)
LONG_AGO = TODAY - timedelta(days=500)


def passed(world: World, who: str = "charlie", *, certifies: bool = False) -> Certification | None:
    """Let somebody pass a quiz about lasers, and return what was granted for it."""
    with unit_of_work() as session:
        laser = session.scalar(select(MachineType.id).where(MachineType.slug == "laser"))
        assert laser is not None
        made = certify_by_quiz(
            session,
            world.people[who],
            laser,
            certifies=certifies,
            evidence="/quizzes/laser",
            now=NOW,
        )
    reading().rollback()
    return reading().get_one(Certification, made) if made is not None else None


def standing(world: World, who: str = "charlie") -> Standing:
    reading().rollback()
    found = skills.of_person(reading(), world.people[who], today=TODAY)
    (laser,) = (skill for skill in found if skill.slug == "laser")
    return max(laser.levels, key=lambda one: one.level).standing


def test_only_a_quiz_that_certifies_certifies_somebody_new(world: World) -> None:
    laser_asks(12, None, Renewal.QUIZ, levels=2)
    assert passed(world) is None
    made = passed(world, certifies=True)
    assert made is not None
    assert (made.level, made.starts_on, made.ends_on) == (1, TODAY, date(2027, 11, 23))
    assert (made.earned_by, made.evidence) == (EarnedBy.QUIZ, "/quizzes/laser")
    told = reading().scalars(select(OutboxMessage.payload).where(_is_granted())).all()
    assert told == [{"certification_id": made.id}]
    assert passed(world, certifies=True) is None  # it would not last longer


@pytest.mark.parametrize("certifies", [False, True])
@pytest.mark.parametrize("ways", [(), (Renewal.QUIZ,)])
def test_it_renews_the_highest_level_where_the_rule_or_the_quiz_says_so(
    world: World, *, certifies: bool, ways: tuple[Renewal, ...]
) -> None:
    laser_asks(12, None, *ways, levels=3)
    certify(world, "charlie", LONG_AGO)
    two = certify(world, "charlie", LONG_AGO, level=2)
    assert standing(world) is Standing.EXPIRED
    made = passed(world, certifies=certifies)
    if not (certifies or ways):
        assert made is None
        return
    assert made is not None
    assert (made.level, made.renews_id) == (2, two)
    assert standing(world) is Standing.VALID


def test_a_revoked_right_is_no_question_of_knowledge(world: World) -> None:
    laser_asks(12, None, Renewal.QUIZ)
    made = certify(world, "charlie", TODAY)
    services.revoke(made, reason="The alarm was off.", actor=world.actor("bob"), now=NOW)
    assert passed(world, certifies=True) is None
    assert standing(world) is Standing.REVOKED


def test_a_suspended_one_stays_suspended(world: World) -> None:
    laser_asks(1, None, Renewal.QUIZ)
    certify(world, "charlie", TODAY - timedelta(days=20))
    suspend(world, "charlie")
    assert passed(world) is not None
    assert standing(world) is Standing.SUSPENDED


def test_an_end_that_staff_chose_is_not_waved_away_early(world: World) -> None:
    laser_asks(None, None, Renewal.QUIZ)
    made = certify(world, "charlie", TODAY, ends_on=TODAY + timedelta(days=31))
    assert passed(world) is None
    services.revoke(made, reason="Meant another.", actor=world.actor("bob"), now=NOW)
    certify(world, "charlie", TODAY, ends_on=TODAY + timedelta(days=30))
    assert passed(world) is not None
    assert latest(world, "charlie") != made
    assert queries.local_today(reading(), now=NOW) == TODAY


def _is_granted() -> object:
    return OutboxMessage.kind == "CertificationGranted"
