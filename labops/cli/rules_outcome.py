"""What changed rules would have made of the past, for a terminal and for programs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click

from labops.blueprints import formats
from labops.blueprints.messages import sentence_for
from labops.domain.bookings.past import Outcome

HOUR = timedelta(hours=1)


def outcome_as_data(outcome: Outcome) -> dict[str, Any]:
    """Return the outcome as plain data; lengths of time in hours."""
    return {
        "looked_at": outcome.looked_at,
        "refused_already": outcome.known,
        "would_need_approval": outcome.asked,
        "refused": [
            {
                "uid": one.booking.uid,
                "machines": list(one.booking.slugs),
                "starts_at": one.booking.slot.starts_at.isoformat(),
                "ends_at": one.booking.slot.ends_at.isoformat(),
                "booked_at": one.booking.booked_at.isoformat(),
                "codes": sorted({problem.code for problem in one.problems}),
            }
            for one in outcome.refused
        ],
        "machines": {
            slug: {
                "bookings": use.bookings,
                "hours": round(use.time / HOUR, 2),
                "refused": use.refused,
                "refused_hours": round(use.refused_time / HOUR, 2),
            }
            for slug, use in sorted(outcome.by_machine.items())
        },
    }


def print_outcome(outcome: Outcome, zone: ZoneInfo) -> None:
    """Print the outcome, a line for each booking that would have been refused."""
    for one in outcome.refused:
        slot = formats.slot(one.booking.slot.starts_at, one.booking.slot.ends_at, zone)
        why = dict.fromkeys(sentence_for(problem, zone) for problem in one.problems)
        click.echo(f"{slot}, {', '.join(one.booking.slugs)} ({one.booking.uid}): {' '.join(why)}")
    for slug, use in sorted(outcome.by_machine.items()):
        if use.refused:
            refused, hours = use.refused_time / HOUR, use.time / HOUR
            click.echo(f"{slug}: {refused:g} of {hours:g} hours would have been refused.")
    click.echo(f"{len(outcome.refused)} of {outcome.looked_at} bookings would have been refused.")
    if outcome.asked:
        click.echo(f"{outcome.asked} more would have needed the agreement of staff.")
    if outcome.known:
        click.echo(f"{outcome.known} more are refused by today's rules as well.")
