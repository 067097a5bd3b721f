"""Jobs run once, by one scheduler, whatever becomes of the others."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, insert, select, text, update

from labops.adapters import jobs
from labops.adapters.jobs import JOBS, Job, JobFailed, run_job
from labops.cli.jobs import jobs as jobs_command
from labops.domain.bookings import services
from labops.domain.bookings.commands import Book
from labops.domain.bookings.models import Booking
from labops.domain.people.models import Account, SignIn
from labops.kernel import clock
from labops.kernel import jobs as book
from labops.kernel.db import reading, unit_of_work
from labops.kernel.idempotency import IdempotencyKey
from labops.kernel.jobs import JobRun, Lease
from labops.kernel.ledger import Allocation
from labops.kernel.outbox import OutboxMessage
from tests.support.servers import environment, free_port
from tests.support.world import NOW, World, slot

LEASE_SECONDS = 2
# The real scheduler, with a short lease, and saying on standard output which jobs it runs.
CODE = f"""
from datetime import timedelta
from labops.adapters import jobs, scheduler
from labops.kernel import jobs as book
from labops.settings import load_settings
book.LEASE_TIME = timedelta(seconds={LEASE_SECONDS})
run_job = jobs.run_job
def told(name, *, now):
    print(name, flush=True)
    return run_job(name, now=now)
jobs.run_job = told
scheduler.run(load_settings())
print("ended", flush=True)
"""


class Schedulers:
    """Real scheduler processes of one installation."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.folder = folder
        self.database_url = database_url
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> int:
        number = len(self.processes)
        variables = environment(self.database_url, self.folder / "data", free_port())
        with (
            (self.folder / f"{number}.out").open("wb") as out,
            (self.folder / f"{number}.err").open("wb") as err,
        ):
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, "-c", CODE], env=variables, stdout=out, stderr=err
                )
            )
        return number

    def ran(self, number: int) -> list[str]:
        """Return the names of jobs that this scheduler ran."""
        return (self.folder / f"{number}.out").read_text().split()

    def said(self, number: int) -> str:
        return (self.folder / f"{number}.err").read_text()

    def end(self, number: int, how: signal.Signals) -> int:
        self.processes[number].send_signal(how)
        return self.processes[number].wait(20)


@pytest.fixture
def schedulers(world: World, database_url: str, tmp_path: Path) -> Iterator[Schedulers]:
    started = Schedulers(database_url, tmp_path)
    yield started
    for process in started.processes:
        if process.poll() is None:
            process.kill()
            process.wait(10)


def eventually(true: Callable[[], bool], seconds: float = 25) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not come true in time"
        time.sleep(0.1)


def fresh(query: object) -> object:
    """Return a value as it is in the database now."""
    reading().rollback()
    return reading().scalar(query)  # type: ignore[call-overload]


def holder() -> str | None:
    reading().rollback()
    return book.lease_holder(reading(), jobs.LEASE, now=clock.now())


def held_by(process: subprocess.Popen[bytes]) -> bool:
    return f":{process.pid}:" in (holder() or "")


def test_of_two_schedulers_one_acts_and_the_other_takes_over(schedulers: Schedulers) -> None:
    first = schedulers.start()
    eventually(lambda: "deliver-outbox" in schedulers.ran(first))
    assert held_by(schedulers.processes[first])
    # Nobody had ever held the lease: still none of the jobs sits its first round out.
    eventually(lambda: set(schedulers.ran(first)) == set(JOBS), 5)
    second = schedulers.start()
    eventually(lambda: schedulers.ran(first).count("deliver-outbox") >= 2)
    time.sleep(LEASE_SECONDS)  # long enough for the second to have started, and for a lease to end
    assert schedulers.ran(second) == []

    killed_at = time.monotonic()
    schedulers.end(first, signal.SIGKILL)
    eventually(lambda: "deliver-outbox" in schedulers.ran(second))
    # The rest of the dead one's lease, then the second's next look.
    assert time.monotonic() - killed_at < LEASE_SECONDS + 5 + 5
    assert held_by(schedulers.processes[second])
    # What had just run does not run again because somebody else took over.
    assert "forget-old" not in schedulers.ran(second)


def test_asked_to_end_it_gives_the_lease_back_at_once(schedulers: Schedulers) -> None:
    number = schedulers.start()
    eventually(lambda: "deliver-outbox" in schedulers.ran(number))
    assert schedulers.end(number, signal.SIGTERM) == 0
    assert schedulers.ran(number)[-1] == "ended"
    assert holder() is None
    unfinished = select(func.count()).where(JobRun.finished_at.is_(None))
    assert fresh(unfinished) == 0


def test_a_booking_nobody_came_for_is_released(world: World, schedulers: Schedulers) -> None:
    uid = services.book(
        Book(machines=("laser",), slot=slot(10, 11)), actor=world.actor("alice"), now=NOW
    )
    with unit_of_work() as session:
        past = clock.now() - timedelta(minutes=1)
        session.execute(update(Booking).values(check_in_by=past))
    schedulers.start()
    state = select(Booking.state).where(Booking.uid == uid)
    eventually(lambda: fresh(state) == "missed")
    assert fresh(select(func.count()).select_from(Allocation)) == 0
    waiting = select(func.count()).where(OutboxMessage.delivered_at.is_(None))
    eventually(lambda: fresh(waiting) in {0, 1})  # 1: the clock of the test lies ahead of ours


def test_it_outlives_a_database_that_is_away(schedulers: Schedulers) -> None:
    number = schedulers.start()
    eventually(lambda: "deliver-outbox" in schedulers.ran(number))
    with unit_of_work() as session:
        session.execute(text("ALTER TABLE lease RENAME TO lease_away"))
    seen = len(schedulers.ran(number))
    eventually(lambda: "failed" in schedulers.said(number))
    with unit_of_work() as session:
        session.execute(text("ALTER TABLE lease_away RENAME TO lease"))
    eventually(lambda: len(schedulers.ran(number)) > seen)
    assert schedulers.processes[number].poll() is None
    # A database that stays away must not fill the log.
    assert schedulers.said(number).count("deliver-outbox failed") <= 1


def test_it_survives_connections_cut_under_it(schedulers: Schedulers, database_url: str) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("a file has no connections to cut")
    number = schedulers.start()
    eventually(lambda: "deliver-outbox" in schedulers.ran(number))
    seen = schedulers.ran(number).count("deliver-outbox")
    reading().execute(
        text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    )
    eventually(lambda: schedulers.ran(number).count("deliver-outbox") > seen)
    assert schedulers.processes[number].poll() is None


def test_a_wrong_mail_address_ends_it_with_a_sentence(database_url: str, tmp_path: Path) -> None:
    variables = environment(database_url, tmp_path / "data", free_port())
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        env=variables | {"LABOPS_MAIL_URL": "smtp://mail?tls=maybe"},
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert b"mail_url: tls must be starttls or none." in done.stderr


def test_a_run_is_written_down_with_what_it_did(world: World) -> None:
    assert run_job("release-missed", now=NOW) == "0 released"
    run = reading().get_one(JobRun, "release-missed")
    assert (run.started_at, run.outcome, run.error, run.run_count) == (NOW, "0 released", None, 1)
    assert run.finished_at is not None
    assert run.finished_at >= NOW


def test_a_failure_is_written_down_and_tried_again_within_a_minute(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_now: object, _dry_run: object) -> str:
        raise ValueError("the moon\r\nis full")

    broken = {**JOBS, "forget-old": Job(name="forget-old", period=timedelta(hours=1), run=fail)}
    monkeypatch.setattr(jobs, "JOBS", broken)
    with pytest.raises(JobFailed, match="ValueError: the moon is full"):
        run_job("forget-old", now=NOW)
    run = reading().get_one(JobRun, "forget-old")
    assert run.error == "ValueError: the moon is full"
    assert not jobs.is_due(reading(), "forget-old", now=NOW + timedelta(seconds=30))
    assert jobs.is_due(reading(), "forget-old", now=NOW + timedelta(seconds=60))

    monkeypatch.undo()
    run_job("forget-old", now=NOW + timedelta(minutes=1))
    assert not jobs.is_due(reading(), "forget-old", now=NOW + timedelta(minutes=50))
    assert jobs.is_due(reading(), "forget-old", now=NOW + timedelta(minutes=61))


def test_a_dry_run_writes_nothing(world: World) -> None:
    for name in JOBS:
        assert run_job(name, now=NOW, dry_run=True)
    assert reading().scalar(select(func.count()).select_from(JobRun)) == 0


def test_only_what_is_old_is_forgotten(world: World) -> None:
    query = select(Account.id).where(Account.person_id == world.people["alice"])
    account_id = reading().scalars(query).one()

    def sign_in(name: str, created: int, seen: int, ended: int | None) -> dict[str, object]:
        days = timedelta(days=1)
        return {
            "account_id": account_id,
            "secret_digest": name,
            "created_at": NOW - created * days,
            "last_seen_at": NOW - seen * days,
            "ended_at": NOW - ended * days if ended is not None else None,
            "device": "",
            "address": "",
        }

    def message(key: str, delivered: int | None, given_up: int | None) -> dict[str, object]:
        at = {
            name: NOW - timedelta(days=days) if days is not None else None
            for name, days in (("delivered_at", delivered), ("given_up_at", given_up))
        }
        fixed = {"kind": "Moon", "payload": {}, "attempts": 1, "due_at": NOW, "recorded_at": NOW}
        return {"dedupe_key": key, **fixed, **at}

    with unit_of_work() as session:
        session.execute(
            insert(SignIn),
            [
                sign_in("running", 1, 0, None),
                sign_in("ended lately", 40, 20, 20),
                sign_in("ended long ago", 40, 35, 31),
                sign_in("idle long ago", 50, 45, None),
                sign_in("too old long ago", 91, 1, None),
            ],
        )
        session.execute(
            insert(OutboxMessage),
            [
                message("told lately", 89, None),
                message("told long ago", 91, None),
                message("given up long ago", None, 200),
                message("waits", None, None),
            ],
        )
        for key, age in (("new", 23), ("old", 25)):
            values = {"person_id": world.people["alice"], "key": key, "fingerprint": "f"}
            at = NOW - timedelta(hours=age)
            session.execute(insert(IdempotencyKey).values(**values, subject="s", created_at=at))

    said = "3 sign-ins, 1 delivered messages and 0 feed fragments dropped"
    assert run_job("forget-old", now=NOW, dry_run=True) == said
    assert run_job("forget-old", now=NOW) == said
    kept = set(reading().scalars(select(SignIn.secret_digest)))
    assert kept == {"running", "ended lately"}
    told = set(reading().scalars(select(OutboxMessage.dedupe_key)))
    assert told == {"told lately", "given up long ago", "waits"}
    assert list(reading().scalars(select(IdempotencyKey.key))) == ["new"]
    assert run_job("forget-old", now=NOW) == (
        "0 sign-ins, 0 delivered messages and 0 feed fragments dropped"
    )


def test_the_command_line_lists_and_runs_jobs(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labops.cli.context.create_app", lambda _settings: app)
    runner = CliRunner()
    done = runner.invoke(jobs_command, ["run", "release-missed", "--dry-run"])
    assert (done.exit_code, done.output) == (0, "release-missed (dry run): 0 released\n")
    done = runner.invoke(jobs_command, ["run", "release-missed"])
    assert (done.exit_code, done.output) == (0, "release-missed: 0 released\n")
    listed = json.loads(runner.invoke(jobs_command, ["list", "--json"]).output)
    assert [job["name"] for job in listed] == list(JOBS)
    by_name = {job["name"]: job for job in listed}
    assert by_name["release-missed"]["outcome"] == "0 released"
    assert by_name["release-missed"]["due"] is False
    assert by_name["deliver-outbox"]["started_at"] is None
    assert by_name["deliver-outbox"]["due"] is True
    table = runner.invoke(jobs_command, ["list"]).output.splitlines()
    assert table[0].split()[:2] == ["JOB", "EVERY"]
    assert len(table) == 1 + len(JOBS)
    assert runner.invoke(jobs_command, ["run", "no-such-job"]).exit_code == 2

    def fail(_now: object, _dry_run: object) -> str:
        raise OSError("no space left")

    broken = Job(name="forget-old", period=timedelta(hours=1), run=fail)
    monkeypatch.setattr(jobs, "JOBS", {**JOBS, "forget-old": broken})
    done = runner.invoke(jobs_command, ["run", "forget-old"])
    assert done.exit_code == 1
    assert "forget-old failed: OSError: no space left" in done.stderr


def test_nothing_is_late_before_a_scheduler_ran(world: World) -> None:
    run_job("deliver-outbox", now=NOW)
    later = NOW + timedelta(days=1)
    assert not any(state.late for state in jobs.states(reading(), now=later))
    with unit_of_work() as session:
        session.add(Lease(name=jobs.LEASE, holder="x", expires_at=NOW))
    late = {state.name: state.late for state in jobs.states(reading(), now=later)}
    assert late == {name: name == "deliver-outbox" for name in JOBS}
    soon = NOW + timedelta(seconds=80)
    assert not any(state.late for state in jobs.states(reading(), now=soon))


def test_a_failed_run_is_not_late_until_the_last_success_is_old(world: World) -> None:
    with unit_of_work() as session:
        session.add(Lease(name=jobs.LEASE, holder="x", expires_at=NOW))
    run_job("release-missed", now=NOW)

    def fails(seconds: float) -> jobs.JobState:
        now = NOW + timedelta(seconds=seconds)
        with unit_of_work() as session:
            book.mark_started(session, "release-missed", now=now)
            book.mark_finished(session, "release-missed", now=now, error="no space left")
        return next(s for s in jobs.states(reading(), now=now) if s.name == "release-missed")

    state = fails(30)
    assert (state.late, state.error) == (False, "no space left")
    assert state.succeeded_at is not None
    assert state.succeeded_at - NOW < timedelta(seconds=5)
    assert not fails(5 * 30 + 50).late
    assert fails(5 * 30 + 70).late
    run_job("release-missed", now=NOW + timedelta(minutes=10))
    (state,) = (
        s
        for s in jobs.states(reading(), now=NOW + timedelta(minutes=10))
        if s.name == "release-missed"
    )
    assert (state.late, state.error) == (False, None)


def test_a_job_that_never_did_its_work_is_late(world: World) -> None:
    with unit_of_work() as session:
        session.add(Lease(name=jobs.LEASE, holder="x", expires_at=NOW))
        book.mark_started(session, "forget-old", now=NOW)

    def late(hours: float) -> bool:
        found = jobs.states(reading(), now=NOW + timedelta(hours=hours))
        return next(state.late for state in found if state.name == "forget-old")

    assert not late(0.1)  # it still runs
    assert late(6)  # its process died
    with unit_of_work() as session:
        book.mark_finished(session, "forget-old", now=NOW, error="no such table")
    assert late(0.1)
