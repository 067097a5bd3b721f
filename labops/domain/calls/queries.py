"""Reads of calls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.calls.models import Call, CallCriterion
from labops.domain.calls.terms import Terms, read_terms
from labops.kernel.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionView:
    """One thing that a call demands."""

    slug: str
    position: int
    title_it: str
    title_en: str
    text_it: str
    text_en: str
    evidence: bool
    dated: bool
    merit: bool

    def title(self, language: str) -> str:
        """Return the title in the language."""
        return self.title_it if language == "it" else self.title_en

    def text(self, language: str) -> str:
        """Return what is demanded, in the language."""
        return self.text_it if language == "it" else self.text_en


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """One edition of a call with its criteria, in order."""

    id: int
    uid: str
    slug: str
    edition: int
    title_it: str
    title_en: str
    text_it: str
    text_en: str
    opens_at: datetime
    closes_at: datetime | None
    terms: Terms
    digest: str
    published_at: datetime | None
    replaced_at: datetime | None
    criteria: tuple[CriterionView, ...]

    def title(self, language: str) -> str:
        """Return the title in the language."""
        return self.title_it if language == "it" else self.title_en

    def text(self, language: str) -> str:
        """Return the text in the language, as Markdown."""
        return self.text_it if language == "it" else self.text_en

    def is_open(self, now: datetime) -> bool:
        """Say whether one may apply at this instant; the closing one is too late."""
        if self.published_at is None or self.replaced_at is not None:
            return False
        return self.opens_at <= now and (self.closes_at is None or now < self.closes_at)

    def takes_from(self, now: datetime) -> bool:
        """Say whether what was begun under this edition may be submitted, be it replaced since."""
        if self.published_at is None or now < self.opens_at:
            return False
        return self.closes_at is None or now < self.closes_at

    def criterion(self, slug: str) -> CriterionView:
        """Return the criterion; raises `NotFound`."""
        for each in self.criteria:
            if each.slug == slug:
                return each
        raise NotFound

    @property
    def required(self) -> tuple[str, ...]:
        """Return the criteria that must be met."""
        return tuple(each.slug for each in self.criteria if not each.merit)


def by_uid(session: Session, uid: str) -> CallView:
    """Return the edition; raises `NotFound`."""
    return _one(session, Call.uid == uid)


def by_id(session: Session, call_id: int) -> CallView:
    """Return the edition; raises `NotFound`."""
    return _one(session, Call.id == call_id)


def by_ids(session: Session, ids: Iterable[int]) -> dict[int, CallView]:
    """Return the editions by id."""
    return {view.id: view for view in _views(session, Call.id.in_(set(ids)))}


def published(session: Session, slug: str) -> CallView:
    """Return the edition of the call that holds; raises `NotFound`."""
    return _one(
        session, Call.slug == slug, Call.published_at.is_not(None), Call.replaced_at.is_(None)
    )


def listed(session: Session, *, only_published: bool = False) -> list[CallView]:
    """Return the calls, newest first; without drafts and replaced editions if so wished."""
    conditions = [Call.published_at.is_not(None), Call.replaced_at.is_(None)]
    return _views(session, *(conditions if only_published else ()))


def _one(session: Session, *conditions: object) -> CallView:
    found = _views(session, *conditions)
    if not found:
        raise NotFound
    return found[0]


def _views(session: Session, *conditions: object) -> list[CallView]:
    query = select(Call).where(*conditions)  # type: ignore[arg-type]  # whatever `where` takes
    rows = list(
        session.scalars(query.order_by(Call.opens_at.desc(), Call.slug, Call.edition.desc()))
    )
    criteria: dict[int, list[CriterionView]] = {}
    if rows:
        wanted = select(CallCriterion).where(CallCriterion.call_id.in_([row.id for row in rows]))
        for each in session.scalars(wanted.order_by(CallCriterion.position, CallCriterion.id)):
            view = CriterionView(**{name: getattr(each, name) for name in CriterionView.__slots__})
            criteria.setdefault(each.call_id, []).append(view)
    plain = [name for name in CallView.__slots__ if name not in {"terms", "criteria"}]
    return [
        CallView(
            terms=read_terms(row.terms),
            criteria=tuple(criteria.get(row.id, ())),
            **{name: getattr(row, name) for name in plain},
        )
        for row in rows
    ]
