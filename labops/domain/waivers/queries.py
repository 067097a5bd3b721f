"""Reads of waivers, of who signed what, and of guardians."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from labops.domain.memberships.models import Membership
from labops.domain.memberships.states import MembershipState
from labops.domain.people.ages import is_minor
from labops.domain.people.models import Person
from labops.domain.sites.models import Site
from labops.domain.waivers.models import Guardian, Signature, Waiver, WaiverVersion
from labops.domain.waivers.policies import Asked, due_on, suffices
from labops.kernel.errors import NotFound
from labops.kernel.permissions import Actor, Permission


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version with its waiver and site; a draft has no `published_at`."""

    id: int
    waiver_id: int
    site_id: int
    site_slug: str
    site_name: str
    slug: str
    number: int
    title_it: str
    title_en: str
    text_it: str
    text_en: str
    digest: str
    asks_from: date | None
    published_at: datetime | None

    def title(self, language: str) -> str:
        """Return the title in the language."""
        return self.title_it if language == "it" else self.title_en

    def text(self, language: str) -> str:
        """Return the text in the language."""
        return self.text_it if language == "it" else self.text_en


@dataclass(frozen=True, slots=True)
class SignatureView:
    """A signature as its receipt tells it."""

    uid: str
    person_id: int
    person_uid: str
    person_name: str
    version: VersionView
    guardian_uid: str | None
    relation: str
    signed_name: str
    signed_at: datetime
    language: str
    digest: str
    address: str
    device: str
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class ToSign:
    """How one waiver stands for one person.

    `due` is the first day on which bookings need more than was signed; `None` when the latest
    version is signed.
    """

    latest: VersionView
    signature: SignatureView | None
    due: date | None


@dataclass(frozen=True, slots=True)
class GuardianView:
    """A guardian and the child she answers for."""

    uid: str
    child_id: int
    child_uid: str
    child_name: str
    language: str
    name: str
    email: str
    invited_at: datetime
    proven_at: datetime | None
    ended_at: datetime | None
    copies: bool


_VERSION = (
    WaiverVersion.id,
    WaiverVersion.waiver_id,
    Waiver.site_id,
    Site.slug.label("site_slug"),
    Site.name.label("site_name"),
    Waiver.slug,
    WaiverVersion.number,
    WaiverVersion.title_it,
    WaiverVersion.title_en,
    WaiverVersion.text_it,
    WaiverVersion.text_en,
    WaiverVersion.digest,
    WaiverVersion.asks_from,
    WaiverVersion.published_at,
)
_versions = (
    select(*_VERSION)
    .join(Waiver, Waiver.id == WaiverVersion.waiver_id)
    .join(Site, Site.id == Waiver.site_id)
)


def versions_of_site(session: Session, site_id: int) -> list[VersionView]:
    """Return every version of the site's waivers, drafts too, latest first for each."""
    query = _versions.where(Waiver.site_id == site_id, Waiver.retired_at.is_(None))
    rows = session.execute(query.order_by(Waiver.slug, WaiverVersion.number.desc()))
    return [_version(row) for row in rows]


def version(session: Session, site_id: int, slug: str, number: int) -> VersionView:
    """Return one version; raises `NotFound`."""
    row = session.execute(
        _versions.where(
            Waiver.site_id == site_id, Waiver.slug == slug, WaiverVersion.number == number
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    return _version(row)


def version_by_id(session: Session, version_id: int) -> VersionView | None:
    """Return one version by its number in the database."""
    row = session.execute(_versions.where(WaiverVersion.id == version_id)).one_or_none()
    return _version(row) if row else None


def to_sign(
    session: Session, person_id: int, *, today: date, site_id: int | None = None
) -> list[ToSign]:
    """Return how every waiver stands for the person, at one site or at all.

    For a minor only what a guardian signed counts.
    """
    query = _versions.where(WaiverVersion.published_at.is_not(None), Waiver.retired_at.is_(None))
    if site_id is not None:
        query = query.where(Waiver.site_id == site_id)
    order = (Site.name, Waiver.slug, WaiverVersion.number)
    by_waiver: dict[int, list[VersionView]] = defaultdict(list)
    for row in session.execute(query.order_by(*order)):
        by_waiver[row.waiver_id].append(_version(row))
    born_on = session.scalar(select(Person.born_on).where(Person.id == person_id))
    minor = is_minor(born_on, today)
    signatures = [
        one
        for one in signatures_of(session, person_id)
        if one.withdrawn_at is None and (one.guardian_uid is not None) == minor
    ]
    found = []
    for versions in by_waiver.values():
        mine = [one for one in signatures if one.version.waiver_id == versions[0].waiver_id]
        best = max(mine, key=lambda one: one.version.number, default=None)
        numbers = [one.version.number for one in mine]
        found.append(ToSign(versions[-1], best, due_on(asked(versions), numbers)))
    return found


def asked(versions: Sequence[VersionView]) -> list[Asked]:
    """Return the published versions as the rules see them."""
    return [
        Asked(one.number, one.asks_from)
        for one in versions
        if one.published_at is not None and one.asks_from is not None
    ]


def signatures_of(session: Session, person_id: int) -> list[SignatureView]:
    """Return everything that was signed for the person, latest first."""
    return _signatures(session, Signature.person_id == person_id)


def signature(session: Session, uid: str, actor: Actor) -> SignatureView:
    """Return a signature for its signer or the staff of its site; raises `NotFound`."""
    found = _signatures(session, Signature.uid == uid)
    if not found or not (
        actor.owns(found[0].person_id)
        or actor.may(Permission.MEMBERSHIP_GRANT, found[0].version.site_id)
    ):
        raise NotFound
    return found[0]


def signature_of_guardian(session: Session, uid: str, guardian_uid: str) -> SignatureView:
    """Return a signature that the guardian gave; raises `NotFound`."""
    found = _signatures(session, Signature.uid == uid)
    if not found or found[0].guardian_uid != guardian_uid:
        raise NotFound
    return found[0]


def signed(session: Session, waiver_id: int) -> list[SignatureView]:
    """Return who signed any version of a waiver, latest first."""
    return _signatures(session, WaiverVersion.waiver_id == waiver_id)


def _signatures(session: Session, condition: ColumnElement[bool]) -> list[SignatureView]:
    query = (
        select(Signature, Person.uid, Person.name, Guardian.uid.label("guardian_uid"), *_VERSION)
        .join(WaiverVersion, WaiverVersion.id == Signature.version_id)
        .join(Waiver, Waiver.id == WaiverVersion.waiver_id)
        .join(Site, Site.id == Waiver.site_id)
        .join(Person, Person.id == Signature.person_id)
        .outerjoin(Guardian, Guardian.id == Signature.guardian_id)
        .where(condition)
        .order_by(Signature.signed_at.desc(), Signature.id.desc())
    )
    return [
        SignatureView(
            uid=row[0].uid,
            person_id=row[0].person_id,
            person_uid=row[1],
            person_name=row[2],
            version=_version(row[4:]),
            guardian_uid=row[3],
            relation=row[0].relation,
            signed_name=row[0].signed_name,
            signed_at=row[0].signed_at,
            language=row[0].language,
            digest=row[0].digest,
            address=row[0].address,
            device=row[0].device,
            withdrawn_at=row[0].withdrawn_at,
        )
        for row in session.execute(query)
    ]


def guardians_of(session: Session, child_id: int) -> list[GuardianView]:
    """Return whoever answers or answered for a minor, latest first."""
    return _guardians(session, Guardian.child_id == child_id)


def guardian(session: Session, uid: str) -> GuardianView:
    """Return a guardian who has not ended it; raises `NotFound`."""
    found = _guardians(session, Guardian.uid == uid)
    if not found or found[0].ended_at is not None:
        raise NotFound
    return found[0]


def guardian_told(session: Session, uid: str) -> GuardianView | None:
    """Return a guardian, whether she still is one or not."""
    found = _guardians(session, Guardian.uid == uid)
    return found[0] if found else None


def copied_to(session: Session, child_id: int, *, today: date) -> list[GuardianView]:
    """Return whoever asked for copies of a minor's letters; nobody once she is of age."""
    born_on = session.scalar(select(Person.born_on).where(Person.id == child_id))
    if not is_minor(born_on, today):
        return []
    return _guardians(
        session,
        (Guardian.child_id == child_id)
        & Guardian.copies
        & Guardian.proven_at.is_not(None)
        & Guardian.ended_at.is_(None),
    )


def _guardians(session: Session, condition: ColumnElement[bool]) -> list[GuardianView]:
    rows = session.execute(
        select(
            Guardian.uid,
            Guardian.child_id,
            Person.uid,
            Person.name,
            Person.language,
            Guardian.name,
            Guardian.email,
            Guardian.invited_at,
            Guardian.proven_at,
            Guardian.ended_at,
            Guardian.copies,
        )
        .join(Person, Person.id == Guardian.child_id)
        .where(condition)
        .order_by(Guardian.id.desc())
    )
    return [GuardianView(*cast("Any", row)) for row in rows]


def _version(values: Any) -> VersionView:
    return VersionView(*values)


def waiting_for_newer(session: Session, version: VersionView) -> list[str]:
    """Return the uids of active members at the site who signed an older version and no newer."""
    older = (
        exists()
        .where(
            Signature.person_id == Person.id,
            Signature.withdrawn_at.is_(None),
            Signature.version_id == WaiverVersion.id,
            WaiverVersion.waiver_id == version.waiver_id,
            WaiverVersion.number < version.number,
        )
        .correlate(Person)
    )
    newer = (
        exists()
        .where(
            Signature.person_id == Person.id,
            Signature.withdrawn_at.is_(None),
            Signature.version_id == WaiverVersion.id,
            WaiverVersion.waiver_id == version.waiver_id,
            WaiverVersion.number >= version.number,
        )
        .correlate(Person)
    )
    query = (
        select(Person.uid)
        .join(Membership, Membership.person_id == Person.id)
        .where(
            Membership.site_id == version.site_id,
            Membership.state == MembershipState.ACTIVE,
            older,
            ~newer,
        )
        .order_by(Person.id)
    )
    return list(session.scalars(query))


def done_signing(
    session: Session, site_id: int, born: Mapping[int, date | None], *, today: date
) -> dict[int, datetime | None]:
    """Return who has nothing left to sign at the site, and when each signed last.

    `born` are the people asked about, with their birthdays. A minor also needs a guardian who
    agreed. Three statements, whatever the number of people.
    """
    versions: dict[int, list[VersionView]] = defaultdict(list)
    for one in versions_of_site(session, site_id):
        versions[one.waiver_id].append(one)
    rows = session.execute(
        select(
            Signature.person_id,
            Signature.guardian_id,
            WaiverVersion.waiver_id,
            WaiverVersion.number,
            Signature.signed_at,
        )
        .join(WaiverVersion, WaiverVersion.id == Signature.version_id)
        .where(Signature.person_id.in_(born), Signature.withdrawn_at.is_(None))
    )
    signed: dict[tuple[int, int], list[int]] = defaultdict(list)
    last: dict[int, datetime] = {}
    for person_id, guardian_id, waiver_id, number, at in rows:
        if (guardian_id is not None) == is_minor(born[person_id], today):
            signed[person_id, waiver_id].append(number)
            last[person_id] = max(at, last.get(person_id, at))
    minors = [person_id for person_id, born_on in born.items() if is_minor(born_on, today)]
    guarded = set(
        session.scalars(
            select(Guardian.child_id).where(
                Guardian.child_id.in_(minors),
                Guardian.proven_at.is_not(None),
                Guardian.ended_at.is_(None),
            )
        )
    )
    return {
        person_id: last.get(person_id)
        for person_id in born
        if (person_id not in minors or person_id in guarded)
        and all(
            suffices(asked(found), signed[person_id, waiver_id], today)
            for waiver_id, found in versions.items()
        )
    }
