"""Changed rules tried on past bookings: which of them would have been refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal
from flask_babel import gettext as _

from labops.blueprints import progress
from labops.blueprints.access import requires
from labops.blueprints.house_rules.base import Ground, at_level, bp, drafted_ground, ground_of
from labops.blueprints.house_rules.changes import reasons
from labops.blueprints.house_rules.files import file_text
from labops.blueprints.messages import sentence_for
from labops.blueprints.why_not import RULE_NAMES
from labops.domain.bookings import replaying
from labops.domain.bookings.past import Outcome, Refusal
from labops.domain.bookings.replaying import USUAL_WEEKS, WEEKS, Replay
from labops.domain.house_rules.files import read_file
from labops.domain.house_rules.queries import draft_problems
from labops.domain.house_rules.values import Level
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid
from labops.kernel.permissions import Permission

MOST_SHOWN = 200
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried: how far back, and whether that is a number of weeks that can be tried."""

    weeks: int
    fine: bool


@at_level("/replay", "POST")
@requires(Permission.RULES_EDIT)
def replay(slug: str, level: str, of: str) -> ResponseReturnValue:
    """Try the changes that the form carries on the bookings of the last weeks."""
    ground = drafted_ground(slug, level, of)
    problems = draft_problems(
        reading(), ground.site.id, ground.level, ground.key, dict(ground.data)
    )
    said = reasons(ground, problems)
    changed = {(ground.level.value, ground.key): ground.data}
    return _tried(ground, Replay(site=ground.site, changed=changed), said, text="")


@bp.post("/sites/<slug>/rules/file/replay")
@requires(Permission.RULES_EDIT)
def replay_file(slug: str) -> ResponseReturnValue:
    """Try a whole file of rules on the bookings of the last weeks."""
    ground = ground_of(slug, Level.SITE.value, "")
    text, complaint = file_text()
    try:
        levels = read_file(text).levels if not complaint else {}
        wanted = Replay(site=ground.site, changed=levels, whole=True)
        return _tried(ground, wanted, [complaint] if complaint else [], text=text)
    except Invalid as invalid:
        wanted = Replay(site=ground.site, changed={}, whole=True)
        return _tried(ground, wanted, reasons(ground, invalid.problems), text=text)


def _tried(
    ground: Ground, wanted: Replay, problems: list[str], *, text: str
) -> ResponseReturnValue:
    trial = _trial()
    shown: dict[str, Any] = {
        "ground": ground,
        "site": ground.site,
        "trial": trial,
        "problems": problems,
        "text": text,
    }
    if problems or not trial.fine:
        return render_template("house_rules/replay.html", **shown, outcome=None), 422
    wanted = Replay(site=wanted.site, changed=wanted.changed, whole=wanted.whole, weeks=trial.weeks)
    now = clock.now()
    if progress.is_wanted():

        def work(counted: progress.Counted) -> progress.Told:
            g.zone = ground.site.tz
            outcome = replaying.replay(reading(), wanted, now=now, progress=counted)
            told = _told(ground, outcome)
            page = render_template("house_rules/_outcome.html", **shown, outcome=outcome, **told)
            return {"page": page}

        return progress.streamed(work)
    outcome = replaying.replay(reading(), wanted, now=now)
    return render_template(
        "house_rules/replay.html", **shown, outcome=outcome, **_told(ground, outcome)
    )


def _trial() -> Trial:
    typed = request.form.get("weeks", str(USUAL_WEEKS)).strip()
    number = int(typed) if typed.isdecimal() and typed.isascii() and len(typed) < 4 else 0  # noqa: PLR2004
    return Trial(weeks=number or USUAL_WEEKS, fine=number in WEEKS)


def _told(ground: Ground, outcome: Outcome) -> dict[str, Any]:
    """Return what the page shows: the rules that refuse most, the machines, the bookings."""
    names = {machine.slug: machine.name for machine in ground.machines}
    counts = Counter(rule for refusal in outcome.refused for rule in refusal.rules)
    return {
        "names": names,
        "by_rule": [(str(RULE_NAMES[rule]), many) for rule, many in counts.most_common()],
        "by_machine": sorted(
            (
                (slug, use, _hours(use.time), _hours(use.refused_time))
                for slug, use in outcome.by_machine.items()
                if use.refused
            ),
            key=lambda row: (-row[1].refused_time, row[0]),
        ),
        "refused_hours": _hours(
            sum((one.booking.slot.length for one in outcome.refused), timedelta(0))
        ),
        "refusals": [(one, _sentences(one)) for one in outcome.refused[:MOST_SHOWN]],
    }


def _sentences(refusal: Refusal) -> list[str]:
    found = (sentence_for(problem, g.get("zone")) for problem in refusal.problems)
    return list(dict.fromkeys(found))


def _hours(length: timedelta) -> str:
    return str(_("%(number)s h", number=format_decimal(round(length / HOUR, 1))))
