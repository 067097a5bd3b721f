"""Rounds of the outbox: what happened is told by mail, and how that went is noted.

A fact that cannot be told is tried again; one whose reader a mail server refuses is given up.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from labops.adapters import mail, notices
from labops.adapters.letters import Letter, MailRefused
from labops.adapters.mail import MailPostponed, MailServerAway
from labops.domain.inductions import invited
from labops.domain.notifications.services import note_invited
from labops.kernel import outbox
from labops.kernel.db import reading, unit_of_work
from labops.kernel.text import one_line

BATCH_COUNT = 50
# A round ends well before the lease would, whatever the mail server does.
BATCH_TIME = timedelta(seconds=20)

stopping = threading.Event()  # set when the process was asked to end: finish what is in hand
log = logging.getLogger("labops.jobs")


class Told(StrEnum):
    """What became of one fact of the outbox in one round."""

    DELIVERED = "delivered"
    FAILED = "failed"
    GIVEN_UP = "given up"
    POSTPONED = "postponed"
    TAKEN = "taken by another worker"
    SERVER_AWAY = "waiting for the mail server"


def deliver_outbox(now: datetime, dry_run: bool) -> str:  # noqa: FBT001 - a job's signature
    """Tell what waits in the outbox, oldest first, for at most twenty seconds."""
    waiting = outbox.due(reading(), now=now, limit=BATCH_COUNT)
    if dry_run:
        return f"{len(waiting)} to deliver"
    began = time.monotonic()
    counts: Counter[str] = Counter()
    for message_id in waiting:
        spent = passed(began)
        if spent > BATCH_TIME or stopping.is_set():
            break
        told = tell(message_id, now=now + spent)
        counts[told] += 1
        if told is Told.SERVER_AWAY:
            break  # the others would only wait for the same closed door
    return ", ".join(f"{count} {told}" for told, count in counts.items()) or "nothing to deliver"


def tell(message_id: int, *, now: datetime) -> Told:
    """Tell one fact. A process that dies in here leaves a claim, which is retaken later."""
    with unit_of_work() as session:
        message = outbox.claim(session, message_id, now=now)
        if message is None:
            return Told.TAKEN
        kind, fact, key = message.kind, dict(message.payload), message.dedupe_key
    began = time.monotonic()
    try:
        if not notices.is_known(kind):
            log.warning("nobody knows how to tell %s", kind)
        letters = notices.letters_for(kind, fact, key=key, now=now)
        reading().rollback()  # no snapshot stays open while a mail server takes its time
        for letter in letters:
            mail.deliver(letter, now=now)
    except Exception as error:  # noqa: BLE001 - one fact that cannot be told must not stop the rest
        sentence = sentence_of(error)
        log.warning("%s could not be told: %s", key, sentence)
        return _not_told(message_id, error, sentence, now=now + passed(began))
    with unit_of_work() as session:
        outbox.mark_delivered(session, message_id, now=now + passed(began))
        for letter in letters:
            _note_calendar(session, letter, now=now)
    return Told.DELIVERED


def _note_calendar(session: Session, letter: Letter, *, now: datetime) -> None:
    """Note what the reader's calendar holds since the letter left, so that it hears of changes."""
    if part := letter.calendar:
        held = part.sequence if part.method == "REQUEST" else None
        if part.booking_id is not None:
            note_invited(session, part.booking_id, part.person_id, sequence=held, now=now)
        if part.sign_up_id is not None:
            invited.note_sign_up(session, part.sign_up_id, sequence=held)


def _not_told(message_id: int, error: Exception, sentence: str, *, now: datetime) -> Told:
    """Note why a fact could not be told: only faults of our own use up its attempts."""
    with unit_of_work() as session:
        if isinstance(error, MailRefused):
            outbox.give_up(session, message_id, sentence, now=now)
            return Told.GIVEN_UP
        if isinstance(error, MailServerAway | MailPostponed):
            outbox.postpone(session, message_id, sentence, now=now)
            return Told.SERVER_AWAY if isinstance(error, MailServerAway) else Told.POSTPONED
        outbox.mark_failed(session, message_id, sentence, now=now)
        return Told.FAILED


def sentence_of(error: Exception) -> str:
    """Return what went wrong in a line, without the statement and values of a database error."""
    reason = one_line(str(getattr(error, "orig", None) or error))
    if isinstance(error, MailServerAway | MailPostponed | MailRefused):
        return reason
    return f"{type(error).__name__}: {reason}" if reason else type(error).__name__


def passed(began: float) -> timedelta:
    """Return how long ago the monotonic clock showed that."""
    return timedelta(seconds=time.monotonic() - began)
