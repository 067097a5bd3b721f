"""Many people written at once: a few statements for hundreds of lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from labops.domain.certifications.models import Certification
from labops.domain.machines.models import MachineType
from labops.domain.member_lists.matching import MEMBERSHIP, PERSONAL, PROFILE, Known
from labops.domain.member_lists.values import CERTIFICATION, PlannedLine, Step
from labops.domain.memberships.models import Membership
from labops.domain.memberships.states import MembershipState
from labops.domain.people.models import Account, Person, Profile
from labops.kernel.audit import AuditEntry
from labops.kernel.ids import new_uid
from labops.kernel.orm import Base
from labops.kernel.permissions import Actor

Rows = list[dict[str, Any]]
_EMPTY_PROFILE = dict.fromkeys(
    (*PROFILE, "street", "postcode", "town", "tax_code", "accessibility"), ""
)


class Writer:
    """Writes planned lines inside the caller's transaction."""

    def __init__(
        self,
        session: Session,
        site_id: int,
        known: Mapping[int, Known],
        *,
        actor: Actor,
        now: datetime,
        today: date,
    ) -> None:
        self.session = session
        self.site_id = site_id
        self.known = known
        self.actor = actor
        self.now = now
        self.today = today
        self.types: dict[str, int] = {
            row[0]: row[1] for row in session.execute(select(MachineType.slug, MachineType.id))
        }

    def write(self, plans: Sequence[PlannedLine]) -> None:
        """Write what the lines create and change."""
        new = [plan for plan in plans if plan.step is Step.CREATE]
        changed = [plan for plan in plans if plan.step is Step.UPDATE]
        ids, uids = self._add_people(new)
        for plan in changed:
            assert plan.person_id is not None  # noqa: S101 - what is changed is known
            ids.append(plan.person_id)
            uids.append(self.known[plan.person_id].uid)
        everybody = [*new, *changed]
        self._change_people(changed)
        self._add_accounts(everybody, ids)
        self._write_profiles(everybody, ids)
        self._write_memberships(everybody, ids)
        self._add_certifications(everybody, ids)
        self._audit(everybody, uids)

    def _insert(self, table: type[Base], rows: Rows) -> None:
        if rows:
            self.session.execute(insert(table), rows)

    def _update(self, table: type[Base], rows: Rows) -> None:
        if rows:
            self.session.execute(update(table), rows)

    def _add_people(self, plans: Sequence[PlannedLine]) -> tuple[list[int], list[str]]:
        rows = [
            {
                "uid": new_uid(),
                "name": plan.line.name,
                "language": plan.line.fields.get("language", "it"),
                "born_on": plan.line.fields.get("born_on"),
                "created_at": self.now,
            }
            for plan in plans
        ]
        if not rows:
            return [], []
        self._insert(Person, rows)
        uids = [row["uid"] for row in rows]
        made = self.session.execute(select(Person.uid, Person.id).where(Person.uid.in_(uids)))
        ids = {row[0]: row[1] for row in made}
        return [ids[uid] for uid in uids], uids

    def _change_people(self, plans: Sequence[PlannedLine]) -> None:
        rows: Rows = []
        for plan in plans:
            if set(plan.changes) & set(PERSONAL):
                person = self._known(plan)
                values = {
                    name: plan.line.fields.get(name, getattr(person, name)) for name in PERSONAL
                }
                rows.append({"id": person.id, **values})
        self._update(Person, rows)

    def _add_accounts(self, plans: Sequence[PlannedLine], ids: Sequence[int]) -> None:
        rows = [
            {
                "person_id": person_id,
                "email": plan.line.email,
                "created_at": self.now,
                "credentials_revision": 0,
            }
            for plan, person_id in zip(plans, ids, strict=True)
            if plan.line.email and (plan.step is Step.CREATE or "email" in plan.changes)
        ]
        self._insert(Account, rows)

    def _write_profiles(self, plans: Sequence[PlannedLine], ids: Sequence[int]) -> None:
        new: Rows = []
        changed: Rows = []
        for plan, person_id in zip(plans, ids, strict=True):
            said = {name: plan.line.fields[name] for name in PROFILE if name in plan.line.fields}
            person = self.known.get(person_id)
            if not said or (person and not set(plan.changes) & set(PROFILE)):
                continue
            row: dict[str, Any] = {"person_id": person_id, "revised_at": self.now}
            if person is None or not person.has_profile:
                new.append(row | _EMPTY_PROFILE | said)
            else:
                changed.append(row | {name: getattr(person, name) for name in PROFILE} | said)
        self._insert(Profile, new)
        self._update(Profile, changed)

    def _write_memberships(self, plans: Sequence[PlannedLine], ids: Sequence[int]) -> None:
        new: Rows = []
        changed: Rows = []
        for plan, person_id in zip(plans, ids, strict=True):
            said = {
                column: plan.line.fields[name]
                for name, column in MEMBERSHIP.items()
                if name in plan.line.fields
            }
            if "groups" in said:
                said["groups"] = list(said["groups"])
            person = self.known.get(person_id)
            if person is None or person.membership_id is None:
                new.append(self._new_membership(person_id, said))
            elif set(plan.changes) & set(MEMBERSHIP):
                changed.append(_changed_membership(person, said, plan))
        self._insert(Membership, new)
        self._update(Membership, changed)

    def _new_membership(self, person_id: int, said: dict[str, Any]) -> dict[str, Any]:
        ends_on = said.get("ends_on")
        return {
            "person_id": person_id,
            "site_id": self.site_id,
            "state": MembershipState.ACTIVE,
            "starts_on": min(self.today, ends_on) if ends_on else self.today,
            "ends_on": None,
            "created_at": self.now,
            "plan": "",
            "groups": [],
        } | said

    def _add_certifications(self, plans: Sequence[PlannedLine], ids: Sequence[int]) -> None:
        rows: Rows = []
        for plan, person_id in zip(plans, ids, strict=True):
            for slug, until in plan.line.certifications.items():
                if plan.step is Step.UPDATE and f"{CERTIFICATION}{slug}" not in plan.changes:
                    continue
                rows.append(
                    {
                        "person_id": person_id,
                        "machine_type_id": self.types[slug],
                        "starts_on": min(self.today, until) if until else self.today,
                        "ends_on": until,
                        "evidence": "",
                        "granted_by_id": self.actor.person_id,
                        "granted_at": self.now,
                    }
                )
        self._insert(Certification, rows)

    def _audit(self, plans: Sequence[PlannedLine], uids: Sequence[str]) -> None:
        rows = [
            {
                "at": self.now,
                "person_id": self.actor.person_id,
                "actor": self.actor.label[:60],
                "action": "person.imported",
                "subject": f"person:{uid}",
                "before": {},
                "after": {
                    "site_id": self.site_id,
                    "line": plan.line.number,
                    "fields": sorted(plan.changes or plan.line.fields),
                },
                "reason": "",
            }
            for plan, uid in zip(plans, uids, strict=True)
        ]
        self._insert(AuditEntry, rows)

    def _known(self, plan: PlannedLine) -> Known:
        assert plan.person_id is not None  # noqa: S101 - what is changed is known
        return self.known[plan.person_id]


def _changed_membership(person: Known, said: dict[str, Any], plan: PlannedLine) -> dict[str, Any]:
    """Return the membership's row; an ended one runs when its days are others now."""
    row = {"id": person.membership_id, **person.membership, **said}
    idle = row["state"] in (MembershipState.APPLICANT, MembershipState.ENDED)
    if idle and {"member_from", "member_until"} & set(plan.changes):
        row["state"] = MembershipState.ACTIVE
    return row
