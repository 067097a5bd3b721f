"""Labels: every code is read back, nothing leaves its label, the same labels give one PDF."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import get_args
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from labops.adapters import label_fonts
from labops.adapters.label_fonts import face
from labops.adapters.label_layout import LINE_HEIGHT, Drawing, drawing_of
from labops.adapters.labels import SHEETS, Label, Page, label_svg, sheet_pdf
from labops.adapters.qr import QUIET_ZONE, matrix
from tests.unit.adapters.feed_samples import HOSTILE, hostile_texts
from tests.unit.adapters.print_readers import (
    addresses_in,
    image_of_svg,
    page_images,
    text_boxes,
    words_of,
)

PAGES: tuple[Page, ...] = get_args(Page)
NAME = (
    "Ultimaker S5 Pro Bundle con Air Manager e Material Station, seconda postazione accanto"
    " alla finestra del cortile interno"
)
LONG = (
    NAME,
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "W" * 120,
    "i" * 120,
    "ÈÀÒ " * 30,
)


def station(number: int = 0, **changes: str) -> Label:
    fields = {
        "title": "Trotec Speedy 400 flexx",
        "subtitle": "Smart City Lab · Laser",
        "address": f"https://labops.example.org/s/aB3dE5gH7jK9mN{number:03}",
        "kind": "door" if number % 2 else "machine",
        "hint": "Scan to see whether it is free, to start or to book.",
    }
    return Label(**(fields | changes))  # type: ignore[arg-type]


def per_page(page: Page) -> int:
    return SHEETS[page].columns * SHEETS[page].rows


@pytest.mark.parametrize("page", PAGES)
def test_every_code_of_a_sheet_is_read_exactly(page: Page) -> None:
    labels = [station(number) for number in range(per_page(page) + 2)]
    images = page_images(sheet_pdf(labels, page=page), per_mm=6)
    assert len(images) == -(-len(labels) // per_page(page))
    for number, image in enumerate(images):
        here = labels[number * per_page(page) : (number + 1) * per_page(page)]
        assert addresses_in(image) == sorted(label.address for label in here)


@pytest.mark.parametrize("page", ["a4-8", "roll-62"])
def test_the_big_ones_are_read_from_two_metres(page: Page) -> None:
    """A frame of 3840 pixels that sees 66 degrees has 1.47 pixels to the mm at two metres."""
    labels = [station(number) for number in range(per_page(page))]
    (sharp,) = page_images(sheet_pdf(labels, page=page), per_mm=12)
    small = (round(sharp.width / 12 * 1.47), round(sharp.height / 12 * 1.47))
    seen = sharp.resize(small, Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(0.7))
    assert addresses_in(seen) == sorted(label.address for label in labels)


@pytest.mark.parametrize("page", PAGES)
def test_the_words_stand_on_the_label(page: Page) -> None:
    (words,) = words_of(sheet_pdf([station(title="Fresa è CNC 100 \u00d7 80")], page=page))
    for wanted in ("Fresa è CNC 100 \u00d7 80", "Smart City Lab · Laser", "Scan to see whether"):
        assert wanted in words
    assert "labops.example.org/s/aB3dE5gH7jK9mN000" in words.replace(" ", "")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("text", LONG)
def test_no_letter_of_a_long_text_leaves_its_label(page: Page, text: str) -> None:
    width, height = SHEETS[page].label
    left, top = SHEETS[page].corner(0)
    (boxes,) = text_boxes(sheet_pdf([station(title=text, subtitle=text, hint=text)], page=page))
    assert boxes
    assert min(box[0] for box in boxes) >= left + 1
    assert min(box[1] for box in boxes) >= top + 1
    assert max(box[2] for box in boxes) <= left + width - 1
    assert max(box[3] for box in boxes) <= top + height - 1


def assert_tidy(drawing: Drawing) -> None:
    """All is on the label, lines do not meet each other, and no word touches the code."""
    side = min(drawing.width, drawing.height)
    tall = drawing.height > drawing.width
    floor = 0.0
    for line in drawing.lines:
        size = line.size * 25.4 / 72
        top = line.baseline - 0.92 * size
        assert line.text
        assert line.size >= 5
        assert line.x >= 0
        assert line.x + line.width <= drawing.width - 2
        assert top >= floor - 1e-6
        assert (top if tall else line.x) >= side - 1e-6
        floor = top + LINE_HEIGHT * size
    assert floor <= drawing.height - 2
    for box in drawing.boxes:
        assert box.x + box.width <= drawing.width - 2
        assert box.y + box.height <= drawing.height - 2
        icon = box.x >= side or box.y >= side
        for line in drawing.lines:
            beside = line.x + line.width <= box.x + 1e-6
            above = line.baseline + 0.28 * line.size * 25.4 / 72 <= box.y + 1e-6
            assert not icon or beside or above


@settings(max_examples=80, deadline=None)
@given(hostile_texts, hostile_texts, hostile_texts, st.sampled_from(PAGES))
def test_any_text_is_laid_out_tidily(title: str, subtitle: str, hint: str, page: Page) -> None:
    width, height = SHEETS[page].label
    label = station(title=title, subtitle=subtitle, hint=hint)
    assert_tidy(drawing_of(label, width=width, height=height))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("text", LONG)
def test_the_longest_texts_are_laid_out_tidily(page: Page, text: str) -> None:
    width, height = SHEETS[page].label
    label = station(title=text, subtitle=text, hint=text, address="https://h.example/" + "w" * 90)
    assert_tidy(drawing_of(label, width=width, height=height))


def test_a_long_name_wraps_between_words_and_is_not_cut() -> None:
    drawing = drawing_of(station(title=NAME), width=70, height=37)
    title = [line.text for line in drawing.lines if line.bold]
    assert len(title) > 1
    assert " ".join(title) == NAME


def test_an_address_without_room_is_left_out_of_the_words_but_not_of_the_code() -> None:
    label = station(address="https://labops.example.org/" + "x" * 300)
    drawing = drawing_of(label, width=70, height=37)
    assert not any("labops.example" in line.text for line in drawing.lines)
    assert addresses_in(page_images(sheet_pdf([label]), per_mm=12)[0]) == [label.address]


@pytest.mark.parametrize("page", PAGES)
def test_nothing_stands_in_the_quiet_zone(page: Page) -> None:
    width, height = SHEETS[page].label
    label = station()
    side = min(width, height)
    step = side / (len(matrix(label.address)) + 2 * QUIET_ZONE)
    code = [
        box
        for box in drawing_of(label, width=width, height=height).boxes
        if box.x < side and box.y < side
    ]
    assert min(box.x for box in code) == pytest.approx(QUIET_ZONE * step)
    assert max(box.x + box.width for box in code) == pytest.approx(side - QUIET_ZONE * step)


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_prints(text: str) -> None:
    label = station(title=text, subtitle=text, hint=text)
    assert addresses_in(page_images(sheet_pdf([label]), per_mm=6)[0]) == [label.address]
    assert ET.fromstring(label_svg(label)).tag.endswith("svg")  # noqa: S314


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Fresa ≤ 3 kW → Ø 10 µm", "Fresa <= 3 kW -> Ø 10 µm"),
        ("🔥 Laser \u200d 🔥", "Laser"),
        ("e\u0301tude", "étude"),
        ("Žižek řezačka ąę", "Žižek řezačka ąę"),
        ("\u0421\u0442\u0430 \u521b", "??? ?"),
        ("\u2116 5 · 2\u00d74", "No. 5 · 2\u00d74"),
    ],
)
def test_signs_that_the_font_lacks(typed: str, shown: str) -> None:
    assert face(bold=True).printable(typed) == shown


def test_the_svg_of_a_label_is_read_exactly_and_needs_no_style() -> None:
    label = station(title='Laser "CO₂" <b>', subtitle="A & B")
    written = label_svg(label)
    root = ET.fromstring(written)  # noqa: S314
    assert root.attrib["viewBox"] == "0 0 74 105"
    assert root[0].text == 'Laser "CO₂" <b> · A & B'
    for element in root.iter():
        assert not {"style", "id", "class", "width", "height"} & set(element.attrib)
    assert addresses_in(image_of_svg(written, side=900)) == [label.address]
    assert written == label_svg(label)


def test_the_same_labels_give_the_same_bytes_in_another_process() -> None:
    code = (
        "import sys; from labops.adapters.labels import *;"
        "sys.stdout.buffer.write(sheet_pdf([Label('Laser è', 'MHUMA', 'https://h.example/s/1',"
        " 'machine', 'Scan')], page='a4-8'))"
    )
    digests = set()
    for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo")):
        done = subprocess.run(  # noqa: S603 - our own interpreter and code
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
        )
        digests.add(hashlib.sha256(done.stdout).hexdigest())
    here = sheet_pdf(
        [Label("Laser è", "MHUMA", "https://h.example/s/1", "machine", "Scan")], page="a4-8"
    )
    assert digests == {hashlib.sha256(here).hexdigest()}
    assert b"/CreationDate (D:20260101000000Z)" in here


def test_nothing_to_print_is_refused() -> None:
    with pytest.raises(ValueError, match="no label"):
        sheet_pdf([])
    with pytest.raises(ValueError, match="address"):
        sheet_pdf([station(address="")])


def test_a_missing_font_says_how_to_build_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(label_fonts, "VENDOR", tmp_path)
    with pytest.raises(label_fonts.FontMissing, match=r"hatch_build\.py"):
        face.__wrapped__(bold=True)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="Linux tells which files are open")
def test_no_file_of_a_font_stays_open_when_a_label_fails() -> None:
    with pytest.raises(ValueError, match="address"):
        sheet_pdf([station(address="")])
    opened = [os.readlink(entry) for entry in Path("/proc/self/fd").iterdir() if entry.exists()]
    assert [file for file in opened if file.endswith(".ttf")] == []
