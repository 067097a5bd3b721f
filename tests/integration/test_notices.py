"""Every letter, word for word, in both languages: its text, its HTML and its invitation.

The files in tests/snapshots/mails are what people read. After a wanted change `make accept` writes
them anew: read the difference before you commit it.
"""

from __future__ import annotations

import html
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from labops.adapters import letters, links, notices
from labops.adapters.notices import calendar_parts
from labops.domain.applications import services as case_services
from labops.domain.applications.models import Application
from labops.domain.applications.services import Said
from labops.domain.applications.states import Action, Verdict
from labops.domain.bookings import approval, giving, handing_over, services, sweeping
from labops.domain.bookings.commands import Book, Move
from labops.domain.bookings.handing_over import HandOverTo
from labops.domain.bookings.models import Booking, HandOver
from labops.domain.circulars import services as circulars
from labops.domain.circulars.services import SendCircular
from labops.domain.closures.services import close
from labops.domain.erasure import services as erasing
from labops.domain.house_rules.services import SaveRules, save_rules
from labops.domain.inductions import judging, signing
from labops.domain.inductions import services as inductions
from labops.domain.inductions import sweeping as sweeping_inductions
from labops.domain.inductions.models import InductionSession, InductionSignUp
from labops.domain.inductions.states import OUTCOMES, SignUpState
from labops.domain.machines.models import Machine
from labops.domain.memberships.models import Membership
from labops.domain.notifications.kinds import ON, LetterKind
from labops.domain.notifications.services import choose
from labops.domain.onboarding import services as onboarding
from labops.domain.onboarding.kinds import StepKind
from labops.domain.onboarding.services import NewStep
from labops.domain.people.models import Account, Person
from labops.domain.people.selecting import Choice
from labops.domain.sites.models import Site
from labops.domain.strikes import queries as strikes
from labops.domain.strikes import services as strike_services
from labops.domain.waiting import offering
from labops.domain.waiting import services as waiting
from labops.domain.waiting.models import Offer, WaitingWish
from labops.domain.waivers import guardians
from labops.domain.waivers import queries as waiver_queries
from labops.domain.waivers import services as waivers
from labops.domain.waivers.services import Signing, WaiverText
from labops.kernel.audit import AuditEntry
from labops.kernel.db import reading, unit_of_work
from labops.kernel.permissions import SYSTEM
from labops.settings import Settings
from tests.support import cases, certifications, firms, incidents, plans
from tests.support.inductions import planned, wish
from tests.support.people import all_want_news
from tests.support.series import told_series
from tests.support.world import NOW, World, at, slot

SNAPSHOTS = Path(__file__).resolve().parents[1] / "snapshots" / "mails"
ACCEPT = "LABOPS_TEST_ACCEPT"
UID = "0123456789abcdef0123456789abcdef"
SETTINGS = Settings(mail_from="Makerspace <labops@example.org>")
WEEK = {"monday": "2026-11-23", "until": "2026-11-29T23:00:00+00:00"}


@pytest.fixture(autouse=True)
def _steady(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("confirmation_link", "reset_link", "stop_link", "hand_over_link"):
        monkeypatch.setattr(links, name, lambda _account, _mark, n=name: f"http://localhost/{n}")
    monkeypatch.setattr(links, "firm_mail_link", lambda _uid, _mail: "http://localhost/firm-mail")
    monkeypatch.setattr(links, "firm_invitation_link", lambda _uid: "http://localhost/invited")
    monkeypatch.setattr(links, "guardian_link", lambda _uid: "http://localhost/guardian")
    monkeypatch.setattr(links, "offer_link", lambda _uid, answer="": f"http://localhost/o/{answer}")
    monkeypatch.setattr(calendar_parts, "instance_id", lambda _session: "instance")
    with unit_of_work() as session:
        session.execute(update(Site).where(Site.slug == "mhuma").values(email="mhuma@example.org"))


def account_fact(world: World) -> dict[str, object]:
    query = select(Account).where(Account.person_id == world.people["alice"])
    account = reading().scalars(query).one()
    return {"account_id": account.id, "at": NOW.isoformat()}


def erasure_asked(world: World) -> dict[str, object]:
    erasing.ask(actor=world.actor("alice"), now=NOW)
    return {"person_uid": world.uids["alice"], "at": NOW.isoformat()}


def unconfirmed(world: World) -> dict[str, object]:
    with unit_of_work() as session:
        session.execute(update(Account).values(email_confirmed_at=None))
    return account_fact(world)


def circular(world: World) -> dict[str, object]:
    """Send a circular to a member who came with a list and never had a password."""
    with unit_of_work() as session:
        session.execute(update(Account).values(password_hash=None))
    all_want_news()
    text = {"subject_it": "Sabato aperti", "body_it": "Il laboratorio apre.\n\nVieni a trovarci!"}
    text |= {"subject_en": "Open on Saturday", "body_en": "The lab opens.\n\nCome and see us!"}
    command = SendCircular(
        site_id=world.sites["mhuma"], choice=Choice(site="mhuma"), about_service=False, **text
    )
    uid = circulars.send(command, actor=SYSTEM, now=NOW)
    return {"circular_uid": uid, "person_id": world.people["alice"]}


def case_noticed(world: World) -> dict[str, object]:
    """Give Alice's lab notice of rejection."""
    uid = reviewed_case(world)
    bob = world.actor("bob")
    said = Said(note="No extinguisher.", criterion="safety", verdict=Verdict.NOT_MET)
    case_services.act(uid, Action.ASSESS, said, actor=bob, now=NOW)
    notice = Said(note="See the grounds.")
    number = case_services.act(uid, Action.NOTIFY_REJECTION, notice, actor=bob, now=NOW)
    return {"application_uid": UID, "number": number, "action": "notify_rejection"}


def case_near(world: World) -> dict[str, object]:
    reviewed_case(world)
    return {"application_uid": UID, "due_on": "2026-12-23", "late": False}


def reviewed_case(world: World) -> str:
    """Let Bob review what Alice submitted for her lab."""
    cases.city(world, now=NOW)
    cases.submitted(world, now=NOW, until=date(2028, 12, 31))
    with unit_of_work() as session:
        session.execute(update(Application).values(uid=UID))
    case_services.act(UID, Action.START_REVIEW, Said(), actor=world.actor("bob"), now=NOW)
    return UID


def booked(world: World) -> dict[str, object]:
    """Make the booking that all letters about bookings tell of."""
    command = Book(machines=("laser", "printer"), slot=slot(10, 11.5), note="Bring wood, 3 mm")
    uid = services.book(command, actor=world.actor("alice"), now=NOW)
    with unit_of_work() as session:
        # A name that is always the same, also for what is known of it elsewhere.
        session.execute(update(Booking).values(uid=UID))
        session.execute(
            update(AuditEntry)
            .where(AuditEntry.subject == f"booking:{uid}")
            .values(subject=f"booking:{UID}")
        )
    return told()


def moved(world: World) -> dict[str, object]:
    booked(world)
    services.move(Move(uid=UID, slot=slot(14, 16)), actor=world.actor("alice"), now=NOW)
    return told()


def cancelled(world: World) -> dict[str, object]:
    booked(world)
    services.cancel(UID, actor=world.actor("alice"), now=NOW)
    return told()


def missed(world: World) -> dict[str, object]:
    booked(world)
    sweeping.release_missed(now=at(11))
    return told()


def applying(world: World) -> dict[str, object]:
    """Let Alice be on her way to membership, two steps of three left."""
    site = world.sites["mhuma"]
    for kind in (StepKind.EMAIL, StepKind.IDENTITY, StepKind.ORIENTATION):
        onboarding.add_step(site, NewStep(kind=kind), actor=SYSTEM, now=NOW)
    with unit_of_work() as session:
        session.execute(update(Membership).values(state="applicant"))
        session.execute(update(Account).values(email_confirmed_at=NOW))
    return {"person_uid": world.uids["alice"], "site_id": site, "at": NOW.isoformat()}


def newer_waiver(world: World) -> dict[str, object]:
    """Let Alice have signed the first of two versions of a waiver."""
    site, today = world.sites["mhuma"], NOW.date()
    text = WaiverText(title_it="Regole", title_en="Rules", text_it="Sì.", text_en="Yes.")
    for days in (0, 20):
        waivers.write(site, "rules", text, actor=SYSTEM, now=NOW)
        day = today + timedelta(days=days)
        waivers.publish(site, "rules", asks_from=day, today=today, actor=SYSTEM, now=NOW)
    first, second = (waiver_queries.version(reading(), site, "rules", n) for n in (1, 2))
    signing = Signing(
        version_id=first.id,
        digest=first.digest,
        name="Alice",
        language="en",
        address="",
        device="",
    )
    waivers.sign(signing, today=today, actor=world.actor("alice"), now=NOW)
    return {"person_uid": world.uids["alice"], "version_id": second.id, "last": False}


def guardian_invited(world: World) -> dict[str, object]:
    """Let Alice be fifteen and name her mother."""
    with unit_of_work() as session:
        session.execute(update(Person).values(born_on=date(2011, 3, 14)))
    alice = world.actor("alice")
    uid = guardians.invite("Anna", "anna@example.org", today=NOW.date(), actor=alice, now=NOW)
    return {"guardian_uid": uid, "at": NOW.isoformat()}


def guardian_withdrew(world: World) -> dict[str, object]:
    fact = guardian_invited(world)
    guardians.withdraw(str(fact["guardian_uid"]), now=NOW)
    with unit_of_work() as session:  # the same in every snapshot
        alice = update(Person).where(Person.id == world.people["alice"])
        session.execute(alice.values(uid="a" * 32))
    return fact


def let_rules(world: World, data: dict[str, object]) -> None:
    """Add to the house rules of MHUMA."""
    rules = {"one_at_a_time": 3, "longest_minutes": 240, **data}
    save_rules(SaveRules(site_id=world.sites["mhuma"], data=rules), actor=SYSTEM, now=NOW)


def requested(world: World) -> dict[str, object]:
    let_rules(world, {"approval": "always"})
    return booked(world)


def approved(world: World) -> dict[str, object]:
    requested(world)
    approval.approve(UID, actor=world.actor("bob"), now=NOW)
    return told()


def rejected(world: World) -> dict[str, object]:
    requested(world)
    approval.reject(UID, reason="A class is on.", actor=world.actor("bob"), now=NOW)
    return told()


def struck(world: World) -> dict[str, object]:
    let_rules(world, {"strikes": {"missed": 1, "in_days": 30, "suspended_days": 14}})
    return missed(world)


def answered(world: World, *, forgive: bool) -> dict[str, object]:
    struck(world)
    (strike,) = strikes.own(reading(), world.actor("alice"))
    answer = "I asked at the desk."
    bob = world.actor("bob")
    strike_services.answer(strike.uid, forgive=forgive, text=answer, actor=bob, now=at(12))
    return {"strike_uid": strike.uid}


def offered(world: World) -> dict[str, object]:
    booked(world)
    giving.offer(UID, email="bob@example.org", actor=world.actor("alice"), now=NOW)
    return {"hand_over_uid": reading().scalars(select(HandOver.uid)).one()}


def declined(world: World) -> dict[str, object]:
    fact = offered(world)
    giving.decline(str(fact["hand_over_uid"]), actor=world.actor("bob"), now=NOW)
    return fact


def taken(world: World) -> dict[str, object]:
    fact = offered(world)
    handing_over.accept(str(fact["hand_over_uid"]), actor=world.actor("bob"), now=NOW)
    return {**told(), "giver_uid": world.uids["alice"], "reason": ""}


def given_by_staff(world: World) -> dict[str, object]:
    booked(world)
    command = HandOverTo(uid=UID, to="bob@example.org", reason="Alice is ill.")
    handing_over.hand_over(command, actor=world.actor("bob"), now=NOW)
    return {**told(), "giver_uid": world.uids["alice"], "reason": command.reason}


def told() -> dict[str, object]:
    """Return the fact that tells of the one booking."""
    booking = reading().scalars(select(Booking).execution_options(populate_existing=True)).one()
    return {"booking_uid": UID, "revision": booking.sequence}


def own_week(world: World) -> dict[str, object]:
    booked(world)
    second = Book(machines=("printer",), slot=slot(18, 19, day=3))
    services.book(second, actor=world.actor("alice"), now=NOW)
    with unit_of_work() as session:
        session.execute(
            update(Booking).where(Booking.starts_at > at(0, 2)).values(state="requested")
        )
    return {"person_id": world.people["alice"], **WEEK}


def staff_week(world: World) -> dict[str, object]:
    own_week(world)
    with unit_of_work() as session:
        session.execute(
            update(Machine).where(Machine.process == "fdm").values(state="out_of_service")
        )
    return {"person_id": world.people["bob"], **WEEK}


def offer_made(world: World) -> dict[str, object]:
    """Let Alice wait for two of four hours that Charlie has, and Charlie give up the last two."""
    charlie = world.actor("charlie")
    for span in (slot(14, 16), slot(16, 18)):
        uid = services.book(Book(machines=("printer",), slot=span), actor=charlie, now=NOW)
    wish = waiting.Join(machines=("printer",), window=slot(14, 18), length=timedelta(hours=2))
    waiting.join(wish, actor=world.actor("alice"), now=NOW)
    services.cancel(uid, actor=charlie, now=NOW)
    assert offering.offer_freed_time(now=NOW).offered == 1
    return {"offer_uid": reading().scalars(select(Offer.uid)).one()}


def offer_lapsed(world: World, *, closed: bool) -> dict[str, object]:
    """Let the deadline pass; while the site is closed then, nobody could have accepted."""
    fact = offer_made(world)
    if closed:
        close(world.sites["mhuma"], slot(13, 17), reason="Party", actor=SYSTEM, now=NOW)
    assert offering.offer_freed_time(now=at(9)).lapsed == 1
    state = reading().scalars(select(WaitingWish.state)).one()
    assert state == ("waiting" if closed else "lapsed")
    return fact


def wish_removed(world: World) -> dict[str, object]:
    offer_made(world)
    uid = reading().scalars(select(WaitingWish.uid)).one()
    waiting.remove(uid, reason="You moved away.", actor=world.actor("bob"), now=NOW)
    return {"wish_uid": uid}


def taught(world: World, act: str) -> dict[str, object]:
    """Let Alice be in a session, or wait while Charlie has the place; then let the act happen."""
    few = {"places": 2, "fewest": 2} if act == "too-few" else {"places": 1}
    uid = planned(world, slot(18, 20, 3), **few)
    planned(world, slot(18, 20, 10))
    alice, bob, charlie = (world.actor(name) for name in ("alice", "bob", "charlie"))
    if act in {"waiting", "moved-up"}:
        signing.sign_up(uid, actor=charlie, now=NOW)
    signing.sign_up(uid, actor=alice, now=NOW, waits=True)
    if act == "moved-up":
        signing.give_up(uid, actor=charlie, now=NOW)
    elif act == "given-up":
        signing.give_up(uid, actor=alice, now=at(19, 2))
    elif act == "changed":
        inductions.change(uid, wish(world, slot(17, 19, 3), places=1), actor=bob, now=NOW)
    elif act == "cancelled":
        inductions.cancel(uid, reason="Bob is ill.", actor=bob, now=NOW)
    elif act == "too-few":
        assert sweeping_inductions.cancel_too_few(now=at(18, 2)) == 1
    elif act in OUTCOMES:
        outcome = {world.uids["alice"]: SignUpState(act)}
        judging.judge(uid, outcome, actor=bob, now=at(20, 3))
    with unit_of_work() as session:
        session.execute(update(InductionSession).where(InductionSession.uid == uid).values(uid=UID))
        hers = InductionSignUp.person_id == world.people["alice"]
        if act in {"cancelled", "too-few", "changed"}:
            session.execute(update(InductionSignUp).where(hers).values(invited_sequence=1))
    induction = reading().scalars(select(InductionSession).where(InductionSession.uid == UID)).one()
    mine = reading().scalars(select(InductionSignUp).where(hers)).one()
    of_session = act in {"cancelled", "too-few", "changed"}
    revision = induction.revision if of_session else mine.revision
    if act == "reminder":
        revision = induction.revision + mine.revision
    return {"session_uid": UID, "person_id": world.people["alice"], "revision": revision}


@dataclass(frozen=True)
class Case:
    """A fact, what makes it true, and when it is told."""

    fact: str
    make: Callable[[World], dict[str, object]]
    now: datetime = NOW
    place: int = 0
    """Which of the letters, where several people are told something else."""


# By the names of their snapshots.
CASES = {
    "SignedUp": Case("SignedUp", unconfirmed),
    "SignUpRepeated": Case("SignUpRepeated", account_fact),
    "PasswordResetAsked": Case("PasswordResetAsked", account_fact),
    "PasswordChanged": Case("PasswordChanged", account_fact),
    "ErasureAsked": Case("ErasureAsked", erasure_asked),
    "BookingConfirmed": Case("BookingConfirmed", booked),
    "BookingRequested": Case("BookingRequested", requested),
    "BookingApproved": Case("BookingApproved", approved),
    "BookingRejected": Case("BookingRejected", rejected),
    "BookingMoved": Case("BookingMoved", moved),
    "BookingCancelled": Case("BookingCancelled", cancelled),
    "BookingMissed": Case("BookingMissed", missed),
    "SeriesBooked": Case("SeriesBooked", partial(told_series, kind="SeriesBooked")),
    "SeriesMoved": Case("SeriesMoved", partial(told_series, kind="SeriesMoved")),
    "SeriesCancelled": Case("SeriesCancelled", partial(told_series, kind="SeriesCancelled")),
    "HandOverOffered": Case("HandOverOffered", offered),
    "HandOverDeclined": Case("HandOverDeclined", declined),
    "BookingHandedOver": Case("BookingHandedOver", taken),
    "HandedOver-by-staff": Case("BookingHandedOver", given_by_staff),
    "Strike-missed": Case("BookingMissed", struck, at(12)),
    "Strike-forgiven": Case("StrikeAnswered", partial(answered, forgive=True), at(12)),
    "Strike-upheld": Case("StrikeAnswered", partial(answered, forgive=False), at(12)),
    "OfferMade": Case("OfferMade", offer_made),
    "OfferLapsed": Case("OfferLapsed", partial(offer_lapsed, closed=False), at(9)),
    "OfferLapsed-kept": Case("OfferLapsed", partial(offer_lapsed, closed=True), at(9)),
    "WishRemoved": Case("WishRemoved", wish_removed),
    "ApplicantNudged": Case("ApplicantNudged", applying),
    "ApplicantAdmitted": Case("ApplicantAdmitted", applying),
    "CertificationGranted": Case("CertificationGranted", certifications.granted),
    "CertificationGranted-again": Case("CertificationGranted", certifications.renewed),
    "CertificationRevoked": Case("CertificationRevoked", certifications.revoked),
    "CertificationSuspended": Case("CertificationSuspended", certifications.suspended),
    "CertificationResumed": Case("CertificationResumed", certifications.resumed),
    "CertificationEnding": Case("CertificationEnding", certifications.ending),
    "CertificationEnding-unused": Case("CertificationEnding", certifications.ending_unused),
    "SignatureAsked": Case("SignatureAsked", newer_waiver),
    "GuardianInvited": Case("GuardianInvited", guardian_invited),
    "GuardianWithdrew": Case("GuardianWithdrew", guardian_withdrew),
    "GuardianWithdrew-staff": Case("GuardianWithdrew", guardian_withdrew, place=1),
    **{
        f"SubscriptionChanged-{act}": Case("SubscriptionChanged", partial(plans.told, act=act))
        for act in ("started", "renewed", "ending", "suspended", "resumed", "ended")
    },
    "PaymentRecorded": Case("PaymentRecorded", plans.paid),
    "StatementReady": Case("StatementReady", plans.month_over),
    "FirmMailGiven": Case("FirmMailGiven", partial(firms.told, act="founded")),
    "FirmPersonInvited": Case("FirmPersonInvited", partial(firms.told, act="invited")),
    "FirmPersonJoined": Case("FirmPersonJoined", partial(firms.told, act="joined")),
    "FirmPersonLeft": Case("FirmPersonLeft", partial(firms.told, act="left")),
    "IncidentReported": Case("IncidentReported", incidents.reported),
    "IncidentSolved": Case("IncidentSolved", partial(incidents.reported, solved=True)),
    "HarmReported": Case("HarmReported", incidents.harmed),
    "UpkeepDue": Case("UpkeepDue", incidents.due),
    "InductionSignedUp": Case("InductionSignedUp", partial(taught, act="place")),
    "InductionSignedUp-waiting": Case("InductionSignedUp", partial(taught, act="waiting")),
    "InductionMovedUp": Case("InductionMovedUp", partial(taught, act="moved-up")),
    "InductionGivenUp-late": Case("InductionGivenUp", partial(taught, act="given-up"), at(19, 2)),
    "InductionChanged": Case("InductionChanged", partial(taught, act="changed")),
    "InductionCancelled": Case("InductionCancelled", partial(taught, act="cancelled")),
    "Induction-too-few": Case("InductionCancelled", partial(taught, act="too-few"), at(18, 2)),
    "InductionPassed": Case("InductionPassed", partial(taught, act="certified"), at(20, 3)),
    "InductionNotPassed-again": Case("InductionNotPassed", partial(taught, act="again"), at(20, 3)),
    "InductionNotPassed-absent": Case(
        "InductionNotPassed", partial(taught, act="absent"), at(20, 3)
    ),
    "InductionReminderDue": Case("InductionReminderDue", partial(taught, act="reminder")),
    "ReminderDue": Case("ReminderDue", booked),
    "DigestDue": Case("DigestDue", own_week),
    "StaffDigestDue": Case("StaffDigestDue", staff_week),
    "CircularSent": Case("CircularSent", circular),
    "CaseActed-notice": Case("CaseActed", case_noticed),
    "CaseTermNear": Case("CaseTermNear", case_near),
}


def speak(language: str) -> None:
    with unit_of_work() as session:
        session.execute(update(Person).values(language=language))


def test_every_fact_that_is_told_has_its_snapshots() -> None:
    assert {case.fact for case in CASES.values()} == set(notices.TELLERS)
    assert {path.name.split(".")[0] for path in SNAPSHOTS.iterdir()} == set(CASES)


# The words are the same on every engine; that each fact is told on both is shown elsewhere.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("language", ["en", "it"])
@pytest.mark.parametrize("name", CASES)
def test_the_words_of_every_letter(world: World, name: str, language: str) -> None:
    speak(language)
    switch_everything_on(world)
    case = CASES[name]
    letter = notices.letters_for(case.fact, case.make(world), key="k", now=case.now)[case.place]
    message = letters.written(letter, SETTINGS, now=case.now)
    headers = ("To", "Reply-To", "Subject", "List-Unsubscribe", "List-Unsubscribe-Post")
    head = [f"{header}: {message[header]}" for header in headers if message[header]]
    compare(f"{name}.{language}.txt", "\n".join(head) + "\n\n" + letter.text)
    compare(f"{name}.{language}.html", letter.html + "\n")
    calendar = letter.calendar.body.decode().replace("\r\n", "\n") if letter.calendar else ""
    compare(f"{name}.{language}.ics", calendar)
    assert words_of(letter.html) == words_of(html.escape(letter.text))


def switch_everything_on(world: World) -> None:
    for person in ("alice", "bob"):
        choices = {LetterKind.DIGEST: ON, LetterKind.STAFF_DIGEST: ON}
        choose(choices, actor=world.actor(person), now=NOW)


def compare(name: str, told: str) -> None:
    """Compare with what was accepted; an empty part has no file."""
    path = SNAPSHOTS / name
    if os.environ.get(ACCEPT):
        path.write_text(told, encoding="utf-8") if told else path.unlink(missing_ok=True)
    accepted = path.read_text(encoding="utf-8") if path.exists() else ""
    assert told == accepted, f"{name}: `make accept` takes it over"


def words_of(page: str) -> list[str]:
    """Return what is read, so that both forms can be compared: addresses stand only in one."""
    page = re.sub(r"<title>.*</title>|https?://[^\s\"<]+", "", page)
    text = html.unescape(re.sub(r"<[^>]*>", " ", page))
    return re.findall(r"\w+", text)


def test_names_cannot_write_html(world: World) -> None:
    with unit_of_work() as session:
        session.execute(update(Person).values(name='<a href="http://evil">x</a>\r\nBcc: e@x'))
    (letter,) = notices.letters_for("PasswordChanged", account_fact(world), key="k", now=NOW)
    assert '<a href="http://evil' not in letter.html
    message = letters.written(letter, SETTINGS, now=NOW)
    assert message["Bcc"] is None


@pytest.mark.parametrize(
    ("starts_at", "expected"),
    [
        # 25 October 2026 in Rome: 02:30 happens twice.
        ("2026-10-25T00:30:00+00:00", "Sunday 25 October 2026, 02:30 CEST–02:30 CET"),
        ("2026-10-24T22:30:00+00:00", "Sunday 25 October 2026, 00:30–01:30"),
        # 28 March 2027: the clocks jump from 02:00 to 03:00.
        ("2027-03-28T00:30:00+00:00", "Sunday 28 March 2027, 01:30–03:30"),
        (
            "2026-12-31T22:30:00+00:00",
            "Thursday 31 December 2026, 23:30– Friday 1 January 2027, 00:30",
        ),
    ],
)
def test_times_are_those_of_the_clock_on_the_wall(
    world: World, starts_at: str, expected: str
) -> None:
    fact = booked(world)
    begins = datetime.fromisoformat(starts_at)
    values = {"starts_at": begins, "ends_at": begins + timedelta(hours=1)}
    with unit_of_work() as session:
        session.execute(update(Booking).values(**values))
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    (letter,) = notices.letters_for("BookingConfirmed", fact, key="k", now=long_ago)
    assert f"When: {expected}\n" in letter.text


def test_with_sites_in_several_zones_account_mails_say_utc(app: Flask, world: World) -> None:
    with unit_of_work() as session:
        session.execute(update(Site).where(Site.slug == "mhuma").values(zone="Asia/Tokyo"))
    (letter,) = notices.letters_for("PasswordChanged", account_fact(world), key="k", now=NOW)
    assert "Monday 23 November 2026, 08:00 UTC" in letter.text


def test_a_language_that_is_not_ours_becomes_italian(world: World) -> None:
    speak("fr")
    (letter,) = notices.letters_for("PasswordChanged", account_fact(world), key="k", now=NOW)
    assert 'lang="it"' in letter.html
    assert "novembre" in letter.text
