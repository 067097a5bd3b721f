"""When staff have to agree before a booking is confirmed. It is not refused: it is requested."""

from __future__ import annotations

from collections.abc import Iterator

from labops.domain.bookings.facts import BookingFacts, MachineFacts
from labops.domain.bookings.policies.binding import Verdict
from labops.domain.house_rules.parts import Approval
from labops.kernel.interval import without


def needs_no_approval(facts: BookingFacts, machine: MachineFacts) -> Iterator[Verdict]:
    """Ask staff always, outside some hours or above a length, as the rules say."""
    rules = machine.rules
    wanted = []
    if rules.approval is Approval.ALWAYS:
        wanted.append({"why": "always"})
    if rules.approval_outside is not None and without(
        [facts.slot], rules.approval_outside.during(facts.slot, facts.zone, facts.holidays)
    ):
        wanted.append({"why": "hours"})
    if rules.approval_above is not None and facts.slot.length > rules.approval_above:
        wanted.append({"why": "length"})
    for why in wanted:
        params = {"machine": machine.slug, **why}
        yield Verdict(passed=False, code="booking.needs-approval", params=params, approval=True)
