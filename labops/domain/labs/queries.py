"""Reads of labs: for everybody, for whoever speaks for one, and for officers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from labops.domain.labs import qualified
from labops.domain.labs.commands import DescribeLab
from labops.domain.labs.models import Lab, LabAddress, LabRepresentative, LabService
from labops.domain.labs.rights import editable, running, today
from labops.domain.labs.states import LegalForm
from labops.domain.labs.views import LabView, labs_by_id
from labops.kernel.errors import NotFound
from labops.kernel.permissions import Actor, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnView:
    """A lab as whoever may change it sees it: what is private, too."""

    described: DescribeLab
    public: LabView
    uid: str
    revision: int
    source: str
    internal_note: str
    silent_since: datetime | None
    probe_failure: str


@dataclass(frozen=True, slots=True)
class LabLine:
    """A line of a list of labs."""

    id: int
    uid: str
    slug: str
    name: str
    city: str
    source: str
    revised_at: datetime
    silent_since: datetime | None
    probe_failure: str
    website: str
    silence_seen_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerSearch:
    """Which labs an officer lists."""

    words: str = ""
    silent: bool = False
    offset: int = 0
    limit: int = 60


def listed_lab(session: Session, slug: str, *, now: datetime) -> LabView:
    """Return a lab that is on the list today; raises `NotFound` for any other."""
    on = today(now)
    lab_id = session.scalar(
        select(Lab.id).where(Lab.slug == slug, Lab.id.in_(qualified.lab_ids(session, on)))
    )
    if lab_id is None:
        raise NotFound
    return labs_by_id(session, [lab_id], standings=qualified.standings(session, on))[0]


def is_listed(session: Session, lab_id: int, *, now: datetime) -> bool:
    """Say whether a lab is on the list today."""
    found = select(Lab.id).where(
        Lab.id == lab_id, Lab.id.in_(qualified.lab_ids(session, today(now)))
    )
    return session.scalar(found) is not None


def listed_labs(session: Session, lab_ids: Sequence[int], *, on: date) -> list[LabView]:
    """Return labs of the list, in the order of the ids."""
    return labs_by_id(session, lab_ids, standings=qualified.standings(session, on))


def all_listed(session: Session, *, on: date) -> list[LabView]:
    """Return every lab that is on the list on the day, by name."""
    ids = session.scalars(
        select(Lab.id)
        .where(Lab.id.in_(qualified.lab_ids(session, on)))
        .order_by(func.lower(Lab.public_name), Lab.id)
    ).all()
    return listed_labs(session, ids, on=on)


def own_lab(session: Session, slug: str, actor: Actor, *, now: datetime) -> OwnView:
    """Return a lab to whoever may change it; raises `NotFound` when it is not theirs."""
    lab_id = session.scalar(select(Lab.id).where(Lab.slug == slug))
    if lab_id is None:
        raise NotFound
    lab = editable(session, lab_id, actor, now=now)
    view = labs_by_id(session, [lab_id], every_place=True)[0]
    services = tuple(
        session.scalars(
            select(LabService.service)
            .where(LabService.lab_id == lab_id)
            .order_by(LabService.service)
        )
    )
    values = {
        each.name: getattr(lab, each.name)
        for each in fields(DescribeLab)
        if each.name != "services"
    }
    for name in ("languages", "skills", "accessibility"):
        values[name] = tuple(values[name])
    values["legal_form"] = LegalForm(lab.legal_form)
    return OwnView(
        described=DescribeLab(**values, services=services),
        public=view,
        uid=lab.uid,
        revision=lab.revision,
        source=lab.source,
        internal_note=lab.internal_note if actor.may(Permission.LAB_EDIT, None) else "",
        silent_since=lab.silent_since,
        probe_failure=lab.probe_failure,
    )


def labs_of_person(session: Session, person_id: int, *, on: date) -> list[LabLine]:
    """Return the labs that a person speaks for on the day, by name."""
    mine = select(LabRepresentative.lab_id).where(
        LabRepresentative.person_id == person_id, *running(on)
    )
    return _lines(session, Lab.id.in_(mine), OfficerSearch(limit=500))[0]


def for_officers(
    session: Session, wanted: OfficerSearch, actor: Actor
) -> tuple[list[LabLine], int]:
    """Return a page of all labs by name and how many match; raises `Forbidden`."""
    actor.require(Permission.LAB_EDIT, None)
    return _lines(session, Lab.id > 0, wanted)


def _lines(
    session: Session, among: ColumnElement[bool], wanted: OfficerSearch
) -> tuple[list[LabLine], int]:
    query = (
        select(
            Lab.id,
            Lab.uid,
            Lab.slug,
            Lab.public_name,
            func.coalesce(LabAddress.city, ""),
            Lab.source,
            Lab.revised_at,
            Lab.silent_since,
            Lab.probe_failure,
            Lab.website,
            Lab.silence_seen_at,
        )
        .outerjoin(LabAddress, (LabAddress.lab_id == Lab.id) & LabAddress.is_main)
        .where(among)
    )
    for word in wanted.words.split()[:6]:
        query = query.where(
            or_(
                Lab.public_name.icontains(word, autoescape=True),
                Lab.legal_name.icontains(word, autoescape=True),
                LabAddress.city.icontains(word, autoescape=True),
            )
        )
    if wanted.silent:
        query = query.where(Lab.silent_since.is_not(None), Lab.silence_seen_at.is_(None))
    count = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    page = query.order_by(func.lower(Lab.public_name), Lab.id)
    rows = session.execute(page.offset(wanted.offset).limit(wanted.limit))
    return [LabLine(*row) for row in rows], count
