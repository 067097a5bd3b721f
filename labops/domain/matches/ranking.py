"""Labs for a need, best first, with whoever was left out, teams, and what would help."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from labops.domain.matches import weights as public
from labops.domain.matches.labs import Lab
from labops.domain.matches.matching import Asking, LeftOut, Match, match
from labops.domain.matches.rotation import Attention, Receipt, rotate
from labops.domain.matches.values import Fit
from labops.domain.matches.weights import Weights
from labops.domain.requests.needs import Need

LARGEST_TEAM = 3
TEAMS = 3


@dataclass(frozen=True, slots=True)
class Team:
    """Labs that together do every step: for each step of the need the lab that does it."""

    labs: tuple[Lab, ...]
    by_step: tuple[str, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """The answer to a need."""

    matches: tuple[Match, ...]
    left_out: tuple[LeftOut, ...]
    teams: tuple[Team, ...]
    receipt: Receipt


def rank(
    need: Need,
    labs: Iterable[Lab],
    asking: Asking,
    *,
    seed: str,
    attention: Attention | None = None,
    weights: Weights | None = None,
) -> Ranking:
    """Return who can do it, by the public weights; the same seed gives the same order."""
    chosen = weights or public.shipped()
    found: list[Match] = []
    left: list[LeftOut] = []
    for lab in labs:
        one = match(need, lab, asking, chosen)
        if isinstance(one, Match):
            found.append(one)
        else:
            left.append(one)
    ordered, receipt = rotate(
        found, width=chosen.band, seed=seed, attention=attention, version=chosen.version
    )
    return Ranking(tuple(ordered), tuple(left), tuple(teams_of(need, ordered)), receipt)


def teams_of(need: Need, ordered: Sequence[Match]) -> list[Team]:
    """Return up to three teams for a need of several steps that no lab alone can do whole."""
    musts = [place for place, step in enumerate(need.steps) if step.must]
    if len(musts) <= 1 or any(one.fit is Fit.WHOLE for one in ordered):
        return []
    able = {place: [one for one in ordered if one.steps[place].met] for place in musts}
    if not all(able.values()):
        return []
    teams: dict[frozenset[str], Team] = {}
    for lead in ordered[:8]:
        chosen = {
            place: lead if lead.steps[place].met else _partner(able[place], lead) for place in musts
        }
        members = tuple(dict.fromkeys(one.lab.id for one in chosen.values()))
        if 1 < len(members) <= LARGEST_TEAM and frozenset(members) not in teams:
            by_id = {one.lab.id: one.lab for one in chosen.values()}
            score = sum(one.score for one in chosen.values()) / len(chosen)
            by_step = tuple(chosen[place].lab.id for place in musts)
            teams[frozenset(members)] = Team(tuple(by_id[one] for one in members), by_step, score)
    return sorted(teams.values(), key=lambda team: (len(team.labs), -team.score))[:TEAMS]


def _partner(able: Sequence[Match], lead: Match) -> Match:
    """Return the best lab for a step that the lead cannot do; fewer partners come first."""
    return max(
        able, key=lambda one: (sum(answer.met for answer in one.steps), one.score, one is lead)
    )
