"""Work areas, materials and names of machines: what is read, and that nothing makes it stumble."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labops.domain.labs.classes import CLASSES, processes_of
from labops.domain.labs.classifying import class_of
from labops.domain.labs.evaluating import SEEN, UNSEEN, evaluate, half_of
from labops.domain.labs.material_words import read_materials
from labops.domain.labs.sizes import LONGEST_MM, Unread, read_size
from labops.domain.labs.vocabulary import MATERIALS, SERVICES
from labops.domain.machines.processes import PROCESSES
from labops.kernel.errors import Invalid

LISTS = Path("/work/shared/data")
GEOMACHINES = LISTS / "okw_geomachines.csv"


@pytest.mark.parametrize(
    ("text", "unit", "sides"),
    [
        ("200 x 270 x 200 mm ", "", (200, 270, 200)),
        ("300 х 300 х 340 mm", "", (300, 300, 340)),  # Cyrillic
        ("120 mm × 67.5 mm × 150 mm ", "", (120, 67.5, 150)),
        ("406,4 x 406,4 x 228,6mm.", "", (406.4, 406.4, 228.6)),
        ("1245 x 710 mm", "", (1245, 710)),
        ("60 x 40 cm", "", (600, 400)),
        ("12 in x 20 in", "", (304.8, 508)),
        ('24" x 18"', "", (609.6, 457.2)),
        ("1.5 m x 90 cm", "", (1500, 900)),
        ("W 300 x D 200 x H 100 mm", "", (300, 200, 100)),
        ("300 x 200 x 280", "mm", (300, 200, 280)),
    ],
)
def test_sizes_are_read(text: str, unit: str, sides: tuple[float, ...]) -> None:
    assert read_size(text, unit=unit).sides_mm == sides


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", Unread.EMPTY),
        ("300 x 200 x 280", Unread.UNIT_MISSING),
        ("340 × 340 × ∞ mm", Unread.ENDLESS),
        ("2000/8000 x 1300/3200 mm", Unread.SEVERAL_SIZES),
        ("Ø 200 x 300 mm", Unread.ROUND),
        ("1,245 x 710 mm", Unread.THOUSANDS),  # one and a bit, or a thousand?
        ("300 mm", Unread.SIDES),
        ("3 x 3 x 3 x 3 mm", Unread.SIDES),
        ("0 x 100 mm", Unread.OUT_OF_RANGE),
        ("300 x 200 parsec", Unread.UNIT_UNKNOWN),
        ("as big as a table", Unread.OTHER),
    ],
)
def test_what_is_not_certain_is_not_read(text: str, why: Unread) -> None:
    assert read_size(text).unread == why


@given(st.text(max_size=60) | st.text(alphabet='0123456789xX., mcin/∞Ø"', max_size=30))
@settings(max_examples=100, deadline=None)
def test_any_size_is_read_or_refused(text: str) -> None:
    size = read_size(text)
    assert bool(size.sides_mm) != bool(size.unread)
    assert all(0 < side <= LONGEST_MM for side in size.sides_mm)


def test_materials_are_ours_or_listed() -> None:
    read = read_materials("Wood PLA, ABS and +12 materials; Tough Resin, Aluminium Nitride, MDF")
    assert read.known == ("pla", "abs", "resin_tough", "mdf")
    assert read.unread == ("Aluminium Nitride",)


@given(st.text(max_size=80), st.text(max_size=30))
@settings(max_examples=150, deadline=None)
def test_any_name_is_told_or_not_and_nothing_breaks(name: str, maker: str) -> None:
    assert class_of(name, maker) in {"", *CLASSES}
    assert set(read_materials(name).known) <= set(MATERIALS)


@pytest.mark.parametrize(
    ("name", "maker", "machine_class"),
    [
        ("Stampante 3D", "", "printer_3d"),
        ("Imprimante 3D", "Ultimaker", "fdm_printer"),
        ("3D-Drucker", "Formlabs", "resin_printer"),
        ("Découpeuse laser", "", "laser_cutter"),
        ("3D laser scanner", "", "scanner"),
        ("Fresatrice CNC", "", "cnc_mill"),
        ("Plotter de corte de vinilo", "", "vinyl_cutter"),
        ("Tornio", "", "lathe"),
        ("Macchina da cucire", "", "sewing_machine"),
        ("Nähmaschine", "", "sewing_machine"),
        ("Lötstation", "", "electronics_bench"),
        ("Настольный 3D-принтер", "", "printer_3d"),
        ("Bohrmaschine", "", "hand_tool"),
        ("cosa", "ignota", ""),
    ],
)
def test_machines_are_told_in_several_languages(name: str, maker: str, machine_class: str) -> None:
    assert class_of(name, maker) == machine_class


def test_words_stand_for_what_there_is() -> None:
    assert {process for key in CLASSES for process in processes_of(key)} <= set(PROCESSES)
    assert all(italian and english for italian, english in MATERIALS.values())
    assert all(italian and english for italian, english in SERVICES.values())


def test_halves_are_cut_the_same_way_whatever_the_order() -> None:
    rows = [{"name": f"m{number}", "brand": "b", "class_1": "other"} for number in range(200)]
    headings = ["name", "brand", "class_1"]
    halves = [half_of(row, headings) for row in rows]
    assert halves == [half_of(row, headings) for row in reversed(rows)][::-1]
    assert 60 < halves.count(SEEN) < 140
    assert set(halves) == {SEEN, UNSEEN}
    with pytest.raises(Invalid):
        evaluate("name,brand\nx,y")


@pytest.mark.skipif(not GEOMACHINES.exists(), reason="the list of machines is not here")
def test_nine_machines_of_ten_are_told_right() -> None:
    found = evaluate(GEOMACHINES.read_text(encoding="utf-8-sig"))
    assert found.unseen.count > 1000
    assert found.unseen.share >= 0.9
