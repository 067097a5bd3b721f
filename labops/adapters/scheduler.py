"""The process that runs the jobs. Every node may start one: a lease decides which of them acts."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.interval import IntervalTrigger
from flask import Flask

from labops.adapters import jobs, mail
from labops.adapters.jobs import JOBS, LEASE
from labops.adapters.outbox_rounds import sentence_of, stopping
from labops.app import create_app
from labops.kernel import clock
from labops.kernel import jobs as book
from labops.kernel.db import db, reading, unit_of_work
from labops.settings import Settings

# A job that runs seldom is asked more often, so that after a failure, a restart or a take-over
# nobody waits a whole period for it.
ASK_AT_LEAST_EVERY = timedelta(seconds=60)
log = logging.getLogger("labops.scheduler")


class Worker:
    """One scheduler: its name among the others, and what it does at each tick."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        # Not only the host and process: after a restart of a container they may be the same.
        self.holder = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._taking_lease = threading.Lock()
        self._troubled: set[str] = set()

    def renew(self) -> None:
        """Take or keep the lease, so that a job that takes long does not lose it."""
        self._guarded("lease", lambda: self._holds_lease(clock.now()))

    def tick(self, name: str) -> None:
        """Run the job if this scheduler is the one to act and the job is due."""
        self._guarded(name, lambda: self._run(name, clock.now()))

    def give_back(self) -> None:
        """Let another scheduler act at once."""
        self._guarded("lease", self._give_back)

    def _run(self, name: str, now: datetime) -> None:
        if self._holds_lease(now) and jobs.is_due(reading(), name, now=now):
            jobs.run_job(name, now=now)

    def _holds_lease(self, now: datetime) -> bool:
        # One thread at a time: when nobody has held the lease yet, all but one would lose the race
        # to create it, and sit out a round although the winner is this same scheduler.
        with self._taking_lease, unit_of_work() as session:
            return book.take_lease(session, LEASE, self.holder, now=now)

    def _give_back(self) -> None:
        with unit_of_work() as session:
            book.give_back_lease(session, LEASE, self.holder, now=clock.now())

    def _guarded(self, what: str, act: Callable[[], object]) -> None:
        """Act in an application context; an error is logged once until it goes away.

        The database may be away for a while, or not migrated yet: the next tick tries again.
        """
        try:
            with self.app.app_context():
                act()
        except Exception as error:  # noqa: BLE001 - whatever it is, the scheduler goes on
            if what not in self._troubled:
                self._troubled.add(what)
                log.error("%s failed: %s", what, sentence_of(error))
        else:
            if what in self._troubled:
                self._troubled.discard(what)
                log.info("%s works again", what)


def run(settings: Settings) -> None:
    """Run the jobs until SIGTERM or SIGINT, then finish what is in hand and give the lease back.

    Raises `SettingsError`, or `MailSettingsError` when no mail could ever leave.
    """
    mail.transport_for(settings)
    app = create_app(settings)
    worker = Worker(app)
    scheduler = _scheduler(worker)
    # Not in the signal handler: shutting down takes locks that the interrupted code may hold.
    ending = threading.Thread(target=_shut_down, args=(scheduler,))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _stop(ending))
    log.info("scheduler %s starts", worker.holder)
    scheduler.start()
    # Its loop may end before the jobs in hand do, and their lease must not be given away.
    ending.join()
    worker.give_back()
    with app.app_context():
        db.engine.dispose()
    log.info("scheduler %s ended", worker.holder)


def _scheduler(worker: Worker) -> BlockingScheduler:
    # "Still running" is no news worth a line every five seconds while a mail server is slow.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    scheduler = BlockingScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(len(JOBS) + 1)},
        job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
    )
    now = clock.now()
    scheduler.add_job(worker.renew, _every(book.LEASE_TIME / 3), id="lease", next_run_time=now)
    for job in JOBS.values():
        scheduler.add_job(
            worker.tick,
            _every(min(job.period, ASK_AT_LEAST_EVERY)),
            args=(job.name,),
            id=job.name,
            next_run_time=now,
        )
    return scheduler


def _every(period: timedelta) -> IntervalTrigger:
    return IntervalTrigger(seconds=period.total_seconds(), timezone=UTC)


def _stop(ending: threading.Thread) -> None:
    if stopping.is_set():
        return
    stopping.set()
    ending.start()


def _shut_down(scheduler: BlockingScheduler) -> None:
    while not scheduler.running:  # the signal may come while it still starts
        time.sleep(0.05)
    scheduler.shutdown(wait=True)
