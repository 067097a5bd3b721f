"""Sessions as everybody may see them, in as few statements as possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from labops.domain.inductions.models import InductionMachine, InductionSession, InductionSignUp
from labops.domain.inductions.states import PLACED, SignUpState
from labops.domain.machines.models import MachineType
from labops.domain.people.models import Person
from labops.domain.quizzes.models import Quiz
from labops.domain.sites.models import Site
from labops.domain.spaces.models import Bookable
from labops.kernel.interval import Interval

_Needed = aliased(MachineType)
_Room = aliased(Bookable)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """A session as everybody may see it; `space` is empty when none is named."""

    id: int
    uid: str
    site_id: int
    site_slug: str
    site_name: str
    site_address: str
    site_city: str
    site_email: str
    zone: str
    space_id: int | None
    space: str | None
    type_slug: str
    type_it: str
    type_en: str
    level: int
    teacher_id: int
    teacher_uid: str
    teacher: str
    starts_at: datetime
    ends_at: datetime
    places: int
    fewest: int
    decide_at: datetime
    needs_slug: str | None
    needs_it: str | None
    needs_en: str | None
    quiz_slug: str | None
    quiz_it: str | None
    quiz_en: str | None
    youngest: int | None
    audience: str
    price: Decimal | None
    free_plan: str
    note: str
    state: str
    cancelled_for: str
    reason: str
    created_at: datetime
    revised_at: datetime
    revision: int
    sequence: int
    taken_count: int
    waiting_count: int
    machine_ids: tuple[int, ...] = ()
    machines: tuple[str, ...] = ()
    machine_names: tuple[str, ...] = ()

    @property
    def span(self) -> Interval:
        """Return when it takes place."""
        return Interval(self.starts_at, self.ends_at)

    @property
    def free_count(self) -> int:
        """Return how many places are left."""
        return max(self.places - self.taken_count, 0)

    def type_name(self, language: str) -> str:
        """Return the name of what is taught."""
        return self.type_it if language == "it" else self.type_en

    def quiz_name(self, language: str) -> str:
        """Return the title of the quiz that one must have passed, if any."""
        return (self.quiz_it if language == "it" else self.quiz_en) or ""

    def needs_name(self, language: str) -> str:
        """Return the name of what one must be certified for already, if anything."""
        return (self.needs_it if language == "it" else self.needs_en) or ""


def count_of(states: frozenset[SignUpState]) -> Any:
    """Return how many of a session's sign-ups stand so, as part of a statement."""
    return (
        select(func.count())
        .where(
            InductionSignUp.session_id == InductionSession.id,
            InductionSignUp.state.in_(sorted(states)),
        )
        .correlate(InductionSession)
        .scalar_subquery()
    )


_COPIED = (
    *("id", "uid", "site_id", "space_id", "level", "teacher_id", "starts_at", "ends_at"),
    *("places", "fewest", "decide_at", "youngest", "audience", "price", "free_plan", "note"),
    *("state", "cancelled_for", "reason", "created_at", "revised_at", "revision", "sequence"),
)


def sessions() -> Select[*tuple[Any, ...]]:
    """Return the statement that reads sessions; the caller adds conditions and order."""
    return (
        select(
            *(getattr(InductionSession, name) for name in _COPIED),
            Site.slug.label("site_slug"),
            Site.name.label("site_name"),
            Site.address.label("site_address"),
            Site.city.label("site_city"),
            Site.email.label("site_email"),
            Site.zone,
            _Room.name.label("space"),
            MachineType.slug.label("type_slug"),
            MachineType.name_it.label("type_it"),
            MachineType.name_en.label("type_en"),
            _Needed.slug.label("needs_slug"),
            _Needed.name_it.label("needs_it"),
            _Needed.name_en.label("needs_en"),
            Quiz.slug.label("quiz_slug"),
            Quiz.title_it.label("quiz_it"),
            Quiz.title_en.label("quiz_en"),
            Person.uid.label("teacher_uid"),
            Person.name.label("teacher"),
            count_of(PLACED).label("taken_count"),
            count_of(frozenset({SignUpState.WAITING})).label("waiting_count"),
        )
        .join(Site, Site.id == InductionSession.site_id)
        .join(MachineType, MachineType.id == InductionSession.machine_type_id)
        .join(Person, Person.id == InductionSession.teacher_id)
        .outerjoin(_Needed, _Needed.id == InductionSession.needs_type_id)
        .outerjoin(Quiz, Quiz.id == InductionSession.needs_quiz_id)
        .outerjoin(_Room, _Room.id == InductionSession.space_id)
    )


def views(session: Session, query: Select[*tuple[Any, ...]]) -> list[SessionView]:
    """Return what such a statement finds, with the machines."""
    rows = session.execute(query).all()
    machines = _machines_of(session, [row.id for row in rows])
    found_views = []
    for row in rows:
        found = machines.get(row.id, [])
        found_views.append(
            SessionView(
                **row._mapping,
                machine_ids=tuple(one.id for one in found),
                machines=tuple(one.slug for one in found),
                machine_names=tuple(one.name for one in found),
            )
        )
    return found_views


def _machines_of(session: Session, ids: Sequence[int]) -> dict[int, list[Any]]:
    if not ids:
        return {}
    rows = session.execute(
        select(InductionMachine.session_id, Bookable.id, Bookable.slug, Bookable.name)
        .join(Bookable, Bookable.id == InductionMachine.bookable_id)
        .where(InductionMachine.session_id.in_(ids))
        .order_by(Bookable.name, Bookable.id)
    )
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.session_id, []).append(row)
    return found
