"""What is sent as a photo is read as a picture or refused, and only its pixels survive."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from labops.adapters import photos
from labops.kernel.errors import Invalid
from tests.support.pictures import picture


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def code_of(raw: bytes) -> str:
    with pytest.raises(Invalid) as refused:
        photos.made(raw)
    (problem,) = refused.value.problems
    assert problem.params["field"] == "photo"
    return problem.code


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_every_kind_becomes_webp_in_two_sizes(kind: str) -> None:
    sizes = photos.made(picture(kind, (2400, 1200)))
    assert {name: opened(data).size for name, data in sizes.items()} == {
        "small": (640, 320),
        "large": (1600, 800),
    }
    assert {opened(data).format for data in sizes.values()} == {"WEBP"}
    assert len(sizes["small"]) < len(sizes["large"]) < 200_000


def test_a_small_picture_is_not_blown_up() -> None:
    assert opened(photos.made(picture("PNG", (20, 10)))["large"]).size == (20, 10)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_metadata_is_left_behind_but_the_picture_stands_upright(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    exif[0x010F] = "Secret maker"
    exif.get_ifd(0x8825)[1] = "N"
    raw = picture(kind, (300, 200), exif=exif)
    assert b"Secret maker" in raw
    for data in photos.made(raw).values():
        found = opened(data)
        assert found.size == (200, 300)
        assert not found.getexif()
        assert b"Secret maker" not in data
        assert {"exif", "xmp", "icc_profile", "comment"} & set(found.info) == set()
        # The red left edge is on top now.
        red, _green, blue = found.convert("RGB").getpixel((100, 5))
        assert red > 200 > 100 > blue


def test_what_is_transparent_becomes_white() -> None:
    drawing = Image.new("RGBA", (50, 50), (255, 0, 0, 0))
    buffer = io.BytesIO()
    drawing.save(buffer, "PNG")
    found = opened(photos.made(buffer.getvalue())["small"]).convert("RGB")
    assert min(found.getpixel((25, 25))) > 250


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "LA", "I;16"])
def test_every_way_to_store_pixels_is_read(mode: str) -> None:
    buffer = io.BytesIO()
    Image.new(mode, (40, 30)).save(buffer, "JPEG" if mode == "CMYK" else "PNG")
    assert opened(photos.made(buffer.getvalue())["large"]).size == (40, 30)


def huge_png() -> bytes:
    """Return a few bytes that claim to be 20,000 by 20,000 pixels."""
    head = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n"
    for name, body in ((b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")):
        crc = zlib.crc32(name + body)
        data += struct.pack(">I", len(body)) + name + body + struct.pack(">I", crc)
    return data


def test_bad_files_are_refused_by_code() -> None:
    good = picture("JPEG", (800, 600))
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    gif = io.BytesIO()
    Image.new("RGB", (10, 10)).save(gif, "GIF")
    for raw in (b"", b"hello", svg, gif.getvalue(), good[:200], picture("PNG", (80, 60))[:-40]):
        assert code_of(raw) == "photo.unreadable"
    assert code_of(huge_png()) == "photo.too-many-pixels"
    assert code_of(picture("PNG", (8000, 5001))) == "photo.too-many-pixels"
    assert code_of(b"\0" * (photos.MOST_BYTES + 1)) == "photo.too-large"
