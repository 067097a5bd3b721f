"""Whole steps: drafts with sizes, thickness, tolerance and what machines must be able to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from labops.domain.requests.needs import Quote, Read, Size, Step
from labops.domain.requests.reading.draft import CASTABLE, Draft
from labops.domain.requests.reading.drafts import drafts_of
from labops.domain.requests.reading.findings import Findings
from labops.domain.requests.reading.measures import Measure
from labops.domain.requests.reading.sizes import SIZELESS, THICKEST, beside_material, sizes_of

_YES = True
HOT = 600
"""Degrees from which a temperature is a kiln's."""
DETAIL = 3.0
"""A detail so many times as large as the tolerance of a machine comes out sharp."""
Quoter = Callable[[int, int], Quote]
"""Makes a quote of the tokens from the first to the last."""


def steps_of(found: Findings, quote: Quoter, *, on_site: bool) -> tuple[Step, ...]:
    """Return the steps of the need; `quote` gives the words between two tokens."""
    drafts = drafts_of(found)
    sizes = sizes_of(found, drafts)
    steps = []
    surveyed = False
    for place, draft in enumerate(drafts):
        scans = draft.processes == ("scanning_3d",)
        steps.append(
            _step(
                found,
                draft,
                drafts,
                sizes[place],
                quote,
                on_site=on_site and scans and not surveyed,
            )
        )
        surveyed = surveyed or scans
    return tuple(steps)


def _step(
    found: Findings,
    draft: Draft,
    drafts: Sequence[Draft],
    size: tuple[Size, list[Measure]] | None,
    quote: Quoter,
    *,
    on_site: bool,
) -> Step:
    said = [quote(one.first, one.last) for one in draft.mentions]
    thickness = _thickness(found, draft, drafts)
    engraved = bool(found.cues("engraved")) and "laser_cutting" in draft.processes
    return Step(
        processes=Read(draft.processes, tuple(said), implied=draft.implied),
        materials=_materials(found, draft, quote),
        size=_read_size(found, draft, size, quote),
        thickness_mm=_read_thickness(thickness, quote),
        tolerance_mm=_tolerance(found, draft, quote),
        must=draft.must,
        on_site=on_site,
        engraved=engraved,
        traits=tuple(_traits(found, draft, quote)),
    )


def _read_thickness(measure: Measure | None, quote: Quoter) -> Read[float] | None:
    if measure is None:
        return None
    millimetres = measure.values[0] * (measure.unit or 1.0)
    return Read(millimetres, (quote(measure.first, measure.last),))


def _materials(found: Findings, draft: Draft, quote: Quoter) -> Read[tuple[str, ...]]:
    if draft.processes == ("scanning_3d",):
        return _scanned(found, quote)
    ids = list(dict.fromkeys(material for _, group in draft.materials for material in group))
    quotes = tuple(quote(one.first, one.last) for one, _ in draft.materials)
    implied = not ids
    if not ids:
        ids = [
            one
            for one in draft.fallback
            if any(one in found.choices.takes[p] for p in draft.processes)
        ]
        quotes = tuple(quote(one.first, one.last) for one in draft.mentions[:1]) if ids else ()
    if set(ids) & CASTABLE and "resin_printing" in draft.processes:
        ids += [one for one in ("resin_castable", "wax") if one not in ids]
        ids = [one for one in ids if one in CASTABLE]
    return Read(tuple(ids), quotes, implied=implied and bool(ids))


def _scanned(found: Findings, quote: Quoter) -> Read[tuple[str, ...]]:
    """Say what is scanned: a body, a building or an object."""
    for key in ("body", "architecture"):
        cues = found.cues(key)
        if cues:
            ids = (key,)
            return Read(ids, tuple(quote(one.first, one.last) for one in cues[:2]))
    if "orthopaedics" in found.trades or "shoes" in found.trades:
        return Read(("body",), implied=True)
    cues = found.cues("object")
    return Read(
        ("object",), tuple(quote(one.first, one.last) for one in cues[:1]), implied=not cues
    )


def _read_size(
    found: Findings, draft: Draft, size: tuple[Size, list[Measure]] | None, quote: Quoter
) -> Read[Size] | None:
    if set(draft.processes) <= SIZELESS:
        return None
    if size is not None:
        return Read(size[0], tuple(quote(one.first, one.last) for one in size[1]))
    for mention in draft.mentions:
        if mention.kind == "thing" and found.thing(mention).get("size"):
            usual = tuple(float(value) for value in found.thing(mention)["size"])
            return Read(usual, (quote(mention.first, mention.last),), implied=True)
    return None


def _thickness(found: Findings, draft: Draft, drafts: Sequence[Draft]) -> Measure | None:
    """Return how thick the sheet of this step is."""
    del drafts
    if set(draft.processes) & {"electronics", "scanning_3d", "turning", "resin_printing"} == set(
        draft.processes
    ):
        return None
    stated = [one for one in found.measures if one.axis == "thickness"]
    stated += [
        one
        for one in found.measures
        if one.axis == "bare" and one.values[0] <= THICKEST and beside_material(found, one)
    ]
    own = {mention.first for mention, _ in draft.materials}
    best: tuple[int, Measure] | None = None
    for one in stated:
        if one.unit is None:
            one = Measure(one.first, one.last, one.values, 1.0, one.axis, one.sentence)  # noqa: PLW2901 - in mm
        away = min(
            (abs(place - one.first) for place in own),
            default=abs(min(draft.places, default=0) - one.first),
        )
        others = min(
            (abs(m.first - one.first) for m, _ in found.materials if m.first not in own),
            default=999,
        )
        if others < away and one.axis == "bare":
            continue
        if best is None or away < best[0]:
            best = (away, one)
    return best[1] if best else None


def _tolerance(found: Findings, draft: Draft, quote: Quoter) -> Read[float] | None:
    """Return the tolerance; details ask for a third of their size."""
    if set(draft.processes) <= SIZELESS | {"casting", "kiln", "finishing", "embroidery"}:
        return None
    fine: list[tuple[float, Measure]] = []
    for one in found.measures:
        value = one.values[0] * (one.unit or 1.0)
        if one.axis == "tolerance" and 0 < value <= 5:  # noqa: PLR2004
            fine.append((value, one))
        elif one.axis == "detail" and 0 < value <= 2:  # noqa: PLR2004
            fine.append((round(value / DETAIL, 4), one))
    if not fine:
        return None
    value, measure = min(fine, key=lambda pair: pair[0])
    return Read(value, (quote(measure.first, measure.last),))


def _traits(
    found: Findings, draft: Draft, quote: Quoter
) -> Iterable[tuple[str, Read[float | bool | str]]]:
    for process, cue, name in (
        ("embroidery", "finished_garments", "finished_garments"),
        ("turning", "threading", "threading"),
    ):
        cues = found.cues(cue)
        if process in draft.processes and cues:
            yes: Read[float | bool | str] = Read(_YES, (quote(cues[0].first, cues[0].last),))
            yield name, yes
    if "weaving_knitting" in draft.processes or "screen_printing" in draft.processes:
        kinds = (
            ("knitting", "weaving")
            if "weaving_knitting" in draft.processes
            else ("screen", "sublimation", "heat_transfer")
        )
        named = [one for one in found.of("cue") if one.key in kinds]
        if named:
            yield "kind", Read(named[0].key, (quote(named[0].first, named[0].last),))
    yield from _counted(found, draft, quote)


def _counted(
    found: Findings, draft: Draft, quote: Quoter
) -> Iterable[tuple[str, Read[float | bool | str]]]:
    tokens = found.tokens
    for place, token in enumerate(tokens[1:], start=1):
        value = tokens[place - 1].value
        if value is None:
            continue
        if "embroidery" in draft.processes and token.plain in {
            "colori",
            "colours",
            "colors",
            "aghi",
            "needles",
            "toni",
        }:
            yield "needles", Read(value, (quote(place - 1, place),))
            return
        if (
            "kiln" in draft.processes
            and token.plain in {"°", "gradi", "degrees", "c", "º"}
            and value >= HOT
        ):
            yield "max_temp_c", Read(value, (quote(place - 1, place),))
            return
