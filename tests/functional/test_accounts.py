"""Accounts as people use them, on both engines."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from labops.adapters import links
from labops.blueprints.paths import safe_path
from labops.domain.people.models import Account, SignIn
from labops.kernel.db import reading
from labops.kernel.outbox import OutboxMessage
from tests.support.forms import post
from tests.support.world import PASSWORD, World

NEW = {"name": "Zoe Neri", "email": "Zoe@Example.org", "password": "four words are easy"}


def account(email: str) -> Account:
    """Return an account as it stands now."""
    session = reading()
    session.rollback()
    return session.scalars(select(Account).where(Account.email == email)).one()


def path_of(link: str) -> str:
    """Return a link without the host."""
    return link.removeprefix("http://localhost")


def test_from_stranger_to_signed_in_and_out(client: FlaskClient, world: World) -> None:
    answer = post(client, "/sign-up", "/sign-up", NEW)
    assert answer.status_code == 200
    zoe = account("zoe@example.org")
    assert "SignedUp" in reading().scalars(select(OutboxMessage.kind)).all()
    sign_in = {"email": NEW["email"], "password": NEW["password"]}
    refused = post(client, "/sign-in", "/sign-in", sign_in)
    assert refused.status_code == 422
    assert "Confirm your address" in refused.text or "conferma" in refused.text.lower()
    link = path_of(links.confirmation_link(zoe.id, zoe.credentials_revision))
    assert client.get(link).status_code == 200
    assert account("zoe@example.org").email_confirmed_at is None
    assert post(client, link, link).status_code == 303
    entered = post(client, "/sign-in?next=/profile", "/sign-in", sign_in)
    assert (entered.status_code, entered.headers["Location"]) == (303, "/profile")
    assert "Zoe Neri" in client.get("/profile").text
    assert client.get("/devices").status_code == 200
    assert post(client, "/profile", "/sign-out").status_code == 303
    assert client.get("/profile").status_code == 401


def test_an_unknown_address_and_a_wrong_password_look_the_same(
    client: FlaskClient, world: World
) -> None:
    texts = []
    for email in ("alice@example.org", "nobody@example.org"):
        answer = post(
            client, "/sign-in", "/sign-in", {"email": email, "password": "wrong wrong wrong"}
        )
        assert answer.status_code == 422
        texts.append(answer.text.replace(email, "").split("<main", 1)[1])
    strip = [t.split('name="csrf_token"')[0] for t in texts]
    assert strip[0] == strip[1]
    known = post(
        client, "/forgotten-password", "/forgotten-password", {"email": "alice@example.org"}
    )
    unknown = post(
        client, "/forgotten-password", "/forgotten-password", {"email": "no@example.org"}
    )
    assert known.status_code == unknown.status_code == 200
    assert (
        post(client, "/sign-up", "/sign-up", NEW | {"email": "alice@example.org"}).status_code
        == 200
    )
    kinds = reading().scalars(select(OutboxMessage.kind)).all()
    assert sorted(kinds) == ["PasswordResetAsked", "SignUpRepeated"]


def test_a_new_password_ends_sign_ins_and_older_links(app: Flask, world: World) -> None:
    browser = world.browser(app, "alice")
    assert browser.get("/profile").status_code == 200
    alice = account("alice@example.org")
    link = path_of(links.reset_link(alice.id, alice.credentials_revision))
    stranger = app.test_client()
    short = post(stranger, link, link, {"password": "short"})
    assert short.status_code == 422
    assert post(stranger, link, link, {"password": "a wholly new password"}).status_code == 303
    assert browser.get("/profile").status_code == 401
    again = stranger.post(link, data={"password": "another new password"})
    assert again.status_code in {400, 404}
    ghost = path_of(links.reset_link(999, 0))
    assert post(stranger, ghost, ghost, {"password": "a wholly new password"}).status_code == 404
    answer = post(
        stranger, "/sign-in", "/sign-in", {"email": "alice@example.org", "password": PASSWORD}
    )
    assert answer.status_code == 422


def test_a_sign_in_link_works_once(app: Flask, world: World) -> None:
    nina = account("nina@example.org")
    link = path_of(links.sign_in_link(nina.id, nina.credentials_revision))
    first, second = app.test_client(), app.test_client()
    assert post(first, link, link).status_code == 303
    assert first.get("/profile").status_code == 200
    assert post(second, link, link).status_code == 404
    assert client_status(second, "/t/nonsense/confirm") == 404


def client_status(client: FlaskClient, path: str) -> int:
    """Return the status of a page."""
    return client.get(path).status_code


def test_devices_end_one_by_one_and_never_somebody_elses(app: Flask, world: World) -> None:
    here, there = world.browser(app, "alice"), world.browser(app, "alice")
    other = world.browser(app, "charlie")
    alice = account("alice@example.org")
    rows = (
        reading()
        .scalars(select(SignIn.id).where(SignIn.account_id == alice.id).order_by(SignIn.id))
        .all()
    )
    assert post(other, "/devices", f"/devices/{rows[1]}/end").status_code == 404
    assert post(here, "/devices", f"/devices/{rows[1]}/end").status_code == 303
    assert there.get("/profile").status_code == 401
    assert here.get("/profile").status_code == 200


def test_a_token_is_shown_once_and_revoked(app: Flask, world: World) -> None:
    browser = world.browser(app, "alice")
    made = post(browser, "/tokens", "/tokens", {"label": "script", "scope": "write", "days": "30"})
    secret = made.text.split("<code>")[1].split("</code>")[0]
    assert secret not in browser.get("/tokens").text
    headers = {"Authorization": f"Bearer {secret}"}
    program = app.test_client()
    assert program.get("/api/v1/bookings?mine=1", headers=headers).status_code == 200
    staff = post(browser, "/tokens", "/tokens", {"label": "x", "scope": "staff"})
    assert staff.status_code == 422
    assert post(browser, "/tokens", "/tokens/1/revoke").status_code == 303
    assert program.get("/api/v1/bookings?mine=1", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "\\\\evil.example",
        "evil",
        "/%5cevil.example",
        "/%2f/evil.example",
        "/\tevil",
        "/a\nb",
        "javascript:alert(1)",
        "",
        "/%255cevil.example",
    ],
)
def test_no_address_leads_away(wanted: str) -> None:
    assert safe_path(wanted) == "/"


def test_our_own_paths_are_kept() -> None:
    assert safe_path("/machines/laser?day=1#top") == "/machines/laser?day=1#top"


def test_writes_from_another_site_are_refused(app: Flask, world: World) -> None:
    browser = world.browser(app, "alice")
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert post(browser, "/profile", "/sign-out", headers=headers).status_code == 403
    assert browser.post("/sign-out").status_code == 400
    assert browser.get("/profile").status_code == 200
