"""The jobs that run by themselves. Each finds its work by query, so a missed run loses nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from labops.adapters import keeping, lab_probes, outside
from labops.adapters import skill_jobs as skills
from labops.adapters.outbox_rounds import deliver_outbox, passed, sentence_of, stopping
from labops.domain.applications import sweeping as cases
from labops.domain.bookings import giving, sweeping
from labops.domain.calendars import fragments
from labops.domain.circulars import services as circulars
from labops.domain.inductions import sweeping as inductions
from labops.domain.maintenance import upkeep
from labops.domain.notifications import due
from labops.domain.notifications.services import forget_told
from labops.domain.onboarding import admitting
from labops.domain.people.retention import forget_sign_ins
from labops.domain.plans import monthly as statements
from labops.domain.plans import sweeping as plans
from labops.domain.privacy import retention
from labops.domain.strikes import services as strikes
from labops.domain.visits import sweeping as visits
from labops.domain.waiting import offering
from labops.domain.waivers import asking
from labops.kernel import idempotency
from labops.kernel import jobs as book
from labops.kernel.db import unit_of_work
from labops.kernel.jobs import JobRun, Lease

LEASE = "scheduler"
# What failed is tried again after this, however seldom it runs otherwise.
RETRY_AFTER = timedelta(seconds=60)
LATE_PERIODS = 5
LATE_GRACE = timedelta(seconds=60)


class JobFailed(Exception):
    """A job ended with an error, which is written down with its run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job and how often it runs. `run(now, dry_run)` says in a few words what it did.

    One that does not `hurry` may take as long as it does: it is never late.
    """

    name: str
    period: timedelta
    run: Callable[[datetime, bool], str]
    hurry: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class JobState:
    """When a job last ran and how that went.

    `late` says that its last success is too long ago: then this installation is not ready. A run
    that failed is no such thing yet; it is tried again soon.
    """

    name: str
    period: timedelta
    started_at: datetime | None
    finished_at: datetime | None
    succeeded_at: datetime | None
    outcome: str
    error: str | None
    due_at: datetime | None
    due: bool
    late: bool


def release_missed(now: datetime, dry_run: bool) -> str:  # noqa: FBT001
    """Release bookings that nobody checked in to."""
    return f"{sweeping.release_missed(now=now, dry_run=dry_run)} released"


def finish_elapsed(now: datetime, dry_run: bool) -> str:  # noqa: FBT001
    """Finish bookings whose end has passed."""
    return f"{sweeping.finish_elapsed(now=now, dry_run=dry_run)} finished"


def check_out_at_closing(now: datetime, dry_run: bool) -> str:  # noqa: FBT001
    """Check whoever forgot to check out out when the site closed."""
    return f"{visits.check_out_at_closing(now=now, dry_run=dry_run)} checked out"


def lapse_requests(now: datetime, dry_run: bool) -> str:  # noqa: FBT001
    """Reject requested bookings that nobody decided in time."""
    return f"{sweeping.lapse_requests(now=now, dry_run=dry_run)} lapsed"


def forgive_taken(now: datetime, dry_run: bool) -> str:  # noqa: FBT001
    """Forgive what was given up late but taken by others meanwhile."""
    return f"{strikes.forgive_taken(now=now, dry_run=dry_run)} forgiven"


def remind(now: datetime, dry_run: bool) -> str:  # noqa: FBT001
    """Remind people of bookings that begin soon."""
    return f"{due.record_reminders(now=now, dry_run=dry_run)} reminders"


def attend_inductions(now: datetime, dry_run: bool) -> str:  # noqa: FBT001
    """Call off inductions that too few signed up for, close those that are over, remind people."""
    too_few = inductions.cancel_too_few(now=now, dry_run=dry_run)
    held = inductions.close_held(now=now, dry_run=dry_run)
    reminders = inductions.record_reminders(now=now, dry_run=dry_run)
    return f"{too_few} called off, {held} held, {reminders} reminders"


def send_digests(now: datetime, dry_run: bool) -> str:  # noqa: FBT001
    """Write on Mondays to whoever wants to know what the week brings."""
    return f"{due.record_digests(now=now, dry_run=dry_run)} digests"


def queue_circulars(now: datetime, dry_run: bool) -> str:  # noqa: FBT001
    """Have the letters of circulars told, some at a time."""
    return f"{circulars.queue_letters(now=now, dry_run=dry_run)} letters"


def offer_freed_time(now: datetime, dry_run: bool) -> str:  # noqa: FBT001
    """Offer freed time to those who wait, in order; let unanswered offers go to the next."""
    run = offering.offer_freed_time(now=now, dry_run=dry_run)
    return f"{run.offered} offered, {run.lapsed} offers and {run.over} wishes lapsed"


def visit_calendars(now: datetime, dry_run: bool) -> str:  # noqa: FBT001
    """Visit the outside calendars that sites follow."""
    return outside.visit_due(now, stopping, dry_run=dry_run)


def probe_labs(now: datetime, dry_run: bool) -> str:  # noqa: FBT001
    """Ask the sites of labs whether they still answer."""
    return lab_probes.probe_due(now, stopping, dry_run=dry_run)


def forget_old(now: datetime, dry_run: bool) -> str:  # noqa: FBT001
    """Drop what is kept for a while only."""
    if not dry_run:
        with unit_of_work() as session:
            idempotency.forget_old(session, now=now)
    sign_ins = forget_sign_ins(now=now, dry_run=dry_run)
    told = forget_told(now=now, dry_run=dry_run)
    offers = giving.lapse_offers(now=now, dry_run=dry_run)
    stale = fragments.forget_stale(now=now, dry_run=dry_run)
    said = f"{sign_ins} sign-ins, {told} delivered messages and {stale} feed fragments dropped"
    return f"{said}, {offers} offers lapsed" if offers else said


def admit_applicants(now: datetime, dry_run: bool) -> str:  # noqa: FBT001
    """Make members of applicants who have every step behind them."""
    return f"{admitting.admit_ready(now=now, dry_run=dry_run)} admitted"


def ask_for_signatures(now: datetime, dry_run: bool) -> str:  # noqa: FBT001
    """Ask whoever signed an older version of a waiver for the new one."""
    return f"{asking.ask_for_signatures(now=now, dry_run=dry_run)} asked"


def renew_plans(now: datetime, dry_run: bool) -> str:  # noqa: FBT001
    """Begin or end periods of plans, grant each month's hours, tell of ends and statements."""
    renewed = plans.renew(now=now, dry_run=dry_run)
    granted = plans.grant_hours(now=now, dry_run=dry_run)
    told = plans.tell_of_ends(now=now, dry_run=dry_run)
    monthly = statements.record_statements(now=now, dry_run=dry_run)
    return f"{renewed} periods, hours for {granted}, {told} told of ends, {monthly} statements"


def keep_the_list(now: datetime, dry_run: bool) -> str:  # noqa: FBT001
    """Do in the cases of labs what time asks for, and tell officers of terms that end."""
    acts = cases.keep_terms(now=now, dry_run=dry_run)
    alerts = cases.alert(now=now, dry_run=dry_run)
    return f"{acts} acts, {alerts} alerts"


def tell_upkeep(now: datetime, dry_run: bool) -> str:  # noqa: FBT001
    """Tell staff of maintenance that became due soon, due or overdue."""
    return f"{upkeep.record_due(now=now, dry_run=dry_run)} due"


def enforce_retention(now: datetime, dry_run: bool) -> str:  # noqa: FBT001
    """Let go of what was kept for as long as it may be."""
    found = retention.enforce(now=now, dry_run=dry_run)
    return ", ".join(f"{count} {name}" for name, count in found.items())


JOBS: Mapping[str, Job] = {
    job.name: job
    for job in (
        Job(name="deliver-outbox", period=timedelta(seconds=5), run=deliver_outbox),
        Job(name="release-missed", period=timedelta(seconds=30), run=release_missed),
        Job(name="finish-elapsed", period=timedelta(seconds=60), run=finish_elapsed),
        Job(name="check-out-at-closing", period=timedelta(seconds=60), run=check_out_at_closing),
        Job(name="lapse-requests", period=timedelta(seconds=60), run=lapse_requests),
        Job(name="forgive-taken", period=timedelta(minutes=5), run=forgive_taken),
        Job(name="remind", period=timedelta(seconds=60), run=remind),
        Job(name="attend-inductions", period=timedelta(seconds=60), run=attend_inductions),
        Job(name="send-digests", period=timedelta(minutes=10), run=send_digests),
        Job(name="queue-circulars", period=timedelta(seconds=10), run=queue_circulars),
        Job(name="offer-freed-time", period=timedelta(seconds=5), run=offer_freed_time),
        Job(name=skills.NOTE_USES, period=timedelta(minutes=10), run=skills.note_uses),
        Job(name="remind-of-ends", period=timedelta(hours=1), run=skills.remind_of_ends),
        Job(name="tell-upkeep", period=timedelta(minutes=30), run=tell_upkeep),
        Job(name="erase-people", period=timedelta(seconds=60), run=keeping.erase_people),
        Job(name="backup", period=timedelta(seconds=60), run=keeping.backup, hurry=False),
        Job(name="visit-calendars", period=timedelta(hours=1), run=visit_calendars),
        Job(name="probe-labs", period=timedelta(hours=1), run=probe_labs, hurry=False),
        Job(name="admit-applicants", period=timedelta(seconds=30), run=admit_applicants),
        Job(name="ask-for-signatures", period=timedelta(minutes=10), run=ask_for_signatures),
        Job(name="renew-plans", period=timedelta(minutes=30), run=renew_plans),
        Job(name="keep-the-list", period=timedelta(minutes=10), run=keep_the_list),
        Job(name="enforce-retention", period=timedelta(days=1), run=enforce_retention),
        Job(name="forget-old", period=timedelta(hours=1), run=forget_old),
    )
}


def run_job(name: str, *, now: datetime, dry_run: bool = False) -> str:
    """Run a job, write down how it went, and return that; a dry run writes nothing.

    Raises `KeyError` for an unknown name and `JobFailed` when the job ended with an error.
    """
    job = JOBS[name]
    if dry_run:
        return job.run(now, True)  # noqa: FBT003
    began = time.monotonic()
    with unit_of_work() as session:
        book.mark_started(session, name, now=now)
    try:
        outcome = job.run(now, False)  # noqa: FBT003
    except Exception as error:
        sentence = sentence_of(error)
        with unit_of_work() as session:
            book.mark_finished(session, name, now=now + passed(began), error=sentence)
        raise JobFailed(sentence) from error
    with unit_of_work() as session:
        book.mark_finished(session, name, now=now + passed(began), outcome=outcome)
    return outcome


def states(session: Session, *, now: datetime) -> list[JobState]:
    """Return how every job stands. Nothing is late before a scheduler ran for the first time."""
    runs = book.runs(session)
    scheduled = session.get(Lease, LEASE) is not None
    return [_state(job, runs.get(job.name), now, scheduled=scheduled) for job in JOBS.values()]


def is_due(session: Session, name: str, *, now: datetime) -> bool:
    """Say whether the job should run now, whoever ran it last."""
    return _state(JOBS[name], session.get(JobRun, name), now, scheduled=True).due


def _state(job: Job, run: JobRun | None, now: datetime, *, scheduled: bool) -> JobState:
    if run is None:
        return JobState(
            name=job.name,
            period=job.period,
            started_at=None,
            finished_at=None,
            succeeded_at=None,
            outcome="",
            error=None,
            due_at=None,
            due=True,
            late=False,
        )
    ended_well = run.error is None and run.finished_at is not None and not _runs(run)
    pause = job.period if ended_well else min(job.period, RETRY_AFTER)
    due_at = run.started_at + pause
    oldest = now - LATE_PERIODS * job.period - LATE_GRACE
    # One that never succeeded has no last success to grow stale: its first failure counts.
    never = run.succeeded_at is None and (run.error is not None or run.started_at < oldest)
    stale = run.succeeded_at is not None and run.succeeded_at < oldest
    return JobState(
        name=job.name,
        period=job.period,
        started_at=run.started_at,
        finished_at=run.finished_at,
        succeeded_at=run.succeeded_at,
        outcome=run.outcome,
        error=run.error,
        due_at=due_at,
        # A timer never fires to the microsecond: a tenth of the pause too early is on time.
        due=due_at - pause / 10 <= now,
        late=scheduled and job.hurry and (never or stale),
    )


def _runs(run: JobRun) -> bool:
    return run.finished_at is None or run.finished_at < run.started_at
