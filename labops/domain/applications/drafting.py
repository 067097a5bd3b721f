"""Use cases of a lab that prepares what it will send: answers and evidence, saved as one goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from labops.domain.applications import acting, casefile
from labops.domain.applications.casefile import CaseFile
from labops.domain.applications.content import Content
from labops.domain.applications.models import Application, ApplicationAnswer, Evidence
from labops.domain.applications.states import CLOSED, Action, Capacity, CaseState
from labops.domain.applications.working_days import city_day
from labops.domain.calls import queries as calls
from labops.domain.labs.models import Lab
from labops.domain.labs.rights import role_of
from labops.kernel import audit
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound, Problem, Refused
from labops.kernel.permissions import Actor
from labops.kernel.text import without_controls

LONGEST_ANSWER = 8000
MOST_FILES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class AddEvidence:
    """A file that was looked into already; it lies under `uid`."""

    uid: str
    criterion: str
    name: str
    media_type: str
    size: int
    digest: str
    valid_to: date | None = None


def begin(call_uid: str, lab_uid: str, *, actor: Actor, now: datetime) -> str:
    """Begin an application of the lab, or return the draft that it has; return its uid.

    Raises `NotFound` unless the actor speaks for the lab, `Refused` when the call is closed or
    the lab has a case already.
    """
    person_id = actor.require_person()
    actor.require_write()
    try:
        with unit_of_work() as session:
            return _begin(session, call_uid, lab_uid, person_id, actor, now)
    except IntegrityError as error:
        if "application_live" not in str(error.orig) and "application.lab_id" not in str(
            error.orig
        ):
            raise
        raise Refused([Problem("case.lab-has-one")]) from error


def _begin(
    session: Session, call_uid: str, lab_uid: str, person_id: int, actor: Actor, now: datetime
) -> str:
    lab = session.scalar(select(Lab).where(Lab.uid == lab_uid).with_for_update())
    if lab is None or role_of(session, lab.id, actor, on=city_day(now)) is None:
        raise NotFound
    live = session.scalar(
        select(Application).where(Application.lab_id == lab.id, Application.state.not_in(CLOSED))
    )
    if live is not None and live.state == CaseState.DRAFT:
        return live.uid
    call = calls.by_uid(session, call_uid)
    if live is not None or _awaits_renewal(session, lab.id):
        raise Refused([Problem("case.lab-has-one")])
    if not call.is_open(now):
        raise Refused([Problem("case.call-closed")])
    row = Application(
        lab_id=lab.id,
        call_id=call.id,
        state=CaseState.DRAFT,
        created_at=now,
        created_by_id=person_id,
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, "application.begun", f"application:{row.uid}", now=now)
    return row.uid


def save_answer(uid: str, criterion: str, text: str, *, actor: Actor, now: datetime) -> None:
    """Keep what is said about one criterion; raises `NotFound`, `Refused`, `Invalid`."""
    actor.require_write()
    words = without_controls(text).strip()
    if len(words) > LONGEST_ANSWER:
        raise Invalid.field("text", "field.too-long", longest=LONGEST_ANSWER)
    with unit_of_work() as session:
        file = _editable(session, uid, actor, now)
        slug = file.call.criterion(criterion).slug
        _put(session, file.row.id, slug, words, now)


def may_edit(session: Session, file: CaseFile, actor: Actor, *, now: datetime) -> bool:
    """Say whether what the lab prepares may be changed now."""
    if Capacity.REPRESENTATIVE not in file.capacities:
        return False
    try:
        acting.require(session, file, Action.EDIT, actor, now)
    except Refused:
        return False
    return True


def require_edit(
    session: Session, uid: str, criterion: str, *, actor: Actor, now: datetime
) -> None:
    """Raise unless the actor may add a file there now; asked before a file is kept."""
    file = casefile.find(session, uid, actor, now=now)
    acting.require(session, file, Action.EDIT, actor, now)
    file.call.criterion(criterion)


def add_evidence(uid: str, new: AddEvidence, *, actor: Actor, now: datetime) -> None:
    """Write down a file that lies there already.

    Raises `NotFound`, `Refused`, and `Invalid` without the end that the call wants to know, or
    for one too many.
    """
    person_id = actor.require_person()
    actor.require_write()
    with unit_of_work() as session:
        file = _editable(session, uid, actor, now)
        criterion = file.call.criterion(new.criterion)
        if criterion.dated and new.valid_to is None:
            raise Invalid.field("valid_to", "evidence.no-end")
        if new.valid_to is not None and new.valid_to < city_day(now):
            raise Invalid.field("valid_to", "evidence.ended")
        _require_room(session, file, criterion.slug)
        session.add(
            Evidence(
                uid=new.uid,
                application_id=file.row.id,
                criterion=criterion.slug,
                name=new.name,
                media_type=new.media_type,
                size=new.size,
                digest=new.digest,
                valid_to=new.valid_to,
                added_at=now,
                added_by_id=person_id,
            )
        )
        audit.record(
            session,
            actor,
            "application.evidence-added",
            f"application:{file.row.uid}",
            now=now,
            after={"criterion": criterion.slug, "digest": new.digest},
        )


def _require_room(session: Session, file: CaseFile, criterion: str) -> None:
    count = session.scalar(
        select(func.count(Evidence.id)).where(
            Evidence.application_id == file.row.id,
            Evidence.criterion == criterion,
            Evidence.dropped_at.is_(None),
        )
    )
    if (count or 0) >= MOST_FILES:
        raise Invalid.field("file", "evidence.too-many", most=MOST_FILES)


def drop_evidence(uid: str, evidence_uid: str, *, actor: Actor, now: datetime) -> None:
    """Take a file out of what is prepared; what was sent before keeps it."""
    actor.require_write()
    with unit_of_work() as session:
        file = _editable(session, uid, actor, now)
        row = session.scalar(
            select(Evidence).where(
                Evidence.uid == evidence_uid,
                Evidence.application_id == file.row.id,
                Evidence.dropped_at.is_(None),
            )
        )
        if row is None:
            raise NotFound
        row.dropped_at = now
        subject = f"application:{file.row.uid}"
        after = {"digest": row.digest}
        audit.record(session, actor, "application.evidence-dropped", subject, now=now, after=after)


def go_back(session: Session, application_id: int, content: Content, *, now: datetime) -> None:
    """Make what is prepared equal to the content again, after a refusal."""
    known: Mapping[str, ApplicationAnswer] = {
        each.criterion: each
        for each in session.scalars(
            select(ApplicationAnswer).where(ApplicationAnswer.application_id == application_id)
        )
    }
    for slug in {*known, *content.answers}:
        _put(session, application_id, slug, content.answers.get(slug, ""), now)
    kept = {each.uid for each in content.files}
    for row in session.scalars(
        select(Evidence).where(Evidence.application_id == application_id).order_by(Evidence.id)
    ):
        if row.uid in kept:
            row.dropped_at = None
        elif row.dropped_at is None:
            row.dropped_at = now


def _editable(session: Session, uid: str, actor: Actor, now: datetime) -> CaseFile:
    file = casefile.find(session, uid, actor, now=now, locked=True)
    acting.require(session, file, Action.EDIT, actor, now)
    return file


def _put(session: Session, application_id: int, slug: str, text: str, now: datetime) -> None:
    row = session.scalar(
        select(ApplicationAnswer).where(
            ApplicationAnswer.application_id == application_id,
            ApplicationAnswer.criterion == slug,
        )
    )
    if row is None:
        row = ApplicationAnswer(application_id=application_id, criterion=slug)
        session.add(row)
    row.text, row.saved_at = text, now


def _awaits_renewal(session: Session, lab_id: int) -> bool:
    """Say whether an expired case of the lab has a renewal that was asked for in time."""
    query = select(Application).where(
        Application.lab_id == lab_id, Application.state == CaseState.EXPIRED
    )
    files = casefile.files_of(session, session.scalars(query), frozenset())
    return any(each.case.renewal_open for each in files)
