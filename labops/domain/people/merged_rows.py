"""What becomes of each row that refers to a person whose account is merged into another.

Every column that refers to a person stands in `MERGED`; a test fails for one that does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, and_, delete, literal, select, update
from sqlalchemy.orm import Session

from labops.kernel.orm import Base


@dataclass(frozen=True, slots=True)
class Moves:
    """The rows move to whoever stays.

    `one_by` names the columns of which she may have one row each: where she has one, the other's
    gives way and is deleted.
    """

    one_by: tuple[str, ...] = ()

    @property
    def both_stay(self) -> bool:
        """Say whether both rows stay: a nonce only tells one sending of a form from another."""
        return self.one_by == ("nonce",)


@dataclass(frozen=True, slots=True)
class Decided:
    """A rule of its own decides, named here and written below."""

    rule: str


Fate = Moves | Decided
MOVES = Moves()

# What becomes of each `table.column` that refers to a person. Whoever adds such a column adds it.
MERGED: Mapping[str, Fate] = {
    "account.person_id": Decided("the address becomes an alias that signs nobody in"),
    "api_token.person_id": Decided("tokens are revoked"),
    "application.created_by_id": MOVES,
    "audit_entry.person_id": MOVES,
    "backup_run.asked_by_id": MOVES,
    "booking.person_id": MOVES,
    "call.created_by_id": MOVES,
    "case_entry.person_id": MOVES,
    "certification.granted_by_id": MOVES,
    "certification.person_id": MOVES,
    "certification.revoked_by_id": MOVES,
    "certification_suspension.person_id": MOVES,
    "certification_suspension.resumed_by_id": MOVES,
    "certification_suspension.suspended_by_id": MOVES,
    "circular.created_by_id": MOVES,
    "circular_receiver.person_id": Moves(one_by=("circular_id",)),
    "consent.person_id": MOVES,
    "declared_interest.person_id": MOVES,
    "erasure_request.asked_by_id": MOVES,
    "erasure_request.person_id": MOVES,
    "evidence.added_by_id": MOVES,
    "feed.person_id": MOVES,
    "former_account.merged_by_id": MOVES,
    "former_account.person_id": MOVES,
    "firm_invitation.accepted_by_id": MOVES,
    "firm_invitation.invited_by_id": MOVES,
    "firm_person.named_by_id": MOVES,
    "firm_person.person_id": Moves(one_by=("firm_id",)),
    "guardian.child_id": MOVES,
    "harm_record.reporter_id": Moves(one_by=("nonce",)),
    "incident_echo.person_id": Moves(one_by=("incident_id",)),
    "maintenance_task.person_id": Moves(one_by=("nonce",)),
    "incident.reporter_id": Moves(one_by=("nonce",)),
    "incident.solved_by_id": MOVES,
    "hand_over.giver_id": MOVES,
    "hand_over.receiver_id": MOVES,
    "house_rules_version.created_by_id": MOVES,
    "induction_session.teacher_id": MOVES,
    "induction_sign_up.judged_by_id": MOVES,
    "induction_sign_up.person_id": Moves(one_by=("session_id",)),
    "invited.person_id": Moves(one_by=("booking_id",)),
    "kiosk.enrolled_by_id": MOVES,
    "lab.silence_seen_by_id": MOVES,
    "lab_representative.named_by_id": MOVES,
    "lab_representative.person_id": Moves(one_by=("lab_id", "since")),
    "ledger_account.person_id": Decided("whoever has books of hours or money never goes"),
    "letter_choice.person_id": Moves(one_by=("kind",)),
    "look.looker_id": Moves(one_by=("person_id", "what", "looked_on")),
    "look.person_id": Moves(one_by=("looker_id", "what", "looked_on")),
    "membership.person_id": Decided("of two at one site the longer stays"),
    "note.deleted_by_id": MOVES,
    "note.person_id": MOVES,
    "note.written_by_id": MOVES,
    "note_version.written_by_id": MOVES,
    "nudge.nudged_by_id": MOVES,
    "nudge.person_id": MOVES,
    "onboarding_mark.marked_by_id": MOVES,
    "onboarding_mark.person_id": Moves(one_by=("step_id",)),
    "payment.person_id": Decided("whoever has books of hours or money never goes"),
    "payment.recorded_by_id": MOVES,
    "profile.person_id": Decided("what she who stays left empty is filled in"),
    "quiz_answer.person_id": MOVES,
    "quiz_attempt.person_id": Decided("an attempt that is open is dropped, the others move"),
    "quiz_question_version.created_by_id": MOVES,
    "restriction.person_id": MOVES,
    "role_grant.granted_by_id": MOVES,
    "role_grant.person_id": Moves(one_by=("role", "site_id")),
    "roll_call.started_by_id": MOVES,
    "roll_call_tick.by_id": MOVES,
    "scan.person_id": MOVES,
    "scan.scanned_by_id": MOVES,
    "series.person_id": MOVES,
    "signature.person_id": MOVES,
    "skill_card.person_id": Decided("cards are revoked: their owner makes a new one"),
    "strike.answered_by_id": MOVES,
    "strike.person_id": MOVES,
    "subscription.person_id": Decided("whoever has books of hours or money never goes"),
    "top_up.person_id": MOVES,
    "trainer.named_by_id": MOVES,
    "trainer.person_id": Moves(one_by=("machine_type_id",)),
    "visit.host_id": MOVES,
    "visit.person_id": Decided("of two that are open the one of her who goes is ended"),
    "waiting_wish.person_id": MOVES,
}


def references() -> dict[str, Column[Any]]:
    """Return every column that refers to a person, by `table.column`."""
    person_id = Base.metadata.tables["person"].c.id
    return {
        f"{table.name}.{column.name}": column
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(key.references(person_id.table) for key in column.foreign_keys)
    }


def give_way(
    session: Session, column: Column[Any], fate: Moves, stays_id: int, goes_id: int
) -> None:
    """Delete the rows of the person who goes where the other has one of the same key.

    What was only sent with the same nonce is kept, and its uid becomes its nonce.
    """
    other = column.table.alias()
    same: list[ColumnElement[bool]] = [
        column.table.c[name].is_not_distinct_from(other.c[name]) for name in fate.one_by
    ]
    has_one = select(literal(1)).where(other.c[column.name] == stays_id, and_(*same)).exists()
    theirs = (column == goes_id, has_one)
    if fate.both_stay:
        table = column.table
        session.execute(update(table).where(*theirs).values(nonce=table.c.uid))
        return
    session.execute(delete(column.table).where(*theirs))
