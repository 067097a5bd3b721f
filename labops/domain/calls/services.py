"""Use cases of officers who write calls."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from labops.domain.calls import queries
from labops.domain.calls.models import Call, CallCriterion
from labops.domain.calls.terms import Terms, problems_of, written
from labops.kernel import audit
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound, Problem, Refused
from labops.kernel.ids import slug_of
from labops.kernel.permissions import Actor, Permission
from labops.kernel.text import one_line, without_controls

USUAL = Path(__file__).with_name("usual_criteria.toml")
MOST_CRITERIA = 40
LONGEST_TITLE, LONGEST_TEXT = 160, 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeCall:
    """What a call says in both languages, when it is open, and its terms."""

    title_it: str
    title_en: str
    text_it: str
    text_en: str
    opens_at: datetime
    closes_at: datetime | None = None
    terms: Terms = field(default_factory=Terms)


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeCriterion:
    """What one criterion demands, in both languages."""

    title_it: str
    title_en: str
    text_it: str
    text_en: str
    evidence: bool = False
    dated: bool = False
    merit: bool = False
    position: int = 0


def create(command: DescribeCall, *, actor: Actor, now: datetime) -> str:
    """Write the draft of a call with the criteria that are usual; return its uid.

    Raises `Forbidden` and `Invalid`.
    """
    actor.require(Permission.CALL_EDIT, None)
    _check(command)
    with unit_of_work() as session:
        slug = _free_slug(session, slug_of(command.title_en) or "call")
        call = Call(slug=slug, edition=1, created_at=now, created_by_id=actor.person_id)
        _write(call, command)
        session.add(call)
        session.flush()
        for position, each in enumerate(_usual(), 1):
            session.add(CallCriterion(call_id=call.id, position=position, **each))
        _note(session, actor, "call.written", call, now)
        return call.uid


def describe(uid: str, command: DescribeCall, *, actor: Actor, now: datetime) -> None:
    """Change a draft; raises `NotFound`, `Forbidden`, `Invalid`, `Refused` once published."""
    _check(command)
    with unit_of_work() as session:
        call = _draft(session, uid, actor)
        _write(call, command)
        _note(session, actor, "call.written", call, now)


def save_criterion(
    uid: str, command: DescribeCriterion, *, actor: Actor, now: datetime, slug: str = ""
) -> str:
    """Add a criterion to a draft, or change the one with that slug; return its slug."""
    _check_texts(command)
    with unit_of_work() as session:
        call = _draft(session, uid, actor)
        known = {
            each.slug: each
            for each in session.scalars(
                select(CallCriterion).where(CallCriterion.call_id == call.id)
            )
        }
        row = known.get(slug)
        if slug and row is None:
            raise NotFound
        if row is None:
            if len(known) >= MOST_CRITERIA:
                raise Invalid.field("title_it", "call.too-many-criteria", most=MOST_CRITERIA)
            base, number = slug_of(command.title_en)[:36] or "criterion", 1
            slug = base
            while slug in known:
                number += 1
                slug = f"{base}-{number}"
            row = CallCriterion(call_id=call.id, slug=slug)
            session.add(row)
        for name, value in asdict(command).items():
            setattr(row, name, value)
        row.position = command.position or len(known) + 1
        _note(session, actor, "call.criterion-written", call, now, {"criterion": slug})
        return slug


def drop_criterion(uid: str, slug: str, *, actor: Actor, now: datetime) -> None:
    """Take a criterion out of a draft."""
    with unit_of_work() as session:
        call = _draft(session, uid, actor)
        session.execute(
            delete(CallCriterion).where(
                CallCriterion.call_id == call.id, CallCriterion.slug == slug
            )
        )
        _note(session, actor, "call.criterion-dropped", call, now, {"criterion": slug})


def publish(uid: str, *, actor: Actor, now: datetime) -> None:
    """Publish a draft: from now on it never changes. The edition before takes nobody any more.

    Raises `Refused` without criteria, or when it would close before it opens.
    """
    with unit_of_work() as session:
        call = _draft(session, uid, actor)
        view = queries.by_id(session, call.id)
        if not view.required:
            raise Refused([Problem("call.no-criteria")])
        if call.closes_at is not None and call.closes_at <= max(now, call.opens_at):
            raise Refused([Problem("call.closes-too-soon")])
        for other in session.scalars(
            select(Call).where(
                Call.slug == call.slug,
                Call.published_at.is_not(None),
                Call.replaced_at.is_(None),
            )
        ):
            other.replaced_at = now
        call.published_at = now
        call.digest = _digest(view)
        _note(session, actor, "call.published", call, now, {"digest": call.digest})


def new_edition(uid: str, *, actor: Actor, now: datetime) -> str:
    """Write a draft that begins as a copy of a published edition; return its uid.

    A draft that is there already is returned.
    """
    actor.require(Permission.CALL_EDIT, None)
    with unit_of_work() as session:
        view = queries.by_uid(session, uid)
        same = select(Call).where(Call.slug == view.slug)
        draft = session.scalar(same.where(Call.published_at.is_(None)))
        if draft is not None:
            return draft.uid
        last = session.scalar(select(func.max(Call.edition)).where(Call.slug == view.slug)) or 0
        call = Call(slug=view.slug, edition=last + 1, created_at=now, created_by_id=actor.person_id)
        _write(call, described(view))
        session.add(call)
        session.flush()
        for each in view.criteria:
            session.add(CallCriterion(call_id=call.id, **asdict(each)))
        _note(session, actor, "call.written", call, now, {"follows": view.edition})
        return call.uid


def described(view: queries.CallView) -> DescribeCall:
    """Return what an edition says, as a command."""
    names = (name for name in DescribeCall.__slots__)
    return DescribeCall(**{name: getattr(view, name) for name in names})


def _draft(session: Session, uid: str, actor: Actor) -> Call:
    actor.require(Permission.CALL_EDIT, None)
    call = session.scalar(select(Call).where(Call.uid == uid).with_for_update())
    if call is None:
        raise NotFound
    if call.published_at is not None:
        raise Refused([Problem("call.frozen")])
    return call


def _write(call: Call, command: DescribeCall) -> None:
    call.title_it, call.title_en = one_line(command.title_it), one_line(command.title_en)
    call.text_it = without_controls(command.text_it).strip()
    call.text_en = without_controls(command.text_en).strip()
    call.opens_at, call.closes_at = command.opens_at, command.closes_at
    call.terms = written(command.terms)


def _check(command: DescribeCall) -> None:
    _check_texts(command)
    wrong = problems_of(command.terms)
    if command.closes_at is not None and command.closes_at <= command.opens_at:
        wrong.append(Problem("field.ends-before-start", {"field": "closes_at"}))
    if wrong:
        raise Invalid(wrong)


def _check_texts(command: DescribeCall | DescribeCriterion) -> None:
    wrong = []
    for name in ("title_it", "title_en", "text_it", "text_en"):
        value, longest = getattr(command, name), LONGEST_TITLE if "title" in name else LONGEST_TEXT
        if not value.strip():
            wrong.append(Problem("field.required", {"field": name}))
        elif len(value) > longest:
            wrong.append(Problem("field.too-long", {"field": name, "longest": longest}))
    if wrong:
        raise Invalid(wrong)


def _usual() -> list[dict[str, Any]]:
    known = tomllib.loads(USUAL.read_text(encoding="utf-8"))["criteria"]
    return [{"evidence": False, "dated": False, "merit": False, **each} for each in known]


def _digest(view: queries.CallView) -> str:
    said = asdict(described(view)) | {"criteria": [asdict(each) for each in view.criteria]}
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def _free_slug(session: Session, wanted: str) -> str:
    known = set(session.scalars(select(Call.slug).where(Call.slug.startswith(wanted))))
    slug, number = wanted, 1
    while slug in known or slug == "new":
        number += 1
        slug = f"{wanted[:50]}-{number}"
    return slug


def _note(
    session: Session,
    actor: Actor,
    action: str,
    call: Call,
    now: datetime,
    after: dict[str, Any] | None = None,
) -> None:
    said = {"slug": call.slug, "edition": call.edition} | (after or {})
    audit.record(session, actor, action, f"call:{call.uid}", now=now, after=said)
