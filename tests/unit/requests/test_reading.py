"""What is read from a firm's words, and that no words whatever are too much."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labops.domain.requests.needs import Need, Part, Read
from labops.domain.requests.reading.lexicon import shipped
from labops.domain.requests.reading.numbers import number_in_digits, number_in_words
from labops.domain.requests.reading.reader import Words, read_need

TODAY = date(2026, 11, 23)  # a Monday
WORDS = Path(__file__).parents[3] / "labops/domain/requests/reading/words"


def need(text: str, **more: str) -> Need:
    return read_need(Words(text=text, **more), today=TODAY)


@pytest.mark.parametrize(
    ("word", "number"),
    [
        ("due", 2), ("ventuno", 21), ("ventotto", 28), ("trentatre", 33), ("cento", 100), ("centoventi", 120),
        ("duecentocinquanta", 250), ("mille", 1000), ("tremila", 3000), ("milleduecento", 1200), ("una", None), ("seta", None),
    ],
)  # fmt: skip
def test_numbers_in_words(word: str, number: float | None) -> None:
    assert number_in_words(word, "it") == number


@pytest.mark.parametrize(
    ("digits", "language", "number"),
    [
        ("1.500", "it", 1500),
        ("1.500", "en", 1.5),
        ("0,3", "it", 0.3),
        ("2,000", "en", 2000),
        ("1.2.3", "it", None),
    ],
)
def test_numbers_in_digits(digits: str, language: str, number: float | None) -> None:
    assert number_in_digits(digits, language) == number


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Ci servono entro dieci giorni.", 10),
        ("Consegna fra due settimane.", 14),
        ("Ci servono per il 18 dicembre.", 25),
        ("Entro fine mese, se possibile.", 7),
        ("Entro metà gennaio.", 53),
        ("Tutto pronto prima di Natale.", 31),
        ("Entro venerdì.", 4),
        ("Within three weeks, please.", 21),
        ("By January 15.", 53),
        ("Un corso di due ore per otto persone.", None),
        ("Non c'è nessuna fretta.", None),
    ],
)
def test_deadlines(text: str, days: int | None) -> None:
    found = need(text).due_on
    assert (None if found is None else (found.value - TODAY).days) == days


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Ci servono quaranta fermaporta in feltro.", 40),
        ("Una dozzina di ciotole in gres.", 12),
        ("Tre dozzine di targhette in ottone.", 36),
        ("Per una classe di 20 ragazzi vogliamo 60 pezzi in cartone.", 60),
        ("Un ricamo a sei colori su 15 felpe.", 15),
        ("Lastre da 3 mm.", None),
    ],
)
def test_quantities(text: str, count: int | None) -> None:
    found = need(text).quantity
    assert (found and found.value) == count


@pytest.mark.parametrize(
    ("text", "trade", "process", "material", "size", "thickness"),
    [
        ("Sagome in compensato da 5 mm tagliate al laser, 40x25 cm", "", "laser_cutting", "plywood", (400, 250), 5),
        ("Una boccola in ottone al tornio, diametro 24 mm, lunga 60", "tornitore", "turning", "brass", (60, 24, 24), None),
        ("Adesivi in vinile per la vetrina, 120 x 80 cm", "", "vinyl_cutting", "vinyl", (1200, 800), None),
        ("Serigrafare felpe in cotone", "", "screen_printing", "cotton", None, None),
        ("Scontornare sagome in pelle al cromo", "pellettiere", "knife_cutting", "leather_chrome", None, None),
        ("Two brackets in stainless steel, laser cut, 300 x 120 mm, 4 mm thick", "", "laser_cutting", "stainless", (300, 120), 4),
    ],
)  # fmt: skip
def test_work_and_pieces(
    text: str,
    trade: str,
    process: str,
    material: str,
    size: tuple[float, ...] | None,
    thickness: float | None,
) -> None:
    steps = [one for one in need(text, trade=trade).steps if process in one.processes.value]
    assert len(steps) == 1
    step = steps[0]
    assert material in step.materials.value
    assert (step.size and tuple(sorted(step.size.value, reverse=True))) == size
    assert (step.thickness_mm and step.thickness_mm.value) == thickness


@pytest.mark.parametrize(
    ("text", "musts"),
    [
        ("Progetto riservato, firmiamo un NDA.", {"nda"}),
        ("Non serve alcuna riservatezza.", set()),
        ("Stampi in silicone con dichiarazione MOCA.", {"food_contact"}),
        ("Non serve che siano alimentari.", set()),
        ("Una persona è in carrozzina: serve un ingresso senza gradini.", {"wheelchair"}),
        ("Dovete venire da noi, non possiamo spostarci.", {"onsite"}),
        ("No NDA needed.", set()),
    ],
)
def test_musts_and_what_takes_them_back(text: str, musts: set[str]) -> None:
    assert {str(one) for one in need(text).must_values} == musts


def test_what_is_refused_is_excluded_and_not_asked_for() -> None:
    found = need("Cartelli da tagliare in plexiglass, niente PVC.")
    assert [one.value for one in found.excluded] == ["pvc_foam"]
    assert all("pvc_foam" not in step.materials.value for step in found.steps)


def test_a_title_is_quoted_as_a_title() -> None:
    found = need("Vorrei 30 pezzi.", title="Ricamo su cotone")
    (step,) = found.steps
    assert {one.part for one in step.processes.quotes} == {Part.TITLE}
    assert [one.words for one in step.processes.quotes] == ["Ricamo"]


def _quotes(found: Need) -> list[Read[object]]:
    fields: list[object] = [
        found.quantity,
        found.due_on,
        found.budget,
        *found.services,
        *found.musts,
        *found.excluded,
    ]
    for step in found.steps:
        fields += [step.processes, step.materials, step.size, step.thickness_mm, step.tolerance_mm]
        fields += [read for _, read in step.traits]
    return [one for one in fields if isinstance(one, Read)]


PIECES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        "tre 30x40 cm mm , . laser taglio compensato da 4 ø 60 senza non niente entro dieci giorni dicembre fine 1/2 "
        "10/12/2026 già nostro master stampa 3d resina calcinabile una dozzina € 1.500 , ± 0,05 decimi alto spesso "
        "per il Natale 🙂 \n ( ) saldare piegare ottone stampi cuocere gres non serve riservatezza due e mezzo".split(
            " "
        )
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=40).map(" ".join), st.text(max_size=20), st.text(max_size=8))
def test_nothing_is_too_much_and_every_quote_lies_in_the_text(
    text: str, title: str, trade: str
) -> None:
    words = Words(text=text, title=title, trade=trade, ateco=trade)
    for read in _quotes(read_need(words, today=TODAY)):
        for quote in read.quotes:
            part = text if quote.part is Part.TEXT else title
            assert 0 <= quote.start < quote.stop <= len(part)
            assert part[quote.start : quote.stop] == quote.words


@pytest.mark.parametrize(
    "unit",
    ["laser ", "30x40 ", "entro tre giorni ", "🙂", "in ottone da 3 mm, ", "((((", "9" * 100, "\n"],
)
def test_very_long_texts_are_read(unit: str) -> None:
    found = need(unit * (50_000 // len(unit)))
    assert isinstance(found, Need)


def test_the_vocabulary_knows_every_process_and_material() -> None:
    data = shipped().data
    assert set(data["processes"]["names"]) == set(data["choices"]["takes"])
    assert len(data["processes"]["names"]) == 26
    named = {material for word in data["materials"]["word"] for material in word["of"]}
    assert len(named) == 61
    known = named | {"object", "architecture", "body"}
    for table in ("cut", "engrave", "print_3d", "print", "mill", "implied"):
        assert set(data["choices"][table]) - {"none"} <= known
    for thing in data["things"]["thing"]:
        assert set(thing["process"].split()) <= set(data["processes"]["names"])
        assert set(thing.get("material", "").split()) <= known
