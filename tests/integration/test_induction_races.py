"""Real processes sign up at the same moment: no place is given or charged twice, nobody is in two.

With the guard switched off the same run goes wrong, or it would prove nothing.
"""

from __future__ import annotations

import multiprocessing
from collections import Counter
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import select

from labops.app import create_app
from labops.domain.inductions import signing
from labops.domain.inductions.models import InductionSession, InductionSignUp
from labops.domain.people.queries import actor_of
from labops.domain.plans.models import LedgerAccount, LedgerEntry, Posting
from labops.domain.plans.states import AccountKind, EntryKind
from labops.kernel import ledger
from labops.kernel.db import db, reading
from labops.kernel.errors import Refused
from tests.conftest import settings_for
from tests.support.inductions import planned
from tests.support.people import members
from tests.support.plans import assert_balanced
from tests.support.world import NOW, World, slot

PROCESSES, ROUNDS, PLACES = 4, 8, 2
PRICE = Decimal("7.50")


def _client(
    url: str, folder: Path, wishes: list[tuple[int, str]], barrier: Any, results: Any
) -> None:
    """Sign a person up for a session in each round; say what became of it.

    In the second half of the rounds the guard is off.
    """
    app = create_app(settings_for(url, folder))
    codes = []
    with app.app_context():
        for number, (person_id, uid) in enumerate(wishes):
            ledger.switch_guard(on=number < ROUNDS)
            actor = actor_of(reading(), person_id, now=NOW)
            db.session.remove()
            barrier.wait(60)
            try:
                codes.append(str(signing.sign_up(uid, actor=actor, now=NOW)))
            except Refused as refused:
                codes.append(refused.problems[0].code)
            except Exception as error:  # noqa: BLE001 - a process must report, not vanish
                codes.append(type(error).__name__)
            db.session.remove()
        db.engine.dispose()
    results.put(codes)


def stampede(url: str, folder: Path, rounds: list[list[tuple[int, str]]]) -> list[list[str]]:
    """Let every process act at once in each round; return the codes by process."""
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(PROCESSES), context.Queue()
    processes = [
        context.Process(
            target=_client,
            args=(url, folder / str(n), [calls[n] for calls in rounds], barrier, results),
        )
        for n in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    found = [results.get(timeout=120) for _process in processes]
    for process in processes:
        process.join()
    return found


def test_places_and_people_are_never_given_twice(
    world: World, database_url: str, tmp_path: Path
) -> None:
    """In odd rounds four people want two places, in even ones two people two sessions at once."""
    people = members(world, PROCESSES)
    rounds = []
    for number in range(2 * ROUNDS):
        span = slot(10, 12, 3 + number)
        one = planned(world, span, places=PLACES, machines=(), price=PRICE)
        other = planned(world, span, machines=(), teacher_uid=world.uids["eva"], price=PRICE)
        if number % 2:
            rounds.append([(person, one) for person in people])
        else:
            rounds.append([(people[n // 2], (one, other)[n % 2]) for n in range(PROCESSES)])
    found = stampede(database_url, tmp_path, rounds)
    assert Counter(code for codes in found for code in codes[:ROUNDS]) == {
        "signed_up": ROUNDS * 2,
        "induction.full": ROUNDS // 2 * 2,
        "induction.at-the-same-time": ROUNDS // 2 * 2,
    }
    reading().rollback()
    guarded_until = slot(10, 12, 3 + ROUNDS).starts_at
    assert is_whole(InductionSession.starts_at < guarded_until)
    assert not is_whole(InductionSession.starts_at >= guarded_until)
    assert_balanced()
    assert charged_before(guarded_until) == [int(PRICE * 100)] * ROUNDS * 2


def is_whole(which: Any) -> bool:
    """Say whether no session of these has too many people, and nobody is in two at once."""
    by_session: Counter[int] = Counter()
    by_person: Counter[tuple[int, object]] = Counter()
    query = select(InductionSignUp.person_id, InductionSession.id, InductionSession.starts_at)
    query = query.join(InductionSession, InductionSession.id == InductionSignUp.session_id)
    for person_id, session_id, starts_at in reading().execute(query.where(which)):
        by_session[session_id] += 1
        by_person[person_id, starts_at] += 1
    return max(by_session.values()) <= PLACES and max(by_person.values()) == 1


def charged_before(moment: datetime) -> list[int]:
    """Return the cents of each charge for a session that begins before the moment."""
    rows = reading().execute(
        select(LedgerEntry.detail, Posting.amount)
        .join(Posting, Posting.entry_uid == LedgerEntry.uid)
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(LedgerEntry.kind == EntryKind.INDUCTION, LedgerAccount.kind == AccountKind.BALANCE)
    )
    starts = datetime.fromisoformat
    return [row.amount for row in rows if starts(row.detail["starts_at"]) < moment]
