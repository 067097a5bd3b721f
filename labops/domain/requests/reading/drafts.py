"""The steps of a need, first as drafts: which processes, then with which materials."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from labops.domain.requests.reading.acts import add_acts
from labops.domain.requests.reading.choices import METALS
from labops.domain.requests.reading.draft import CASTABLE, Draft, all_materials
from labops.domain.requests.reading.findings import Findings
from labops.domain.requests.reading.lexicon import Mention

SECONDARY = frozenset({"finishing"})
GENERIC = 3
"""A word that means so many materials gives way to one that means fewer."""


def drafts_of(found: Findings) -> list[Draft]:
    """Return the steps by place, with their materials."""
    drafts = _named(found)
    add_acts(found, drafts)
    _add_things(found, drafts)
    _add_materials(found, drafts)
    if not drafts:
        _add_trade(found, drafts)
    _assign(found, drafts)
    kept = _merged([draft for draft in drafts if draft.processes])
    _let_founders_found(kept)
    if not any(draft.must for draft in kept):
        for draft in kept:
            draft.must = True
    return sorted(kept, key=lambda draft: min(draft.places, default=0))


def _let_founders_found(drafts: Sequence[Draft]) -> None:
    """Make melting a wish where models for it are asked for: jewellers melt themselves."""
    models = any(
        CASTABLE & {id_ for _, ids in one.materials for id_ in ids} or CASTABLE & set(one.fallback)
        for one in drafts
    )
    for draft in drafts:
        if (
            models
            and draft.processes == ("casting",)
            and all(one.key == "melt" for one in draft.mentions)
        ):
            draft.must = False


def _named(found: Findings) -> list[Draft]:
    """Make a step of every process that is named."""
    drafts: dict[str, Draft] = {}
    materials = all_materials(found)
    acts = {one.key for one in found.of("act")}
    for mention in found.of("name"):
        key = mention.key
        marking = materials and materials <= METALS and "engrave" in acts and "cut" not in acts
        if key == "laser_cutting" and marking and len(materials) < len(METALS):
            key = "laser_marking"
        if key in drafts:
            drafts[key].mentions.append(mention)
        else:
            must = key not in SECONDARY
            drafts[key] = Draft((key,), [mention], must=must)
    _drop_doubles(found, drafts)
    return list(drafts.values())


def _drop_doubles(found: Findings, drafts: dict[str, Draft]) -> None:
    """Take out names that only repeat another: the laser of sintering, a router's milling."""
    if "sls" in drafts and "laser_cutting" in drafts:
        words = {one.words for one in drafts["laser_cutting"].mentions}
        if words == {"laser"} and "cut" not in {one.key for one in found.of("act")}:
            del drafts["laser_cutting"]
    if "food_printing" in drafts:
        for other in ("fdm", "ceramics", "casting"):
            drafts.pop(other, None)
    if "ceramics" in drafts:
        drafts.pop("fdm", None)
    if "vinyl_cutting" in drafts and "knife_cutting" in drafts and "vinyl" in all_materials(found):
        del drafts["knife_cutting"]
    if (
        "casting" in drafts
        and "thermoforming" in drafts
        and not all_materials(found) & found.choices.takes["casting"]
    ):
        del drafts["casting"]


def _add_things(found: Findings, drafts: list[Draft]) -> None:
    """Add how a thing is made where no process says it, or where its material is left over."""
    core = [one for one in drafts if one.must and "scanning_3d" not in one.processes]
    stated = all_materials(found)
    used = {
        material
        for draft in drafts
        for one in draft.processes
        for material in found.choices.takes[one]
    }
    for mention in sorted(found.of("thing"), key=lambda one: _vague(found, one)):
        thing = found.thing(mention)
        usual = set(thing.get("material", "").split())
        processes = tuple(thing["process"].split())
        if any(set(one.processes) & set(processes) for one in drafts):
            _note_usual(found, drafts, mention)
            continue
        fitting = found.choices.fitting(processes, stated) if stated else processes
        fitting = tuple(one for one in fitting if one in processes)
        left = bool(stated & usual - used)
        if thing.get("trade") == "electronics" and "electronics" in {
            p for d in drafts for p in d.processes
        }:
            left = True  # the housing of a board
        if core and not left:
            continue
        if not fitting:
            fitting = processes if not stated or (left and not usual) else ()
        if fitting:
            draft = Draft(fitting, [mention], fallback=tuple(usual), implied=True)
            drafts.append(draft)
            core.append(draft)


def _vague(found: Findings, mention: Mention) -> tuple[int, int]:
    vague = found.thing(mention).get("trade") in {"product", "moulds", "tailoring"}
    return (int(vague), mention.first)


def _note_usual(found: Findings, drafts: Sequence[Draft], mention: Mention) -> None:
    thing = found.thing(mention)
    for draft in drafts:
        if set(draft.processes) & set(thing["process"].split()):
            draft.mentions.append(mention)
            draft.fallback = draft.fallback or tuple(thing.get("material", "").split())


def _add_materials(found: Findings, drafts: list[Draft]) -> None:
    """Add how a material is worked that no step takes."""
    for mention, ids in found.materials:
        if len(ids) >= GENERIC or any(_takes(found, draft, ids) for draft in drafts):
            continue
        processes = tuple(
            dict.fromkeys(one for material in ids for one in found.choices.implied(material))
        )
        if processes:
            drafts.append(Draft(processes, [mention], must=True, implied=True))


def _takes(found: Findings, draft: Draft, ids: Iterable[str]) -> set[str]:
    return {
        material
        for material in ids
        for one in draft.processes
        if material in found.choices.takes[one]
    }


def _add_trade(found: Findings, drafts: list[Draft]) -> None:
    for name in found.trades:
        trade = found.data["trades"].get(name)
        if isinstance(trade, dict) and trade.get("process"):
            usual = tuple(trade.get("material", "").split())
            drafts.append(Draft(tuple(trade["process"].split()), [], fallback=usual, implied=True))
            return


def _assign(found: Findings, drafts: list[Draft]) -> None:
    """Give every material to the nearest step that takes it."""
    for mention, ids in found.materials:
        fitting = [draft for draft in drafts if _takes(found, draft, ids)]
        if not fitting:
            continue
        best = min(fitting, key=lambda draft: _distance(draft, mention))
        shared = [
            one
            for one in fitting
            if one is best
            or set(ids) <= {"stoneware", "terracotta", "porcelain"}
            or _same_cloth(one, best)
        ]
        for draft in shared:
            draft.materials.append(
                (mention, tuple(one for one in ids if one in _takes(found, draft, ids)))
            )
    for draft in drafts:
        _narrow(found, draft)


def _same_cloth(one: Draft, best: Draft) -> bool:
    """Say whether both steps are about the same piece: cutting and sewing, or bending, of it."""
    pairs = ({"sewing"}, {"metalworking"}, {"finishing"}, {"kiln"})
    return any(set(one.processes) & pair for pair in pairs) or any(
        set(best.processes) & pair for pair in pairs
    )


def _distance(draft: Draft, mention: Mention) -> tuple[int, int]:
    near = min((abs(one.first - mention.first) for one in draft.mentions), default=999)
    sentence = min((abs(one.sentence - mention.sentence) for one in draft.mentions), default=9)
    return (sentence, near)


def _narrow(found: Findings, draft: Draft) -> None:
    """Let precise materials win over vague ones, and drop processes that take none of them."""
    precise = [pair for pair in draft.materials if len(pair[1]) < GENERIC]
    draft.materials = precise or draft.materials
    named = {material for _, ids in draft.materials for material in ids}
    if named and len(draft.processes) > 1:
        draft.processes = found.choices.fitting(draft.processes, named) or draft.processes
    if named & CASTABLE and set(draft.processes) & {"resin_printing", "cnc_milling"}:
        draft.processes = tuple(dict.fromkeys([*draft.processes, "resin_printing", "cnc_milling"]))
        draft.processes = tuple(
            one for one in draft.processes if one in {"resin_printing", "cnc_milling"}
        )


def _merged(drafts: Sequence[Draft]) -> list[Draft]:
    kept: list[Draft] = []
    for draft in drafts:
        same = next((one for one in kept if set(one.processes) == set(draft.processes)), None)
        if same is None:
            kept.append(draft)
        else:
            same.mentions += draft.mentions
            same.materials += draft.materials
            same.must = same.must or draft.must
    return kept
