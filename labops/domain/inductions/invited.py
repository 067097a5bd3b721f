"""What people's calendars hold of inductions by invitations."""

from __future__ import annotations

from sqlalchemy.orm import Session

from labops.domain.inductions.models import InductionSignUp


def note_sign_up(session: Session, sign_up_id: int, *, sequence: int | None) -> None:
    """Note what the person's calendar holds since a mail left; `None`: nothing."""
    row = session.get(InductionSignUp, sign_up_id, populate_existing=True)
    if row is not None:
        row.invited_sequence = sequence
