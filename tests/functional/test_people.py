"""Staff look after people; others do not even see them."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select, update

from labops.domain.bookings import services
from labops.domain.bookings.commands import Book
from labops.domain.bookings.person_facts import standing
from labops.domain.certifications.models import Certification
from labops.domain.house_rules.services import SaveRules, add_version
from labops.domain.memberships.models import Membership
from labops.domain.memberships.services import add_membership
from labops.domain.people.models import Person, RoleGrant
from labops.kernel import clock
from labops.kernel.db import reading, unit_of_work
from labops.kernel.permissions import SYSTEM
from tests.support.forms import post
from tests.support.world import World, next_slot


def fresh() -> object:
    """Return a session that sees what web requests wrote."""
    reading().rollback()
    return reading()


def test_staff_make_members_certify_and_suspend(app: Flask, world: World) -> None:
    bob, uid = world.browser(app, "bob"), world.uids["nina"]
    page = f"/people/{uid}"
    assert "Nina" in bob.get("/people/?q=nin").text
    made = post(bob, page, f"{page}/member", {"site": "mhuma", "starts_on": "2026-11-01"})
    assert made.status_code == 303
    certified = post(
        bob, page, f"{page}/certify", {"machine_type": "laser", "starts_on": "2026-11-01"}
    )
    assert certified.status_code == 303
    nina = world.people["nina"]
    session = fresh()
    assert (
        session.scalars(select(Membership.state).where(Membership.person_id == nina)).one()
        == "active"
    )
    grant = session.scalars(select(Certification).where(Certification.person_id == nina)).one()
    assert (
        post(bob, page, f"{page}/certifications/{grant.id}/revoke", {"reason": ""}).status_code
        == 303
    )
    assert (
        fresh().scalars(select(Certification.revoked_at).where(Certification.id == grant.id)).one()
        is None
    )
    post(bob, page, f"{page}/certifications/{grant.id}/revoke", {"reason": "unsafe"})
    assert fresh().get(Certification, grant.id).revoked_reason == "unsafe"
    bad = post(
        bob, page, f"{page}/suspend", {"site": "mhuma", "until": "2027-03-28T02:30", "reason": "x"}
    )
    assert bad.status_code == 422
    assert "03:30" in bad.text
    good = post(
        bob,
        page,
        f"{page}/suspend",
        {"site": "mhuma", "until": "2027-03-29T02:30", "reason": "Late"},
    )
    assert good.status_code == 303
    assert fresh().get(Person, nina).suspension_reason == "Late"
    post(bob, page, f"{page}/suspend/lift", {"site": "mhuma"})
    assert fresh().get(Person, nina).suspended_until is None


def test_what_was_typed_is_kept_when_refused(app: Flask, world: World) -> None:
    bob, page = world.browser(app, "bob"), f"/people/{world.uids['nina']}"
    answer = post(
        bob,
        page,
        f"{page}/member",
        {"site": "mhuma", "starts_on": "2026-11-20", "ends_on": "2026-11-01"},
    )
    assert answer.status_code == 422
    assert 'value="2026-11-20"' in answer.text


def test_rights_end_at_the_site(app: Flask, world: World) -> None:
    dora, page = world.browser(app, "dora"), f"/people/{world.uids['nina']}"
    refused = post(dora, page, f"{page}/member", {"site": "mhuma", "starts_on": "2026-11-01"})
    assert refused.status_code in {403, 422}
    assert (
        fresh()
        .scalars(select(Membership).where(Membership.person_id == world.people["nina"]))
        .all()
        == []
    )
    assert post(dora, page, f"{page}/roles", {"role": "staff", "site": "mhuma"}).status_code == 403


def test_of_bookings_staff_see_those_to_come_at_their_site(app: Flask, world: World) -> None:
    alice, now = world.actor("alice"), clock.now()
    add_to(world, "alice", "smart-city-lab")
    kept, given_up, elsewhere = (
        services.book(Book(machines=(machine,), slot=next_slot(hour)), actor=alice, now=now)
        for machine, hour in (("printer", 10), ("printer", 12), ("printer-scl", 14))
    )
    services.cancel(given_up, actor=alice, now=now)
    page = f"/people/{world.uids['alice']}"
    seen = {name: world.browser(app, name).get(page).text for name in ("bob", "dora", "eva")}
    shown = {
        name: {uid for uid in (kept, given_up, elsewhere) if uid in text}
        for name, text in seen.items()
    }
    assert shown == {"bob": {kept}, "dora": {elsewhere}, "eva": {kept, elsewhere}}


def add_to(world: World, name: str, site: str) -> None:
    """Make somebody a member of one more site."""
    with unit_of_work() as session:
        person = session.get_one(Person, world.people[name])
        add_membership(
            session,
            person,
            world.sites[site],
            starts_on=date(2026, 1, 1),
            ends_on=None,
            actor=SYSTEM,
            now=clock.now(),
        )


def test_admins_give_and_take_roles(app: Flask, world: World) -> None:
    eva, page = world.browser(app, "eva"), f"/people/{world.uids['nina']}"
    assert post(eva, page, f"{page}/roles", {"role": "teacher", "site": "mhuma"}).status_code == 303
    assert post(eva, page, f"{page}/roles", {"role": "admin", "site": "mhuma"}).status_code == 422
    query = select(RoleGrant.role).where(RoleGrant.person_id == world.people["nina"])
    assert fresh().scalars(query).all() == ["teacher"]
    post(eva, page, f"{page}/roles/take", {"role": "teacher", "site": "mhuma"})
    assert fresh().scalars(query).all() == []


@pytest.mark.parametrize(("language", "word"), [("it", "personale"), ("en", "staff")])
def test_roles_are_said_in_words(app: Flask, world: World, language: str, word: str) -> None:
    with unit_of_work() as session:
        session.execute(update(Person).values(language=language))
    page = world.browser(app, "eva").get(f"/people/{world.uids['bob']}").text
    roles = page.partition('id="roles"')[2]
    assert f"{word}, MHUMA" in roles
    assert f'<option value="staff">{word}</option>' in roles
    own = world.browser(app, "bob").get("/profile").text.partition('id="roles"')[2]
    assert f"<li>{word}, MHUMA</li>" in own


def test_what_a_token_may_do_is_said_in_words(app: Flask, world: World) -> None:
    world.token("bob")
    cells = world.browser(app, "bob").get("/tokens").text.partition("<tbody>")[2]
    assert "Everything my roles allow</td>" in cells
    assert ">staff</td>" not in cells


def test_members_and_strangers_see_nobody(app: Flask, world: World) -> None:
    page = f"/people/{world.uids['alice']}"
    for who in ("alice", "charlie", "sam", "nina"):
        browser = world.browser(app, who)
        assert browser.get("/people/").status_code == 403
        assert browser.get(page).status_code == 403
        assert browser.get("/people/export.csv").status_code == 403
    assert app.test_client().get(page).status_code == 401
    assert world.browser(app, "bob").get("/people/unknown").status_code == 404


def test_what_house_rules_know_of_a_person_is_set_on_a_page(app: Flask, world: World) -> None:
    quota = {"name": "weekly", "minutes": 60, "window": "week", "scope": "site"}
    with unit_of_work() as session:
        rules = SaveRules(site_id=world.sites["mhuma"], data={"quotas": [quota]})
        add_version(session, rules, actor=SYSTEM, now=clock.now())
    bob, uid = world.browser(app, "bob"), world.uids["alice"]
    page, mhuma = f"/people/{uid}/limits", str(world.sites["mhuma"])

    def send(what: str, **data: object) -> int:
        return post(bob, page, f"{page}/{what}", data).status_code

    assert send("place", site=mhuma, plan="Pro Plan", groups="students") == 422
    assert send("place", site=mhuma, plan="pro", groups="students, residents") == 303
    assert send("birth-date", site=mhuma, born_on="2999-01-01") == 422
    assert send("birth-date", site=mhuma, born_on="2009-05-17") == 303
    assert send("restrict", site=mhuma, machines=["laser"], reason="") == 422
    assert send("restrict", site=mhuma, machines=["laser-scl"], reason="x") == 422
    assert send("restrict", site=mhuma, machines=["laser"], reason="left a mess") == 303
    assert send("top-up", quota=f"{mhuma}:weekly", starts_on="2026-01-01", reason="exam") == 422
    assert (
        send("top-up", quota=f"{mhuma}:weekly", hours="1.5", starts_on="2026-01-01", reason="exam")
        == 303
    )
    shown = bob.get(page).text
    for words in ("pro, residents, students", "2009-05-17", "only laser", "left a mess", "exam"):
        assert words in shown
    day = next_slot(10)
    _revision, facts = standing(
        reading(), world.people["alice"], int(mhuma), day, ZoneInfo("Europe/Rome")
    )
    assert (facts.plan, facts.groups) == ("pro", frozenset({"students", "residents"}))
    assert [one.machines for one in facts.restrictions] == [("laser",)]
    assert facts.top_ups == {"weekly": timedelta(minutes=90)}
    assert facts.age is not None
    lift = shown.split("/lift")[0].rsplit('action="', 1)[1] + "/lift"
    assert post(bob, page, lift).status_code == 303
    assert "left a mess" not in bob.get(page).text
    assert world.browser(app, "alice").get(page).status_code == 403
    other = world.browser(app, "dora")
    assert "exam" not in other.get(page).text
    assert post(other, page, f"{page}/place", {"site": mhuma, "plan": "x"}).status_code in {
        403,
        422,
    }
