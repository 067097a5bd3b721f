"""Pictures as cameras and programs write them."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image


def picture(kind: str = "JPEG", size: tuple[int, int] = (800, 600), **more: Any) -> bytes:
    """Return a blue picture with a broad red edge on its left."""
    drawing = Image.new("RGB", size, "blue")
    drawing.paste("red", (0, 0, size[0] // 4, size[1]))
    buffer = io.BytesIO()
    drawing.save(buffer, kind, **more)
    return buffer.getvalue()
