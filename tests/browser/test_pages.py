"""Every main page, in both languages, at the widths of a phone and of a desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.browser.conftest import Visiting
from tests.browser.ground import Ground
from tests.browser.visits import Visit

pytestmark = pytest.mark.browser

Path = str | Callable[[Ground], str]


def why_not(machine: str, hour: int) -> str:
    """Return the address that asks every rule about an hour of the day after tomorrow."""
    day = datetime.now(UTC).date() + timedelta(days=2)
    times = f"starts_at={day}T{hour:02}:10:00Z&ends_at={day + timedelta(days=1)}T{hour:02}:00:00Z"
    return f"/bookings/why-not?machine={machine}&{times}"


NOBODY, MEMBER, STAFF = "", "rosa@example.org", "admin@example.org"
OFFERED, OFFICER = "paolo@example.org", "officer@example.org"
PAGES: dict[str, tuple[str, Path]] = {
    "home": (NOBODY, "/"),
    "sign-in": (NOBODY, "/sign-in"),
    "sign-up": (NOBODY, "/sign-up"),
    "home-member": (MEMBER, "/"),
    "calendar": (MEMBER, "/calendar?site=mhuma"),
    "calendar-week": (MEMBER, "/calendar?site=mhuma&view=week"),
    "calendar-list": (MEMBER, "/calendar?site=smart-city-lab&view=list"),
    "machines": (NOBODY, "/machines"),
    "machine": (MEMBER, "/machines/mhuma-laser-2"),
    "new-booking": (MEMBER, "/bookings/new?machine=mhuma-laser-1"),
    "why-not": (MEMBER, lambda _ground: why_not("mhuma-cnc-1", 21)),
    "find": (MEMBER, "/bookings/find?length=60"),
    "booking": (MEMBER, lambda ground: f"/bookings/{ground.coming_booking(MEMBER)}"),
    "bookings": (MEMBER, "/bookings"),
    "feeds": (MEMBER, "/feeds"),
    "profile": (MEMBER, "/profile"),
    "devices": (MEMBER, "/devices"),
    "tokens": (MEMBER, "/tokens"),
    "station": (MEMBER, lambda ground: f"/s/{ground.code('mhuma-laser-2')}"),
    "today": (STAFF, "/today?site=mhuma"),
    "numbers": (STAFF, "/numbers"),
    "display": (NOBODY, "/display/mhuma"),
    "machine-questions": (STAFF, "/machines/mhuma-laser-1/questions"),
    "messages": (STAFF, "/messages"),
    "people": (STAFF, "/people/"),
    "person": (STAFF, lambda ground: f"/people/{ground.person(MEMBER)}"),
    "site": (STAFF, "/sites/smart-city-lab"),
    "site-edit": (STAFF, "/sites/mhuma/edit"),
    "outside-calendar": (
        STAFF,
        lambda ground: f"/sites/mhuma/closures/calendars/{ground.outside_calendar('mhuma')}",
    ),
    "import": (STAFF, "/sites/mhuma/machines/import"),
    "machine-edit": (STAFF, "/machines/mhuma-laser-1/edit"),
}
# Their words are other pages' words, or staff's own: Italian speaks for both.
MORE_PAGES: dict[str, tuple[str, Path]] = {
    "forgotten": (NOBODY, "/forgotten-password"),
    "accessibility": (NOBODY, "/accessibility"),
    "privacy": (NOBODY, "/privacy"),
    "api-docs": (NOBODY, "/api/docs"),
    "not-found": (NOBODY, "/nowhere"),
    "site-visitor": (NOBODY, "/sites/mhuma"),
    "why-not-visitor": (NOBODY, lambda _ground: why_not("mhuma-laser-1", 21)),
    "machine-visitor": (NOBODY, "/machines/mhuma-laser-1"),
    "station-visitor": (NOBODY, lambda ground: f"/s/{ground.code('mhuma-laser-1')}"),
    "numbers-records": (STAFF, "/numbers/records?kind=used&site=mhuma"),
    "numbers-members": (STAFF, "/numbers/members"),
    "waiting": (OFFERED, "/waiting"),
    "waiting-new": (OFFERED, "/waiting/new?machine=mhuma-laser-1"),
    "waiting-list": (STAFF, "/waiting/list?site=mhuma"),
    "series": (STAFF, lambda ground: f"/series/{ground.series('staff@example.org')}"),
    "strikes": ("maker@example.org", "/strikes"),
    "strikes-contested": (STAFF, "/strikes/contested"),
    "approvals": (STAFF, "/approvals"),
    "maintenance": (STAFF, "/sites/mhuma/maintenance"),
    "maintenance-new": (STAFF, "/sites/mhuma/maintenance/new"),
    "letters": (MEMBER, "/letters"),
    "my-data": ("maker@example.org", "/profile/data"),
    "retention": (STAFF, "/retention"),
    "waivers": ("applicant@example.org", "/waivers"),
    "waivers-minor": ("giulia@example.org", "/waivers"),
    "waiver-sign": ("applicant@example.org", "/sites/mhuma/waivers/sicurezza/1/sign"),
    "waivers-staff": (STAFF, "/sites/mhuma/waivers"),
    "waiver-version": (STAFF, "/sites/mhuma/waivers/sicurezza/1"),
    "waiver-signatures": (STAFF, "/sites/mhuma/waivers/sicurezza/signatures"),
    "join": ("applicant@example.org", "/join"),
    "join-steps": ("applicant@example.org", "/join/mhuma"),
    "applicants": (STAFF, "/applicants?site=mhuma"),
    "onboarding": (STAFF, "/sites/mhuma/onboarding"),
    "person-limits": (STAFF, lambda ground: f"/people/{ground.person(MEMBER)}/limits"),
    "plans": (NOBODY, "/sites/mhuma/plans"),
    "plan-new": (STAFF, "/sites/mhuma/plans/new"),
    "account": ("maker@example.org", "/account?site=mhuma"),
    "skills": ("maker@example.org", "/skills"),
    "skill-card": ("maker@example.org", "/skills/card"),
    "quizzes": (MEMBER, "/quizzes"),
    "quizzes-taught": (STAFF, "/teaching/quizzes"),
    "quiz-numbers": (STAFF, "/teaching/quizzes/laser-cutting/numbers"),
    "machine-types": (STAFF, "/machine-types"),
    "machine-type": (STAFF, "/machine-types/laser"),
    "certify-many": (STAFF, "/certifications/many"),
    "backups": (STAFF, "/backups"),
    "circulars": (STAFF, "/circulars/"),
    "circular-new": (STAFF, "/circulars/new"),
    "member-lists": (STAFF, "/member-lists"),
    "member-file": (STAFF, "/sites/mhuma/members/file"),
    "merge": (STAFF, lambda ground: f"/people/{ground.person(MEMBER)}/merge"),
    "inductions": (MEMBER, "/inductions"),
    "induction": (MEMBER, lambda ground: f"/inductions/{ground.induction(held=False)}"),
    "induction-attendance": (
        STAFF,
        lambda ground: f"/inductions/{ground.induction(held=True)}/attendance",
    ),
    "card-checked": (NOBODY, lambda ground: f"/c/{ground.card('maker@example.org')}"),
    "quiz": (MEMBER, "/quizzes/laser-cutting"),
    "quiz-written": (STAFF, "/teaching/quizzes/laser-cutting"),
    "quiz-question": (STAFF, "/teaching/quizzes/laser-cutting/questions/pvc"),
    "plan-edit": (STAFF, "/sites/mhuma/plans/maker/edit"),
    "induction-new": (STAFF, "/sites/mhuma/inductions/new"),
    "firms": ("rosa@example.org", "/firms"),
    "firms-all": (STAFF, "/firms"),
    "firm-new": ("rosa@example.org", "/firms/new"),
    "report": (MEMBER, "/machines/mhuma-prusa-1/report"),
    "incidents": (STAFF, "/sites/mhuma/incidents"),
    "harm-new": (MEMBER, "/sites/mhuma/harm/new"),
    "harm": (STAFF, "/sites/mhuma/harm"),
    "rounds": (STAFF, "/sites/mhuma/rounds"),
    "parts": (STAFF, "/sites/mhuma/parts"),
    "machine-history": (STAFF, "/machines/mhuma-prusa-1/history"),
    "work-new": (STAFF, "/machines/mhuma-prusa-1/work/new"),
    "labs": (NOBODY, "/labs"),
    "open-data": (NOBODY, "/open-data/"),
    "calls": (NOBODY, "/calls"),
    "review": (OFFICER, "/review"),
    "review-numbers": (OFFICER, "/review/numbers"),
    "review-calls": (OFFICER, "/review/calls"),
    "labs-all": (OFFICER, "/labs/all"),
    "hours": (STAFF, "/sites/mhuma/hours"),
    "rules": (STAFF, "/sites/mhuma/rules"),
    "rules-kind": (STAFF, "/sites/mhuma/rules/category/laser"),
    "rules-part": (STAFF, "/sites/mhuma/rules/parts/hours"),
    "rules-limits": (STAFF, "/sites/mhuma/rules/category/laser/parts/limits"),
    "rules-quota": (STAFF, "/sites/mhuma/rules/entries/quotas/new"),
    "rules-timetable": (STAFF, "/sites/mhuma/rules/entries/timetables/new"),
    "rules-text": (STAFF, "/sites/mhuma/rules/text"),
    "rules-history": (STAFF, "/sites/mhuma/rules/history"),
    "rules-file": (STAFF, "/sites/mhuma/rules/file"),
    "spaces": (STAFF, "/sites/mhuma/spaces"),
    "closures": (STAFF, "/sites/mhuma/closures"),
    "outside-calendars": (STAFF, "/sites/mhuma/closures/calendars"),
    "stations": (STAFF, "/sites/mhuma/stations"),
    "machine-staff": (STAFF, "/machines/mhuma-cucito"),
    "machine-new": (STAFF, "/sites/mhuma/machines/new"),
}
CASES = [(name, language) for name in PAGES for language in ("it", "en")]
CASES += [(name, "it") for name in MORE_PAGES]
ANSWERS_404 = {"not-found"}


@pytest.fixture(scope="module")
def visits() -> dict[tuple[str, str], Visit]:
    """Return windows that stay open, by who sits at them and in which language."""
    return {}


@pytest.mark.parametrize(("name", "language"), CASES)
def test_page_serves_everybody(
    name: str,
    language: str,
    sqlite_ground: Ground,
    visiting: Visiting,
    visits: dict[tuple[str, str], Visit],
) -> None:
    who, path = (PAGES | MORE_PAGES)[name]
    visit = window(who, language, sqlite_ground, visiting, visits)
    visit.go(path if isinstance(path, str) else path(sqlite_ground))
    visit.choose_language()
    assert complaints(visit, name) == {}
    assert [fault for fault in visit.faults if not expected(fault, name)] == []


def write_circular(visit: Visit) -> None:
    """Let staff look at a letter before it leaves."""
    visit.go("/circulars/new?site=mhuma")
    visit.page.locator("[name=about]").first.check()
    for code in ("it", "en"):
        visit.page.locator(f"[name=subject_{code}]").fill("Chiuso sabato")
        visit.page.locator(f"[name=body_{code}]").fill("Sabato restiamo chiusi.\n\nA lunedì.")
    visit.page.locator("button[value=preview]").click()
    visit.page.locator("#preview").wait_for()


def bring_members(visit: Visit, text: str, heading: str) -> None:
    """Let staff have a member list looked at."""
    visit.go("/sites/mhuma/members/file")
    file = {"name": "m.csv", "mimeType": "text/csv", "buffer": text.encode()}
    visit.page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    visit.page.locator("button[value=check]").last.click()
    visit.page.locator(heading).wait_for()


def import_members(visit: Visit) -> None:
    """Let staff bring in two people, with the bar that moves."""
    bring_members(visit, MEMBERS, "#preview")
    visit.page.get_by_role("button", name="Importa").click()
    visit.page.locator("[data-import-after]").wait_for()


MEMBERS = "Nome,E-mail\nNuova Persona,nuova@example.org\nAltra Persona,altra@example.org\n"
SPOILT = "Nome,E-mail\nNuova Persona,nessuna posta\n"
ANSWERS: dict[str, Callable[[Visit], None]] = {
    "circular-seen": write_circular,
    "members-wrong": lambda visit: bring_members(visit, SPOILT, "#wrong"),
    "members-seen": lambda visit: bring_members(visit, MEMBERS, "#preview"),
    "members-imported": import_members,
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_a_form_answers_serves_everybody(
    name: str,
    sqlite_ground: Ground,
    visiting: Visiting,
    visits: dict[tuple[str, str], Visit],
) -> None:
    visit = window(STAFF, "it", sqlite_ground, visiting, visits)
    ANSWERS[name](visit)
    assert complaints(visit, name) == {}
    assert [fault for fault in visit.faults if "422" not in fault] == []


def window(
    who: str,
    language: str,
    ground: Ground,
    visiting: Visiting,
    visits: dict[tuple[str, str], Visit],
) -> Visit:
    """Return somebody's window, narrow; she signs in once."""
    if (who, language) not in visits:
        visits[who, language] = visiting(ground, language, 390)
        if who:
            visits[who, language].sign_in(who)
    visit = visits[who, language]
    visit.faults.clear()
    visit.resize(390)
    return visit


def complaints(visit: Visit, name: str) -> dict[int, list[str]]:
    """Return what is wrong with the page at each width where anything is."""
    language = visit.language
    wrong = {}
    for width in (390, 1280):
        visit.resize(width)
        visit.picture(f"page-{name}")
        wrong[width] = visit.complaints(whole=language == "it")
    visit.resize(320)
    wrong[320] = visit.misfits()

    return {width: found for width, found in wrong.items() if found}


def expected(fault: str, name: str) -> bool:
    return name in ANSWERS_404 and "404" in fault
