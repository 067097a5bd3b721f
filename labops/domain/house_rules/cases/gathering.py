"""The facts of a case, gathered from its file instead of a database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from labops.domain.bookings.facts import (
    BookingFacts,
    HeldBooking,
    MachineFacts,
    PersonFacts,
    SpaceFacts,
)
from labops.domain.bookings.policies import cancels_late, suspended_until
from labops.domain.bookings.states import BookingState
from labops.domain.house_rules.cases.pieces import ALWAYS_CERTIFIED
from labops.domain.house_rules.cases.values import (
    HOLDING,
    OPEN,
    Action,
    Case,
    CaseFile,
    CaseState,
    Existing,
)
from labops.domain.house_rules.files import RuleFile
from labops.domain.house_rules.shape import LONGEST_POSSIBLE, HouseRules
from labops.kernel.interval import Interval, without

SITE = 1
_ALWAYS_OPEN = (Interval(datetime(1980, 1, 1, tzinfo=UTC), datetime(2210, 1, 1, tzinfo=UTC)),)


class Ground:
    """The rules and what the cases of a file share; gathers the facts of each."""

    def __init__(self, rules: RuleFile, file: CaseFile) -> None:
        self._rules = rules
        self._file = file
        self._known: dict[tuple[str, str], HouseRules] = {}
        self._ids = {slug: number for number, slug in enumerate(sorted(file.machines), 1)}

    def rules_of(self, machine: str, plan: str) -> HouseRules:
        """Return the rules of a machine for a plan."""
        if (machine, plan) not in self._known:
            self._known[machine, plan] = self._rules.of(
                category=self._file.machines[machine], machine=machine, plan=plan
            )
        return self._known[machine, plan]

    def state_of(self, booking: Existing, now: datetime) -> CaseState:
        """Return the state as of now: what others leave unclaimed is missed, offers run out.

        The person's own bookings are in the state that the case says.
        """
        rules = self.rules_of(booking.machine, "")
        if booking.state is CaseState.OFFERED and booking.booked_at is not None:
            over = now > booking.booked_at + rules.offer_held
            return CaseState.REJECTED if over else booking.state
        if booking.mine or booking.kept or booking.state is not CaseState.CONFIRMED:
            return booking.state
        waits = rules.grace < LONGEST_POSSIBLE and now < booking.slot.ends_at
        forfeited = waits and now > booking.slot.starts_at + rules.grace
        return CaseState.MISSED if forfeited else booking.state

    def facts(self, case: Case) -> BookingFacts:
        """Return all that the rules need to know about the case."""
        attempt = case.attempt
        before = None if attempt.of is None else case.existing[attempt.of]
        rules = self.rules_of(attempt.machine, case.person.plan)
        return BookingFacts(
            slot=attempt.slot,
            now=case.now,
            zone=self._file.zone,
            site_id=SITE,
            machines=(self._machine_facts(case, rules),),
            person=self._person_facts(case, rules),
            opening=_ALWAYS_OPEN,
            closures=self._file.closures,
            held=tuple(self._held(case)),
            previous=before.slot if before and attempt.action is Action.MOVE else None,
            previous_machines=(self._ids_of(before),) if before else (),
            previous_booked_at=before.booked_at if before else None,
            walk_in=attempt.walk_in or (before is not None and before.walk_in),
            holidays=self._file.holidays,
            people=attempt.people,
            fields=attempt.fields,
        )

    def _machine_facts(self, case: Case, rules: HouseRules) -> MachineFacts:
        slug = case.attempt.machine
        category = self._file.machines[slug]
        everything = case.person.certified_all
        return MachineFacts(
            id=self._ids[slug],
            slug=slug,
            category=category,
            state="in_service",
            rules=rules,
            free=self._is_free(case, rules),
            certified=ALWAYS_CERTIFIED if everything else case.person.certified.get(slug, ()),
            space=self._space(case),
        )

    def _person_facts(self, case: Case, rules: HouseRules) -> PersonFacts:
        person = case.person
        certified = dict(person.certified)
        if person.certified_all:
            certified = dict.fromkeys(rules.certifications_needed, ALWAYS_CERTIFIED)
        return PersonFacts(
            is_member=person.member,
            suspended_until=self._suspended_until(case, rules),
            plan=person.plan,
            groups=person.groups,
            age=person.age,
            supervised=person.supervised,
            waiver=person.waiver,
            certified=certified,
            restrictions=person.restrictions,
            firm=person.firm,
            project=person.project,
            top_ups=person.top_ups,
        )

    def _ids_of(self, booking: Existing) -> tuple[int, str]:
        return self._ids[booking.machine], self._file.machines[booking.machine]

    def _others(self, case: Case) -> Iterator[Existing]:
        """Yield the bookings besides the one that is cancelled or moved, as of now."""
        for index, booking in enumerate(case.existing):
            if index != case.attempt.of:
                yield replace(booking, state=self.state_of(booking, case.now))

    def _is_free(self, case: Case, rules: HouseRules) -> bool:
        wanted = _claimed(case.attempt.slot, rules)
        taken = [
            span
            for booking in self._others(case)
            if booking.machine == case.attempt.machine
            and booking.state in HOLDING
            # Time offered to the person is hers to take.
            and not (booking.state is CaseState.OFFERED and booking.mine)
            and (span := _claimed(booking.slot, self.rules_of(booking.machine, ""))).overlaps(
                wanted
            )
        ]
        moments = [wanted.starts_at, *(span.starts_at for span in taken)]
        most = max(
            sum(1 for span in taken if span.starts_at <= moment < span.ends_at)
            for moment in moments
            if wanted.starts_at <= moment < wanted.ends_at
        )
        return most < self._file.units.get(case.attempt.machine, 1)

    def _space(self, case: Case) -> SpaceFacts | None:
        if self._file.people is None:
            return None
        others = (
            (booking.slot, booking.people)
            for booking in self._others(case)
            if not booking.mine and booking.state in HOLDING
        )
        return SpaceFacts(capacity=self._file.people, others=tuple(others))

    def _held(self, case: Case) -> Iterator[HeldBooking]:
        for booking in self._others(case):
            if booking.state is CaseState.OFFERED or not (
                booking.mine or booking.firm or booking.project
            ):
                continue
            open_ = booking.state in OPEN
            yield HeldBooking(
                slot=booking.slot,
                site_id=SITE,
                machines=(self._ids_of(booking),),
                is_open=open_ and booking.slot.ends_at > case.now,
                uses_now_or_later=open_,
                slugs=(booking.machine,),
                state=BookingState(booking.state),
                booked_at=booking.booked_at,
                cancelled_late=self._was_cancelled_late(case, booking),
                walk_in=booking.walk_in,
                mine=booking.mine,
                firm=booking.firm,
                project=booking.project,
            )

    def _was_cancelled_late(self, case: Case, booking: Existing) -> bool:
        """Say whether it was cancelled later than is free, and nobody took the time instead."""
        if booking.cancelled_at is None or booking.state is not CaseState.CANCELLED:
            return False
        if booking.forgiven:
            return False
        rules = self.rules_of(booking.machine, case.person.plan)
        facts = BookingFacts(
            slot=booking.slot,
            now=booking.cancelled_at,
            zone=self._file.zone,
            site_id=SITE,
            machines=(
                MachineFacts(
                    id=self._ids[booking.machine],
                    slug=booking.machine,
                    category=self._file.machines[booking.machine],
                    state="in_service",
                    rules=rules,
                    free=True,
                ),
            ),
            person=PersonFacts(is_member=True, plan=case.person.plan),
            opening=_ALWAYS_OPEN,
            previous_booked_at=booking.booked_at,
            walk_in=booking.walk_in,
            holidays=self._file.holidays,
        )
        if not cancels_late(facts):
            return False
        return not (rules.forgiven_when_taken and _was_taken(booking, case.existing))

    def _suspended_until(self, case: Case, rules: HouseRules) -> datetime | None:
        until = [case.person.suspended_until] if case.person.suspended_until else []
        if rules.strikes is not None:
            moments = [at for at in self._strikes(case, rules) if at <= case.now]
            struck = suspended_until(rules.strikes, moments, self._file.zone)
            until += [struck] if struck else []
        return max(until, default=None)

    def _strikes(self, case: Case, rules: HouseRules) -> Iterator[datetime]:
        """Yield when each of the person's bookings became a strike."""
        counts_late = rules.strikes is not None and rules.strikes.late_cancelled
        counts_late = counts_late or rules.late_cancel == "missed"
        for booking in case.existing:
            if not booking.mine or booking.forgiven:
                continue
            if self.state_of(booking, case.now) is CaseState.MISSED:
                grace = self.rules_of(booking.machine, case.person.plan).grace
                known = grace < LONGEST_POSSIBLE
                yield booking.slot.starts_at + (grace if known else timedelta(0))
            elif counts_late and self._was_cancelled_late(case, booking) and booking.cancelled_at:
                yield booking.cancelled_at


def _claimed(slot: Interval, rules: HouseRules) -> Interval:
    """Return the slot with the buffers that its machine needs."""
    if rules.buffers_inside:
        return slot
    nothing = timedelta(0)
    return slot.widened(before=rules.setup or nothing, after=rules.cleanup or nothing)


def _was_taken(booking: Existing, existing: tuple[Existing, ...]) -> bool:
    """Say whether others booked all of a cancelled booking's time after it was given back."""
    others = [
        other.slot
        for other in existing
        if not other.mine
        and other.machine == booking.machine
        and other.state in HOLDING
        and other.booked_at is not None
        and booking.cancelled_at is not None
        and other.booked_at >= booking.cancelled_at
    ]
    return not without([booking.slot], others)
