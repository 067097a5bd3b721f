"""Use cases of spaces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from labops.domain.sites.models import Site
from labops.domain.spaces.models import Bookable, Space
from labops.kernel import audit
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.ids import slug_of
from labops.kernel.permissions import Actor, Permission
from labops.kernel.text import one_line

MOST_PEOPLE = 10_000  # a sane building


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeSpace:
    """What a space is called and how many people it holds.

    `people_capacity` is how many people bookings may bring at once; without it nobody counts.
    """

    name: str
    capacity: int = 1
    description: str = ""
    people_capacity: int | None = None


def open_space(site_id: int, command: DescribeSpace, *, actor: Actor, now: datetime) -> int:
    """Add a space to a site and return its id; raises `Invalid` for an empty name."""
    actor.require(Permission.SITE_EDIT, site_id)
    with unit_of_work() as session:
        return add_space(session, site_id, command, actor=actor, now=now).id


def describe_space(space_id: int, command: DescribeSpace, *, actor: Actor, now: datetime) -> None:
    """Change a space's name, capacity and description."""
    with unit_of_work() as session:
        space = session.get(Space, space_id)
        if space is None or not actor.may(Permission.SITE_EDIT, space.site_id):
            raise NotFound
        _write(space, command, now)
        # Calendars show its name, so that they fetch it.
        session.execute(
            update(Site).where(Site.id == space.site_id).values(revision=Site.revision + 1)
        )
        audit.record(session, actor, "space.described", f"space:{space.slug}", now=now)


def add_space(
    session: Session, site_id: int, command: DescribeSpace, *, actor: Actor, now: datetime
) -> Space:
    """Add a space inside the caller's transaction."""
    space = Space(site_id=site_id, slug=free_slug(session, command.name))
    _write(space, command, now)
    session.add(space)
    session.flush()  # machines need its id
    audit.record(session, actor, "space.added", f"space:{space.slug}", now=now)
    return space


def free_slug(session: Session, name: str) -> str:
    """Return an address part made of the name that no bookable has yet."""
    base = slug_of(name) or "space"
    taken = set(session.scalars(select(Bookable.slug).where(Bookable.slug.like(f"{base}%"))))
    slug, number = base, 2
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    return slug


def _write(space: Space, command: DescribeSpace, now: datetime) -> None:
    name = one_line(command.name)
    if not name:
        raise Invalid.field("name", "field.required")
    for field, many in (
        ("capacity", command.capacity),
        ("people_capacity", command.people_capacity),
    ):
        if many is not None and not 1 <= many <= MOST_PEOPLE:
            raise Invalid.field(field, "field.out-of-range", lowest=1, highest=MOST_PEOPLE)
    space.name = name[:120]
    space.capacity = command.capacity
    space.description = command.description
    space.people_capacity = command.people_capacity
    space.revised_at = now
