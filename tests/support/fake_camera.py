"""Films of a code for Chromium's fake camera, written without any program for films."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

from labops.adapters import qr

SIZE = (640, 480)


def film(path: Path, text: str, *, blur: float = 0, module: int = 8, turned: float = 0) -> None:
    """Write two frames of a sheet with the code, held still in front of the camera.

    `blur` is the radius in pixels, `module` how many pixels wide one module is, `turned` by how
    many degrees the hand holds it askew.
    """
    picture = Image.new("L", SIZE, 200)
    if text:
        code = drawn(text, module)
        picture.paste(code, ((SIZE[0] - code.width) // 2, (SIZE[1] - code.height) // 2))
    picture = picture.rotate(turned, fillcolor=200)
    if blur:
        picture = picture.filter(ImageFilter.GaussianBlur(blur))
    grey = bytes([128]) * (SIZE[0] * SIZE[1] // 4)  # no colour
    frame = b"FRAME\n" + picture.tobytes() + grey + grey
    path.write_bytes(
        f"YUV4MPEG2 W{SIZE[0]} H{SIZE[1]} F10:1 Ip A1:1 C420jpeg\n".encode() + 2 * frame
    )


def drawn(text: str, module: int) -> Image.Image:
    """Return the code with its quiet zone, in pixels."""
    rows = qr.matrix(text)
    side = (len(rows) + 2 * qr.QUIET_ZONE) * module
    picture = Image.new("L", (side, side), 255)
    pen = ImageDraw.Draw(picture)
    for column, row, length in qr.runs(rows):
        left, top = (column + qr.QUIET_ZONE) * module, (row + qr.QUIET_ZONE) * module
        pen.rectangle((left, top, left + length * module - 1, top + module - 1), fill=0)
    return picture
