"""QR codes: what a reader sees in them, and what a page may do with them."""

from __future__ import annotations

from itertools import product
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from labops.adapters.qr import matrix, runs, svg
from tests.unit.adapters.feed_samples import HOSTILE
from tests.unit.adapters.print_readers import addresses_in, image_of_svg

ADDRESS = "https://labops.example.org/s/aB3dE5gH7jK9mN1pQ"
SVG = "{http://www.w3.org/2000/svg}"
url_signs = st.sampled_from("abcXYZ0189-._~:/?#[]@!$&'()*+,;=%")


def drawn(modules: list[list[bool]]) -> Image.Image:
    side = len(modules) + 8
    image = Image.new("L", (side, side), 255)
    for row, column in product(range(len(modules)), repeat=2):
        if modules[row][column]:
            image.putpixel((column + 4, row + 4), 0)
    return image.resize((side * 4, side * 4), Image.Resampling.NEAREST)


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet=url_signs, min_size=1, max_size=200))
def test_a_reader_finds_exactly_the_address_in_the_grid(tail: str) -> None:
    assert addresses_in(drawn(matrix(f"https://labops.example.org/s/{tail}"))) == [
        f"https://labops.example.org/s/{tail}"
    ]


@pytest.mark.parametrize("address", [ADDRESS, "https://h.example/s/1", f"{ADDRESS}?k=1.2" * 4])
def test_a_reader_finds_exactly_the_address_in_the_svg(address: str) -> None:
    assert addresses_in(image_of_svg(svg(address, title="Laser"), side=500)) == [address]


def test_a_station_code_takes_33_modules_and_survives_lost_ones() -> None:
    modules = matrix(ADDRESS)
    assert len(modules) == 33
    for row, column in product(range(14, 20), range(14, 20)):  # a blot of 36 modules
        modules[row][column] = True
    assert addresses_in(drawn(modules)) == [ADDRESS]


def test_the_runs_are_the_dark_modules() -> None:
    modules = matrix(ADDRESS)
    again = [[False] * len(modules) for _ in modules]
    for column, row, length in runs(modules):
        again[row][column : column + length] = [True] * length
    assert again == modules


def test_the_svg_has_a_name_a_role_and_only_a_view_box() -> None:
    root = ET.fromstring(svg(ADDRESS, title="Laser cutter, Smart City Lab"))  # noqa: S314
    assert root.attrib == {"viewBox": "0 0 41 41", "role": "img", "shape-rendering": "crispEdges"}
    assert [child.tag for child in root] == [f"{SVG}title", f"{SVG}path", f"{SVG}path"]
    assert root[0].text == "Laser cutter, Smart City Lab"
    assert [path.attrib["fill"] for path in root[1:]] == ["#fff", "#000"]
    for element in root.iter():
        assert not {"style", "id", "class", "width", "height"} & set(element.attrib)


def test_four_modules_around_the_code_stay_white() -> None:
    image = image_of_svg(svg(ADDRESS, title=""), side=820).crop((0, 0, 820, 820))
    left, top, right, bottom = image.point(lambda level: 255 if level < 128 else 0).getbbox()
    assert [round(edge / 20) for edge in (left, top, right, bottom)] == [4, 4, 37, 37]


@pytest.mark.parametrize("title", HOSTILE)
def test_any_title_gives_well_formed_xml(title: str) -> None:
    root = ET.fromstring(svg(ADDRESS, title=title))  # noqa: S314
    assert len(root) == 3
    assert len(list(root.iter())) == 4


@pytest.mark.parametrize("address", ["", "https://h.example/" + "x" * 2400, "è" * 3000])
def test_an_address_that_fits_no_code_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        matrix(address)


def test_the_same_address_gives_the_same_picture() -> None:
    assert svg(ADDRESS, title="Laser") == svg(ADDRESS, title="Laser")
