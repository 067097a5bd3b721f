"""Eyes for the tests of codes and labels: draw what was made and read it as a phone would."""

from __future__ import annotations

from io import BytesIO

import pypdfium2
import zxingcpp
from fpdf import FPDF
from PIL import Image

POINTS_PER_MM = 72 / 25.4


def page_images(pdf: bytes, *, per_mm: float) -> list[Image.Image]:
    """The pages of a PDF in grey, with this many pixels to the millimetre."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        scale = per_mm / POINTS_PER_MM
        return [page.render(scale=scale, grayscale=True).to_pil() for page in document]
    finally:
        document.close()


def image_of_svg(svg: str, *, side: int) -> Image.Image:
    """An SVG drawn `side` pixels wide, by way of a PDF."""
    pdf = FPDF(unit="mm", format=(100, 150))
    pdf.add_page()
    pdf.image(BytesIO(svg.encode()), x=0, y=0, w=100)
    (image,) = page_images(bytes(pdf.output()), per_mm=side / 100)
    return image


def addresses_in(image: Image.Image) -> list[str]:
    """What a reader of QR codes finds in a picture, sorted."""
    found = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)
    return sorted(barcode.text for barcode in found)


def text_boxes(pdf: bytes) -> list[list[tuple[float, float, float, float]]]:
    """For each page, the boxes of ink of its letters: left, top, right, bottom in mm."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [_letters_on(page) for page in document]
    finally:
        document.close()


def _letters_on(page: pypdfium2.PdfPage) -> list[tuple[float, float, float, float]]:
    height = page.get_height()
    text = page.get_textpage()
    boxes = []
    for place in range(text.count_chars()):
        left, bottom, right, top = text.get_charbox(place)
        if right > left:  # a blank has no ink
            edges = (left, height - top, right, height - bottom)
            boxes.append(tuple(edge / POINTS_PER_MM for edge in edges))
    return boxes


def words_of(pdf: bytes) -> list[str]:
    """The text of each page on one line."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [" ".join(page.get_textpage().get_text_range().split()) for page in document]
    finally:
        document.close()
