"""What the browser tests run on: the real server, the demonstration data, and a hand on its clock."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

from sqlalchemy import Engine, NullPool, create_engine, delete, select, text, update
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.bookings.states import OPEN_STATES
from labops.domain.certifications.models import SkillCard
from labops.domain.closures.models import OutsideCalendar
from labops.domain.inductions.models import InductionSession
from labops.domain.machines.models import Machine
from labops.domain.people.models import Account, Person
from labops.domain.quizzes.models import QuizAnswer, QuizAttempt, QuizQuestionVersion
from labops.domain.series.models import Series
from labops.domain.sites.models import Site
from labops.domain.stations.models import Scan, Station
from labops.domain.strikes.models import Strike
from labops.kernel import migrations
from labops.kernel.db import WRITING
from labops.kernel.ledger import Allocation
from tests.support.servers import environment, free_port, serving

PASSWORD = "prova-labops-2026"
PATIENCE = 30.0  # seconds that a mail may take


@dataclass(frozen=True)
class Ground:
    """A running server and the database behind it."""

    address: str
    engine: Engine
    mails: Path

    def link_to(self, email: str, ending: str) -> str:
        """Return the path of the link with this ending in a mail to somebody, once it has come."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            for file in sorted(self.mails.glob("*.eml"), reverse=True):
                letter = message_from_bytes(file.read_bytes(), policy=policy.default)
                body = letter.get_body(("plain",))
                if body is None or email not in str(letter["To"]):
                    continue
                if found := re.search(rf"{self.address}(/t/\S+{ending})\b", body.get_content()):
                    return found[1]
            time.sleep(0.1)
        raise AssertionError(f"no mail with a link to {ending} came to {email}")

    def right_answers(self, attempt: str, number: int) -> list[int]:
        """Return the places of the right options of a question in an attempt at a quiz."""
        with Session(self.engine) as session:
            (options,) = session.scalars(
                select(QuizQuestionVersion.options)
                .join(QuizAnswer, QuizAnswer.version_id == QuizQuestionVersion.id)
                .join(QuizAttempt, QuizAttempt.id == QuizAnswer.attempt_id)
                .where(QuizAttempt.uid == attempt, QuizAnswer.position == number)
            )
            return [place for place, option in enumerate(options) if option["correct"]]

    def let_scans_be_older(self, by: timedelta) -> None:
        """Let everything scanned so far have been scanned earlier by so much."""
        with Session(self.engine) as session, session.begin():
            session.connection(execution_options=WRITING[self.engine.dialect.name])
            for scan in session.scalars(select(Scan)):
                scan.at -= by

    def let_induction_begin(self, uid: str) -> None:
        """Let an induction have begun a moment ago; its time in the ledger stays where it was."""
        with Session(self.engine) as session, session.begin():
            session.connection(execution_options=WRITING[self.engine.dialect.name])
            one = session.scalars(select(InductionSession).where(InductionSession.uid == uid)).one()
            span = one.ends_at - one.starts_at
            one.starts_at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
            one.ends_at = one.starts_at + span
            one.decide_at = one.starts_at - timedelta(days=1)

    def code(self, machine: str) -> str:
        """Return the code that hangs on a machine."""
        with Session(self.engine) as session:
            return session.scalars(
                select(Station.code)
                .join(Machine, Machine.id == Station.machine_id)
                .where(Machine.slug == machine, Station.retired_at.is_(None))
            ).one()

    def person(self, email: str) -> str:
        """Return a person's identifier."""
        with Session(self.engine) as session:
            return session.scalars(
                select(Person.uid)
                .join(Account, Account.person_id == Person.id)
                .where(Account.email == email)
            ).one()

    def card(self, email: str) -> str:
        """Return the code on somebody's card."""
        with Session(self.engine) as session:
            return session.scalars(
                select(SkillCard.code)
                .join(Account, Account.person_id == SkillCard.person_id)
                .where(Account.email == email, SkillCard.revoked_at.is_(None))
            ).one()

    def induction(self, *, held: bool) -> str:
        """Return the identifier of an induction that is over, or of the first that comes."""
        state = "held" if held else "planned"
        with Session(self.engine) as session:
            return session.scalars(
                select(InductionSession.uid)
                .where(InductionSession.state == state)
                .order_by(InductionSession.starts_at)
                .limit(1)
            ).one()

    def outside_calendar(self, site: str) -> str:
        """Return the identifier of the calendar that a site follows."""
        with Session(self.engine) as session:
            return session.scalars(
                select(OutsideCalendar.uid)
                .join(Site, Site.id == OutsideCalendar.site_id)
                .where(Site.slug == site)
            ).one()

    def series(self, email: str) -> str:
        """Return the identifier of somebody's first series."""
        with Session(self.engine) as session:
            return session.scalars(
                select(Series.uid)
                .join(Account, Account.person_id == Series.person_id)
                .where(Account.email == email)
                .order_by(Series.id)
                .limit(1)
            ).one()

    def coming_booking(self, email: str) -> str:
        """Return the identifier of somebody's last confirmed booking."""
        with Session(self.engine) as session:
            return session.scalars(
                select(Booking.uid)
                .join(Account, Account.person_id == Booking.person_id)
                .where(Account.email == email, Booking.state == "confirmed")
                .order_by(Booking.starts_at.desc())
                .limit(1)
            ).one()

    def begin_anew(self, email: str) -> None:
        """Let somebody start with no booking to come, and with nothing that counts against them."""
        with Session(self.engine) as session, session.begin():
            session.connection(execution_options=WRITING[self.engine.dialect.name])
            person_id = session.scalars(
                select(Account.person_id).where(Account.email == email)
            ).one()
            coming = list(
                session.scalars(
                    select(Booking.id).where(
                        Booking.person_id == person_id, Booking.state.in_(sorted(OPEN_STATES))
                    )
                )
            )
            session.execute(
                delete(Allocation).where(
                    Allocation.owner_id.in_(coming), Allocation.owner_kind == "booking"
                )
            )
            session.execute(update(Booking).where(Booking.id.in_(coming)).values(state="cancelled"))
            session.execute(delete(Strike).where(Strike.person_id == person_id))

    def let_begin(self, uid: str, *, in_minutes: int = 0) -> None:
        """Move a booking to this minute, or soon; whoever is in its way goes.

        The journey books a slot in opening hours and checks in whatever the hour of the test is.
        """
        start = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=in_minutes)
        with Session(self.engine) as session, session.begin():
            # On SQLite a writer says so from the start: the server may write after it has read.
            session.connection(execution_options=WRITING[self.engine.dialect.name])
            booking = session.scalars(select(Booking).where(Booking.uid == uid)).one()
            span = booking.ends_at - booking.starts_at
            held = select(BookingBookable.bookable_id).where(
                BookingBookable.booking_id == booking.id
            )
            others = list(
                session.scalars(
                    select(Allocation.owner_id).where(
                        Allocation.bookable_id.in_(held),
                        Allocation.owner_id != booking.id,
                        Allocation.starts_at < start + span + timedelta(hours=2),
                        Allocation.ends_at > start,
                    )
                )
            )
            session.execute(delete(Allocation).where(Allocation.owner_id.in_(others)))
            session.execute(update(Booking).where(Booking.id.in_(others)).values(state="cancelled"))
            session.execute(
                update(Allocation)
                .where(Allocation.owner_id == booking.id)
                .values(starts_at=start, ends_at=start + span + timedelta(minutes=15))
            )
            booking.starts_at, booking.ends_at = start, start + span
            booking.check_in_by = start + timedelta(minutes=15)


def load_demonstration(database_url: str, folder: Path) -> None:
    """Migrate the database and load the demonstration."""
    folder.mkdir(parents=True, exist_ok=True)
    engine = create_engine(database_url, poolclass=NullPool)
    migrations.upgrade(engine)
    loaded = subprocess.run(
        [sys.executable, "-m", "labops", "demo"],
        env=environment(database_url, folder, free_port()),
        capture_output=True,
        text=True,
        check=False,
    )
    assert loaded.returncode == 0, loaded.stderr
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))  # all of it in one file


@contextlib.contextmanager
def served(database_url: str, folder: Path) -> Iterator[Ground]:
    """Serve a database that has the demonstration in it."""
    engine = create_engine(database_url, poolclass=NullPool)
    with serving(database_url, folder, workers=1) as (address, _process):
        yield Ground(address, engine, folder / "mail")
    engine.dispose()
