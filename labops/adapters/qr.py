"""QR codes of addresses, as a grid of modules and as an SVG that stands in a page.

A code holds the address of a place and nothing else: it grants nothing to whoever reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from labops.kernel.text import one_line

QUIET_ZONE = 4  # modules of white that a reader needs on every side


def matrix(address: str) -> list[list[bool]]:
    """Return the code's rows of modules, dark ones True, without the quiet zone.

    A code of level M is read with 15 % of it lost to dirt or a scratch. Where level Q (25 %)
    needs no more modules it is taken, so that modules are as large as the address allows.
    Raises `ValueError` when the address is empty or too long for any code.
    """
    # Imported late: the library takes 4 MiB of memory, and few processes ever draw a code.
    from qrcode.constants import ERROR_CORRECT_M, ERROR_CORRECT_Q
    from qrcode.exceptions import DataOverflowError
    from qrcode.main import QRCode

    if not address:
        raise ValueError("A QR code needs an address.")
    code = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(address)
    try:
        code.make(fit=True)
    except (DataOverflowError, ValueError) as error:
        raise ValueError("The address is too long for a QR code.") from error
    sturdier = QRCode(version=code.version, error_correction=ERROR_CORRECT_Q, border=0)
    sturdier.add_data(address)
    try:
        sturdier.make(fit=False)
    except DataOverflowError:
        return [[bool(module) for module in row] for row in code.get_matrix()]
    return [[bool(module) for module in row] for row in sturdier.get_matrix()]


def runs(modules: list[list[bool]]) -> Iterator[tuple[int, int, int]]:
    """Yield `(column, row, length)` of each unbroken run of dark modules in a row."""
    for row, line in enumerate(modules):
        start = None
        for column, dark in enumerate([*line, False]):
            if dark and start is None:
                start = column
            elif not dark and start is not None:
                yield start, row, column - start
                start = None


def svg(address: str, *, title: str) -> str:
    """Return the code of an address as an SVG element, black on white with its quiet zone.

    `title` is what a screen reader says. The size is the page's affair: there is a viewBox of
    one unit a module, no width, no style and no id, so that it may stand inline many times under
    a strict content security policy. Raises `ValueError` as `matrix` does.
    """
    modules = matrix(address)
    side = len(modules) + 2 * QUIET_ZONE
    path = "".join(
        f"M{column + QUIET_ZONE} {row + QUIET_ZONE}h{length}v1h-{length}z"
        for column, row, length in runs(modules)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" role="img"'
        f' shape-rendering="crispEdges"><title>{escape(one_line(title))}</title>'
        f'<path fill="#fff" d="M0 0h{side}v{side}h-{side}z"/>'
        f'<path fill="#000" d="{path}"/></svg>'
    )
