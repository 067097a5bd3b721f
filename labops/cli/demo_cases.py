"""The demonstration's call, and cases of labs in several states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from labops.adapters import evidence_files
from labops.adapters.receipts import Receipt, receipt_pdf
from labops.domain.applications import casefile, drafting, services, sweeping
from labops.domain.applications.services import Said
from labops.domain.applications.states import Action, Verdict
from labops.domain.applications.working_days import city_day
from labops.domain.calls import queries as calls
from labops.domain.calls import services as calling
from labops.domain.calls.services import DescribeCall
from labops.domain.labs import founding
from labops.domain.labs.representatives import owners_of
from labops.domain.people import queries as people
from labops.kernel.db import reading
from labops.kernel.permissions import SYSTEM, Actor

LONG_AGO = timedelta(days=900)
CALL = DescribeCall(
    title_it="Elenco qualificato dei makerspace e fablab",
    title_en="Qualified list of makerspaces and fablabs",
    text_it=(
        "Il Comune tiene un **elenco pubblico** dei laboratori che rispondono ai suoi requisiti,"
        " e aiuta le imprese a trovare quello che sa fare ciò di cui hanno bisogno."
    ),
    text_en=(
        "The city keeps a **public list** of labs that meet its criteria, and helps firms to find"
        " the one that can make what they need."
    ),
    opens_at=datetime(2024, 1, 1, tzinfo=UTC),
)


@dataclass(frozen=True, slots=True)
class Applying:
    """A lab that applies in the demonstration, and how far it got; days are days ago."""

    name: str
    owner: str
    days_ago: int
    until: str
    insurance_days: int = 400


APPLYING = (
    Applying("Bottega del Riuso", "tomas@example.org", 2, "submitted"),
    Applying("Stamperia Nuova", "wei@example.org", 24, "under_review"),
    Applying("Circuiti Aperti", "sofia@example.org", 16, "supplement_requested"),
    Applying("Laboratorio Cartapesta", "paolo@example.org", 19, "rejection_notice"),
    Applying("Officina Senza Polizza", "rosa@example.org", 120, "qualified", -3),
)


def fill(lab_ids: Sequence[int], *, now: datetime) -> None:
    """Publish the call, qualify those labs, and let others be on their way.

    A second run changes nothing.
    """
    if calls.listed(reading()):
        return
    call = _publish(now - LONG_AGO)
    owners = owners_of(reading(), lab_ids)
    for place, (uid, owner) in enumerate(owners):
        # The first one's qualification ends soon, the others' at different times.
        ago = timedelta(days=730 - 40) if not place else timedelta(days=40 + 45 * place)
        case = _submit(call, uid, _actor_by_id(owner, now), now - ago, now, 500)
        _qualify(case, now - ago + timedelta(days=9 + 2 * place), number=place + 1)
    for one in APPLYING:
        _apply(call, one, now)
    sweeping.keep_terms(now=now)


def _publish(now: datetime) -> str:
    uid = calling.create(replace(CALL, opens_at=now), actor=SYSTEM, now=now)
    calling.publish(uid, actor=SYSTEM, now=now)
    return uid


def _apply(call: str, one: Applying, now: datetime) -> None:
    began = now - timedelta(days=one.days_ago)
    owner = _actor(one.owner, now)
    lab = founding.found_lab(one.name, actor=owner, now=began)
    case = _submit(call, lab, owner, began, now, one.insurance_days)
    if one.until == "submitted":
        return
    if one.until == "qualified":
        _qualify(case, began + timedelta(days=12), number=90)
        return
    officer, at = _actor("officer@example.org", now), began + timedelta(days=1)
    services.act(case, Action.START_REVIEW, Said(), actor=officer, now=at)
    if one.until == "supplement_requested":
        at = began + timedelta(days=12)
        _assess(case, "insurance", Verdict.NEEDS_SUPPLEMENT, "Manca il massimale.", officer, at)
        said = Said(note="Basta il frontespizio della polizza.")
        services.act(case, Action.REQUEST_SUPPLEMENT, said, actor=officer, now=at)
    if one.until == "rejection_notice":
        at = began + timedelta(days=14)
        _assess(case, "safety", Verdict.NOT_MET, "Nessun estintore è indicato.", officer, at)
        services.act(case, Action.NOTIFY_REJECTION, Said(), actor=officer, now=at)


def _submit(
    call: str, lab: str, owner: Actor, at: datetime, now: datetime, insurance_days: int
) -> str:
    case = drafting.begin(call, lab, actor=owner, now=at)
    file = casefile.find(reading(), case, owner, now=at)
    for each in file.call.criteria:
        words = f"{each.title_it}: come descritto negli allegati."
        drafting.save_answer(case, each.slug, words, actor=owner, now=at)
        if each.evidence:
            days = insurance_days if each.slug == "insurance" else 800
            ends = city_day(now) + timedelta(days=days)
            _attach(case, each.slug, each.title_it, owner, at, ends if each.dated else None)
    services.act(case, Action.SUBMIT, Said(), actor=owner, now=at)
    return case


def _attach(
    case: str, slug: str, title: str, owner: Actor, at: datetime, ends: date | None
) -> None:
    file = evidence_files.look_into(f"{slug}.pdf", _paper(title))
    evidence_files.attach(case, slug, file, valid_to=ends, actor=owner, now=at)


@lru_cache(maxsize=32)
def _paper(title: str) -> bytes:
    """Return a document that says what it would show."""
    opened = datetime(2026, 1, 1, tzinfo=UTC)
    return receipt_pdf(
        Receipt(title=title, facts=(), heading="", text="Documento di prova.", signed_at=opened)
    )


def _qualify(case: str, at: datetime, *, number: int) -> None:
    officer, decider = _actor("officer@example.org", at), _actor("decider@example.org", at)
    before = at - timedelta(days=3)
    services.act(case, Action.START_REVIEW, Said(), actor=officer, now=before)
    for each in casefile.find(reading(), case, officer, now=before).call.criteria:
        _assess(case, each.slug, Verdict.MET, "", officer, before)
    said = Said(act_number=f"{number}/{at.year}", act_on=city_day(at))
    services.act(case, Action.QUALIFY, said, actor=decider, now=at)


def _assess(
    case: str, slug: str, verdict: Verdict, note: str, officer: Actor, at: datetime
) -> None:
    said = Said(criterion=slug, verdict=verdict, note=note)
    services.act(case, Action.ASSESS, said, actor=officer, now=at)


def _actor(email: str, now: datetime) -> Actor:
    account = people.account_by_email(reading(), email)
    assert account is not None  # noqa: S101 - it was made a moment ago
    return _actor_by_id(account.person_id, now)


def _actor_by_id(person_id: int, now: datetime) -> Actor:
    return people.actor_of(reading(), person_id, now=now)
