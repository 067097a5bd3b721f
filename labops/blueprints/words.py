"""Names of roles and scopes in the reader's language: what the database keeps is no word."""

from __future__ import annotations

from flask_babel import gettext as _

from labops.kernel.permissions import Role, Scope


def role_name(role: str) -> str:
    """Return the role in words."""
    names = {
        Role.TEACHER: _("teacher"),
        Role.STAFF: _("staff"),
        Role.MANAGER: _("manager"),
        Role.ADMIN: _("administrator"),
        Role.OFFICER: _("officer of the list"),
        Role.DECIDER: _("decider of the list"),
    }
    return str(names[Role(role)])


def scope_name(scope: str) -> str:
    """Return in words how much of a person's rights a token carries."""
    names = {
        Scope.READ: _("Read what I can read"),
        Scope.WRITE: _("Also book and change what is mine"),
        Scope.STAFF: _("Everything my roles allow"),
    }
    return str(names[Scope(scope)])
