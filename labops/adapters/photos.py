"""Photos of machines: what was sent is read as a picture or refused, and written anew.

Only the pixels survive: no place, no name of a camera, nothing a browser could take for anything
but a picture. Files are named after their content, so that whoever has one may keep it for good.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import secrets
import warnings
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flask import current_app

from labops.domain.machines import services
from labops.kernel.errors import Invalid
from labops.kernel.permissions import Actor

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_BYTES = 8 * 1024 * 1024
MOST_PIXELS = 40_000_000
# The longer side in pixels: across a phone's card, and across a page on a sharp screen.
SIZES: Mapping[str, int] = {"small": 640, "large": 1600}
KIND = "image/webp"
_FORMATS = ("JPEG", "PNG", "WEBP")
_QUALITY = 80
_NAME = re.compile(r"[0-9a-f]{32}-(?:small|large)\.webp")


def made(raw: bytes) -> dict[str, bytes]:
    """Return the picture in every size as WebP; raises `Invalid` naming the field `photo`."""
    if len(raw) > MOST_BYTES:
        raise Invalid.field("photo", "photo.too-large", most=MOST_BYTES // 2**20)
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about strange metadata, which is not kept
            with Image.open(io.BytesIO(raw), formats=_FORMATS) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    most = MOST_PIXELS // 10**6
                    raise Invalid.field("photo", "photo.too-many-pixels", most=most)
                side = max(SIZES.values())
                picture.draft("RGB", (side, side))  # a JPEG is read no larger than needed
                plain = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
                plain.thumbnail((side, side))
                upright = _on_white(ImageOps.exif_transpose(plain))
                return {name: _written(upright, longest) for name, longest in SIZES.items()}
    except Image.DecompressionBombError as error:
        most = MOST_PIXELS // 10**6
        raise Invalid.field("photo", "photo.too-many-pixels", most=most) from error
    except (OSError, SyntaxError, ValueError, EOFError, ArithmeticError, LookupError) as error:
        # The library has no error of its own for broken files.
        raise Invalid.field("photo", "photo.unreadable") from error


def replace(slug: str, sizes: Mapping[str, bytes], *, actor: Actor, now: datetime) -> None:
    """Give the machine this photo in place of the one it has.

    Raises `NotFound`, or `Forbidden` for another site's staff.
    """
    # With the machine's name in it, two machines never share a file that one of them drops.
    name = hashlib.sha256(slug.encode() + b"\n" + sizes["large"]).hexdigest()[:32]
    known = (folder() / f"{name}-large.webp").exists()
    for size, data in sizes.items():
        _keep(folder() / f"{name}-{size}.webp", data)
    try:
        before = services.set_photo(slug, name, actor=actor, now=now)
    except Exception:
        if not known:
            _drop(name)
        raise
    if before != name:
        _drop(before)


def kept_private(raw: bytes) -> str:
    """Read a picture and keep it where only pages that ask for a right find it; return its name.

    Raises `Invalid` as `made`.
    """
    data = made(raw)["large"]
    name = f"{hashlib.sha256(data).hexdigest()[:32]}-large.webp"
    _keep(private_folder() / name, data)
    return name


def private_folder() -> Path:
    """Return where pictures of faults and repairs are."""
    data_dir: Path = current_app.config["LABOPS"].data_dir
    return data_dir / "repair-photos"


def kept(sizes: Mapping[str, bytes]) -> str:
    """Keep a picture for good, whoever shows it, and return the name under which it is served."""
    # No machine has a colon in its name, so none drops this file.
    name = hashlib.sha256(b"picture:\n" + sizes["large"]).hexdigest()[:32]
    for size, data in sizes.items():
        _keep(folder() / f"{name}-{size}.webp", data)
    return name


def remove(slug: str, *, actor: Actor, now: datetime) -> None:
    """Take the machine's photo away; raises as `replace` does."""
    _drop(services.set_photo(slug, "", actor=actor, now=now))


def folder() -> Path:
    """Return where the files are."""
    data_dir: Path = current_app.config["LABOPS"].data_dir
    return data_dir / "photos"


def is_name(name: str) -> bool:
    """Say whether a file of that name may be one of ours."""
    return _NAME.fullmatch(name) is not None


def _on_white(picture: Image) -> Image:
    """Return the picture without transparency, on the white of our pages."""
    if picture.mode == "RGB":
        return picture
    from PIL.Image import new

    ground = new("RGBA", picture.size, "white")
    ground.alpha_composite(picture)
    return ground.convert("RGB")


def _written(picture: Image, longest: int) -> bytes:
    """Return the picture as WebP, with neither side longer than that many pixels."""
    fitting = picture.copy()
    fitting.thumbnail((longest, longest))
    fitting.info.clear()
    buffer = io.BytesIO()
    fitting.save(buffer, "WEBP", quality=_QUALITY, method=4)
    return buffer.getvalue()


def _keep(path: Path, data: bytes) -> None:
    """Write the file whole or not at all; the same content is there already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _drop(name: str) -> None:
    if name:
        for size in SIZES:
            # A file that cannot be removed is no reason to tell staff that nothing was saved.
            with contextlib.suppress(OSError):
                (folder() / f"{name}-{size}.webp").unlink()
