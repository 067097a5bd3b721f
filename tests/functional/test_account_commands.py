"""`labops people create` and `labops tokens create` as the contract and README write them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from labops.cli import main
from labops.domain.people.models import Account, RoleGrant
from labops.domain.people.queries import of_token
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.permissions import Role, Scope
from tests.support.world import World

Run = Callable[..., Result]


@pytest.fixture
def run(world: World, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs a command on the world's database."""
    for name, value in (
        ("DATABASE_URL", database_url),
        ("DATA_DIR", str(tmp_path)),
        ("ENVIRONMENT", "testing"),
    ):
        monkeypatch.setenv(f"LABOPS_{name}", value)
    return lambda *words: CliRunner().invoke(main, words)


def test_a_token_has_the_scope_that_was_asked_for(run: Run) -> None:
    for scope in (None, *Scope):
        asked = ["--scope", scope.value] if scope else []
        answer = run("tokens", "create", "alice@example.org", *asked)
        assert answer.exit_code == 0, answer.output
        reading().rollback()
        holder = of_token(reading(), answer.stdout.split()[-1], now=clock.now())
        assert holder is not None
        assert holder.actor.scope is (scope or Scope.READ)
    assert run("tokens", "create", "alice@example.org", "--scope", "all").exit_code == 2


@pytest.mark.parametrize("role", list(Role))
def test_an_account_has_the_role_that_was_asked_for(run: Run, role: Role) -> None:
    words = ["--name", "You", "--role", role.value, "--site", "mhuma"]
    answer = run("people", "create", "you@example.org", *words)
    assert answer.exit_code == 0, answer.output
    reading().rollback()
    person = select(Account.person_id).where(Account.email == "you@example.org")
    found = reading().scalars(
        select(RoleGrant.role).where(RoleGrant.person_id == person.scalar_subquery())
    )
    assert found.all() == [role.value]
    assert "/t/" in answer.stdout
