"""Who may do what. Nothing granted means nothing allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from labops.kernel.errors import Forbidden, NotSignedIn


class Permission(StrEnum):
    """Everything that needs a right, as `thing:action`, in alphabetical order."""

    ACCOUNT_SUSPEND = "account:suspend"
    APPLICATION_DECIDE = "application:decide"
    APPLICATION_REVIEW = "application:review"
    APPLICATION_SEE = "application:see"
    BACKUP_TAKE = "backup:take"
    BOOKING_APPROVE = "booking:approve"
    BOOKING_EDIT_OTHERS = "booking:edit-others"
    BOOKING_OVERRIDE = "booking:override"
    BOOKING_SEE_NAMES = "booking:see-names"
    CALL_EDIT = "call:edit"
    CATALOGUE_IMPORT = "catalogue:import"
    CERTIFICATION_GRANT = "certification:grant"
    CIRCULAR_SEND = "circular:send"
    CLOSURE_EDIT = "closure:edit"
    FIRM_SEE = "firm:see"
    HARM_SEE = "harm:see"
    INDUCTION_EDIT = "induction:edit"
    KIOSK_ENROL = "kiosk:enrol"
    LAB_EDIT = "lab:edit"
    MACHINE_EDIT = "machine:edit"
    MEMBERSHIP_GRANT = "membership:grant"
    NOTE_SEE_ALL = "note:see-all"
    NOTE_WRITE = "note:write"
    OUTBOX_SEE = "outbox:see"
    PAYMENT_RECORD = "payment:record"
    PERSON_EDIT = "person:edit"
    PERSON_ERASE = "person:erase"
    PERSON_MERGE = "person:merge"
    PERSON_SEE = "person:see"
    PLAN_EDIT = "plan:edit"
    QUIZ_EDIT = "quiz:edit"
    RETENTION_EDIT = "retention:edit"
    ROLE_GRANT = "role:grant"
    RULES_EDIT = "rules:edit"
    SITE_EDIT = "site:edit"
    STATION_EDIT = "station:edit"
    STRIKE_FORGIVE = "strike:forgive"
    VISIT_OVERRIDE = "visit:override"
    VISIT_RECORD = "visit:record"
    VISIT_SEE = "visit:see"


class Role(StrEnum):
    """A named set of permissions, at one site or (admin, officer, decider) over all."""

    TEACHER = "teacher"
    STAFF = "staff"
    MANAGER = "manager"
    ADMIN = "admin"
    OFFICER = "officer"
    DECIDER = "decider"


_TEACHER = frozenset(
    {
        Permission.CERTIFICATION_GRANT,
        Permission.INDUCTION_EDIT,
        Permission.NOTE_WRITE,
        Permission.PERSON_SEE,
        Permission.QUIZ_EDIT,
    }
)
_STAFF = _TEACHER | {
    Permission.ACCOUNT_SUSPEND,
    Permission.BOOKING_APPROVE,
    Permission.BOOKING_EDIT_OTHERS,
    Permission.BOOKING_OVERRIDE,
    Permission.BOOKING_SEE_NAMES,
    Permission.CIRCULAR_SEND,
    Permission.CLOSURE_EDIT,
    Permission.FIRM_SEE,
    Permission.KIOSK_ENROL,
    Permission.MACHINE_EDIT,
    Permission.MEMBERSHIP_GRANT,
    Permission.OUTBOX_SEE,
    Permission.PAYMENT_RECORD,
    Permission.PERSON_EDIT,
    Permission.STATION_EDIT,
    Permission.STRIKE_FORGIVE,
    Permission.VISIT_OVERRIDE,
    Permission.VISIT_RECORD,
    Permission.VISIT_SEE,
}
# A screen at a door lets people in and out, and holds the list of who is in for the fire brigade.
KIOSK_PERMISSIONS = frozenset({Permission.VISIT_RECORD, Permission.VISIT_SEE})
_MANAGER = _STAFF | {
    Permission.HARM_SEE,
    Permission.NOTE_SEE_ALL,
    Permission.PERSON_MERGE,
    Permission.PLAN_EDIT,
    Permission.ROLE_GRANT,
    Permission.RULES_EDIT,
    Permission.SITE_EDIT,
}

ROLE_PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.TEACHER: _TEACHER,
    Role.STAFF: _STAFF,
    Role.MANAGER: _MANAGER,
    Role.ADMIN: frozenset(Permission),
    Role.OFFICER: frozenset(
        {
            Permission.APPLICATION_REVIEW,
            Permission.APPLICATION_SEE,
            Permission.CALL_EDIT,
            Permission.FIRM_SEE,
            Permission.LAB_EDIT,
        }
    ),
    Role.DECIDER: frozenset({Permission.APPLICATION_DECIDE, Permission.APPLICATION_SEE}),
}
SITE_ROLES = frozenset({Role.TEACHER, Role.STAFF, Role.MANAGER})


class Scope(StrEnum):
    """How much of a person's rights an API token carries."""

    READ = "read"
    WRITE = "write"
    STAFF = "staff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts: made once per web request, job or command, and passed on as a value."""

    person_id: int | None = None
    label: str = "nobody"
    everywhere: frozenset[Permission] = frozenset()
    at_sites: Mapping[int, frozenset[Permission]] = field(default_factory=dict)
    scope: Scope = Scope.STAFF
    suspended: bool = False

    @property
    def signed_in(self) -> bool:
        """Say whether there is a person behind the actor."""
        return self.person_id is not None

    def may(self, permission: Permission, site_id: int | None) -> bool:
        """Say whether the permission is granted at the site (`None`: over all sites)."""
        if self.scope is not Scope.STAFF or self.suspended:
            return False
        if permission in self.everywhere:
            return True
        return site_id is not None and permission in self.at_sites.get(site_id, frozenset())

    def may_somewhere(self, permission: Permission) -> bool:
        """Say whether the permission is granted at any site at all."""
        if self.scope is not Scope.STAFF or self.suspended:
            return False
        return permission in self.everywhere or any(
            permission in granted for granted in self.at_sites.values()
        )

    def sites_where(self, permission: Permission) -> frozenset[int] | None:
        """Return the sites where the permission is granted; `None` means every site."""
        if self.scope is not Scope.STAFF or self.suspended:
            return frozenset()
        if permission in self.everywhere:
            return None
        return frozenset(site for site, granted in self.at_sites.items() if permission in granted)

    def owns(self, person_id: int) -> bool:
        """Say whether the thing belongs to the person who acts."""
        return self.person_id is not None and self.person_id == person_id

    def require_person(self) -> int:
        """Return the person's id; raises `NotSignedIn` when there is nobody."""
        if self.person_id is None:
            raise NotSignedIn
        return self.person_id

    def require_write(self) -> None:
        """Raise `Forbidden` when the actor came with a token that may only read."""
        if self.scope is Scope.READ:
            raise Forbidden

    def require(self, permission: Permission, site_id: int | None) -> None:
        """Raise `NotSignedIn` or `Forbidden` unless the permission is granted at the site."""
        if not self.may(permission, site_id):
            raise Forbidden if self.signed_in else NotSignedIn


NOBODY = Actor()
SYSTEM = Actor(label="system", everywhere=frozenset(Permission))
