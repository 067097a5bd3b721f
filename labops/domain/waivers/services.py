"""Use cases of waivers: writing, publishing, signing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from labops.domain.people.ages import is_minor
from labops.domain.people.models import Person
from labops.domain.waivers.models import Guardian, Signature, Waiver, WaiverVersion
from labops.domain.waivers.policies import digest_of, same_name
from labops.kernel import audit
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound, Problem, Refused
from labops.kernel.ids import new_uid
from labops.kernel.permissions import Actor, Permission

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_TITLE, LONGEST_TEXT = 120, 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverText:
    """A waiver's titles and texts (Markdown) in both languages."""

    title_it: str
    title_en: str
    text_it: str
    text_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """What somebody typed under a text, in which language she read it, and from where."""

    version_id: int
    digest: str
    name: str
    language: str
    address: str
    device: str
    relation: str = ""


def write(site_id: int, slug: str, text: WaiverText, *, actor: Actor, now: datetime) -> int:
    """Write the draft of a waiver's next version and return its number.

    A draft that is there is written over. Raises `Forbidden`, and `Invalid` for what is missing,
    too long, or no short name.
    """
    actor.require(Permission.RULES_EDIT, site_id)
    _check(slug, text)
    with unit_of_work() as session:
        waiver = session.scalar(
            select(Waiver).where(Waiver.site_id == site_id, Waiver.slug == slug)
        )
        if waiver is None:
            waiver = Waiver(site_id=site_id, slug=slug)
            session.add(waiver)
            session.flush()
        waiver.retired_at = None
        draft = session.scalar(
            select(WaiverVersion).where(
                WaiverVersion.waiver_id == waiver.id, WaiverVersion.published_at.is_(None)
            )
        )
        if draft is None:
            last = select(func.max(WaiverVersion.number)).where(
                WaiverVersion.waiver_id == waiver.id
            )
            number = (session.scalar(last) or 0) + 1
            draft = WaiverVersion(waiver_id=waiver.id, number=number)
            session.add(draft)
        draft.title_it, draft.title_en = text.title_it.strip(), text.title_en.strip()
        draft.text_it, draft.text_en = text.text_it, text.text_en
        draft.digest = digest_of(draft.title_it, text.text_it, draft.title_en, text.text_en)
        draft.changed_at = now
        _note(session, actor, "waiver.written", waiver, draft, now)
        return draft.number


def publish(
    site_id: int, slug: str, *, asks_from: date, today: date, actor: Actor, now: datetime
) -> None:
    """Publish the draft: from the day `asks_from` on bookings need it.

    The first version is asked for at once, whatever is said. Raises `Forbidden`, `NotFound` when
    there is no draft, and `Invalid` for a day before today, the site's local date.
    """
    actor.require(Permission.RULES_EDIT, site_id)
    if asks_from < today:
        raise Invalid.field("asks_from", "field.in-the-past")
    with unit_of_work() as session:
        row = session.execute(
            select(WaiverVersion, Waiver)
            .join(Waiver, Waiver.id == WaiverVersion.waiver_id)
            .where(
                Waiver.site_id == site_id,
                Waiver.slug == slug,
                WaiverVersion.published_at.is_(None),
            )
        ).one_or_none()
        if row is None:
            raise NotFound
        draft, waiver = row
        draft.published_at = draft.changed_at = now
        draft.asks_from = today if draft.number == 1 else asks_from
        _note(session, actor, "waiver.published", waiver, draft, now)


def retire(site_id: int, slug: str, *, actor: Actor, now: datetime) -> None:
    """Ask nobody for a waiver any more; its signatures stay."""
    actor.require(Permission.RULES_EDIT, site_id)
    with unit_of_work() as session:
        waiver = session.scalar(
            select(Waiver).where(Waiver.site_id == site_id, Waiver.slug == slug)
        )
        if waiver is None:
            raise NotFound
        waiver.retired_at = now
        audit.record(session, actor, "waiver.retired", f"waiver:{waiver.id}", now=now)


def sign(signing: Signing, *, today: date, actor: Actor, now: datetime) -> str:
    """Sign for oneself and return the signature's uid; the same version twice is once.

    Raises `NotFound`, `Refused` for a minor, whose guardian signs, and `Invalid` for another name
    than the account's, or a text that changed while it was read.
    """
    person_id = actor.require_person()
    actor.require_write()
    with unit_of_work() as session:
        person = session.get_one(Person, person_id, with_for_update=True)
        if is_minor(person.born_on, today):
            raise Refused([Problem("waiver.guardian-signs")])
        if not same_name(signing.name, person.name):
            raise Invalid.field("name", "field.not-your-name", person=person.name)
        return add_signature(session, person, signing, guardian=None, actor=actor, now=now)


def add_signature(
    session: Session,
    person: Person,
    signing: Signing,
    *,
    guardian: Guardian | None,
    actor: Actor,
    now: datetime,
) -> str:
    """Write a signature inside the caller's transaction and return its uid."""
    version = session.get(WaiverVersion, signing.version_id)
    if version is None or version.published_at is None:
        raise NotFound
    if version.digest != signing.digest:
        raise Invalid.field("name", "field.text-changed")
    guardian_id = guardian.id if guardian else None
    before = session.scalar(
        select(Signature).where(
            Signature.person_id == person.id,
            Signature.version_id == version.id,
            Signature.guardian_id == guardian_id
            if guardian_id is not None
            else Signature.guardian_id.is_(None),
            Signature.withdrawn_at.is_(None),
        )
    )
    if before is not None:
        return before.uid
    made = Signature(
        uid=new_uid(),
        person_id=person.id,
        version_id=version.id,
        guardian_id=guardian_id,
        relation=signing.relation.strip()[:60],
        signed_name=" ".join(signing.name.split())[:120],
        signed_at=now,
        language=signing.language[:5],
        digest=version.digest,
        address=signing.address[:45],
        device=signing.device[:200],
    )
    session.add(made)
    audit.record(
        session,
        actor,
        "waiver.signed",
        f"person:{person.uid}",
        now=now,
        after={"version": version.id, "digest": version.digest, "guardian": bool(guardian)},
    )
    return made.uid


def _check(slug: str, text: WaiverText) -> None:
    wrong = []
    if not SLUG.fullmatch(slug) or len(slug) > 60:  # noqa: PLR2004 - as wide as the column
        wrong.append(Problem("field.not-a-short-name", {"field": "slug", "value": slug}))
    for name, longest in (
        ("title_it", LONGEST_TITLE),
        ("title_en", LONGEST_TITLE),
        ("text_it", LONGEST_TEXT),
        ("text_en", LONGEST_TEXT),
    ):
        value = getattr(text, name)
        if not value.strip():
            wrong.append(Problem("field.required", {"field": name}))
        elif len(value) > longest:
            wrong.append(Problem("field.too-long", {"field": name, "longest": longest}))
    if wrong:
        raise Invalid(wrong)


def _note(
    session: Session,
    actor: Actor,
    action: str,
    waiver: Waiver,
    version: WaiverVersion,
    now: datetime,
) -> None:
    audit.record(
        session,
        actor,
        action,
        f"waiver:{waiver.id}",
        now=now,
        after={
            "slug": waiver.slug,
            "number": version.number,
            "digest": version.digest,
            "asks_from": version.asks_from.isoformat() if version.asks_from else None,
        },
    )
