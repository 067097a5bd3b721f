"""Whether the sites of labs still answer: what is to be asked, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from labops.domain.labs import qualified
from labops.domain.labs.models import Lab
from labops.domain.labs.rights import today
from labops.domain.labs.states import LabSource
from labops.domain.labs.verifying import note_verified
from labops.kernel import audit
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import NotFound
from labops.kernel.permissions import SYSTEM, Actor, Permission

PAUSE = timedelta(days=7)
# A site that did not answer is asked again soon: only twice in a row makes it silent.
AGAIN = timedelta(days=1)
MOST_AT_ONCE = 30


@dataclass(frozen=True, slots=True)
class Visit:
    """A site to be asked."""

    lab_id: int
    website: str


def due(*, now: datetime) -> list[Visit]:
    """Return the sites that nobody asked for a week, those that waited longest first.

    Labs that were only imported, and are not on the list, are left in peace.
    """
    session = reading()
    on_list = qualified.lab_ids(session, today(now))
    ours = or_(Lab.source != LabSource.IMPORT, Lab.id.in_(on_list))
    pause_over = or_(
        Lab.probed_at.is_(None),
        Lab.probed_at <= now - PAUSE,
        (Lab.probe_failure != "") & Lab.silent_since.is_(None) & (Lab.probed_at <= now - AGAIN),
    )
    rows = session.execute(
        select(Lab.id, Lab.website)
        .where(Lab.website != "", ours, pause_over)
        .order_by(Lab.probed_at.is_not(None), Lab.probed_at, Lab.id)
        .limit(MOST_AT_ONCE)
    )
    return [Visit(*row) for row in rows]


def note_answer(visit: Visit, *, now: datetime) -> None:
    """Note that the site answered: then it counts as verified, and is not silent any more."""
    with unit_of_work() as session:
        lab = session.get(Lab, visit.lab_id)
        if lab is None or lab.website != visit.website:
            return
        lab.probed_at = lab.answered_at = now
        lab.silent_since = lab.silence_seen_at = lab.silence_seen_by_id = None
        lab.probe_failure = ""
        note_verified(session, lab.id, ["website"], on=today(now))


def note_failure(visit: Visit, why: str, *, now: datetime) -> None:
    """Note that the site did not answer, and why; the second time in a row it is silent."""
    with unit_of_work() as session:
        lab = session.get(Lab, visit.lab_id)
        if lab is None or lab.website != visit.website:
            return
        if lab.probe_failure and lab.silent_since is None:
            lab.silent_since = now
            audit.record(
                session, SYSTEM, "lab.silent", f"lab:{lab.uid}", now=now, after={"why": why}
            )
        lab.probed_at, lab.probe_failure = now, why[:40]


def see_silence(lab_id: int, *, actor: Actor, now: datetime) -> None:
    """Note that an officer looked after a silent lab; raises `NotFound` when it is not silent."""
    actor.require(Permission.LAB_EDIT, None)
    with unit_of_work() as session:
        lab = session.get(Lab, lab_id)
        if lab is None or lab.silent_since is None:
            raise NotFound
        lab.silence_seen_at, lab.silence_seen_by_id = now, actor.person_id
        audit.record(session, actor, "lab.silence-seen", f"lab:{lab.uid}", now=now)
