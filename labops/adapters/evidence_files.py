"""Evidence: what a lab sends is looked into before anything of it is written.

A file is what its content says, not its name: PDF, JPEG or PNG. A PDF that could do something by
itself (scripts, launched programs, other files inside, forms that send) is refused, and so is one
that cannot be looked into. Files lie under random names outside of what the web serves.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import secrets
import unicodedata
import warnings
import zlib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from flask import current_app

from labops.domain.applications import drafting
from labops.domain.applications.drafting import AddEvidence
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.ids import new_uid
from labops.kernel.permissions import Actor
from labops.kernel.text import one_line

MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 40_000_000
# What all packed parts of a PDF may come to: a file of 10 MB that holds more is a bomb.
MOST_UNPACKED = 100 * 1024 * 1024
LONGEST_NAME = 120
PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
ENDINGS = {PDF: "pdf", JPEG: "jpg", PNG: "png"}
_MAGIC = {PDF: b"%PDF-", JPEG: b"\xff\xd8\xff", PNG: b"\x89PNG\r\n\x1a\n"}
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\n?endstream", re.DOTALL)
_ACTS = (
    "JavaScript",
    "Launch",
    "EmbeddedFile",
    "EmbeddedFiles",
    "FileAttachment",
    "GoToE",
    "ImportData",
    "Rendition",
    "RichMedia",
    "SubmitForm",
)


def _named(*names: str) -> re.Pattern[bytes]:
    """Return what finds these names of a PDF, also with letters written as `#` and two digits.

    Decoding all that looks like such a letter first would take an attacker's file minutes.
    """
    spelled = (
        "".join(
            f"(?:{sign}|#{ord(sign) >> 4:x}[{ord(sign) & 15:x}{ord(sign) & 15:X}])" for sign in name
        )
        for name in names
    )
    return re.compile(f"/(?:{'|'.join(spelled)})(?![A-Za-z0-9#])".encode())


# Names that make a PDF act, or carry what nobody looked into; long enough that no picture's
# bytes spell one by chance.
_ACTIVE = _named(*_ACTS)
# These are so short that they do: they are looked for where names stand, not in pictures.
_SHORT = _named("JS", "XFA")
_LOCKED = _named("Encrypt")
_PACKED_OBJECTS = _named("ObjStm")
_FILTER = _named("Filter")
_FILTERS = _named(
    "FlateDecode",
    "LZWDecode",
    "ASCIIHexDecode",
    "ASCII85Decode",
    "RunLengthDecode",
    "Crypt",
    "Fl",
    "LZW",
    "AHx",
    "A85",
    "RL",
)
_NAME = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class LookedInto:
    """A file that may be kept."""

    name: str
    media_type: str
    raw: bytes


def look_into(name: str, raw: bytes) -> LookedInto:
    """Return the file when it may be kept; raises `Invalid` naming the field `file`."""
    clean = _checked_name(name)
    if not raw:
        raise _refused("evidence.empty")
    if len(raw) > MOST_BYTES:
        raise _refused("evidence.too-large", most=MOST_BYTES // 2**20)
    kind = next((kind for kind, magic in _MAGIC.items() if raw.startswith(magic)), None)
    if kind is None:
        raise _refused("evidence.wrong-type")
    if kind == PDF:
        _check_pdf(raw)
    else:
        _check_picture(raw)
    return LookedInto(clean, kind, raw)


def attach(
    uid: str,
    criterion: str,
    file: LookedInto,
    *,
    valid_to: date | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Keep the file as evidence of a case; raises as `drafting.add_evidence` does.

    Nothing stays behind when the case refuses it.
    """
    drafting.require_edit(reading(), uid, criterion, actor=actor, now=now)
    name = new_uid()
    path = _place(name)
    _keep(path, file.raw)
    try:
        drafting.add_evidence(
            uid,
            AddEvidence(
                uid=name,
                criterion=criterion,
                name=file.name,
                media_type=file.media_type,
                size=len(file.raw),
                digest=hashlib.sha256(file.raw).hexdigest(),
                valid_to=valid_to,
            ),
            actor=actor,
            now=now,
        )
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise


def kept(name: str) -> bytes:
    """Return the file under its random name; raises `NotFound`."""
    if not _NAME.fullmatch(name):
        raise NotFound
    try:
        return _place(name).read_bytes()
    except FileNotFoundError as error:
        raise NotFound from error


def folder() -> Path:
    """Return where the files are."""
    data_dir: Path = current_app.config["LABOPS"].data_dir
    return data_dir / "evidence"


def _refused(code: str, **params: object) -> Invalid:
    return Invalid.field("file", code, **params)


def _checked_name(name: str) -> str:
    """Return the name to show; one with parts of a path is refused, not mended."""
    plain = unicodedata.normalize("NFC", one_line(name))
    if not plain or plain != unicodedata.normalize("NFC", name) or plain.startswith("."):
        raise _refused("evidence.wrong-name")
    if any(sign in plain for sign in '/\\:"<>|*?') or ".." in plain:
        raise _refused("evidence.wrong-name")
    stem, dot, ending = plain.rpartition(".")
    if len(plain) > LONGEST_NAME:
        plain = f"{stem[: LONGEST_NAME - len(ending) - 1]}{dot}{ending}"[:LONGEST_NAME]
    return plain


def _check_picture(raw: bytes) -> None:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(raw), formats=("JPEG", "PNG")) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise _refused("evidence.bomb")
                picture.load()
    except Image.DecompressionBombError as error:
        raise _refused("evidence.bomb") from error
    except (OSError, SyntaxError, ValueError, EOFError, ArithmeticError, LookupError) as error:
        raise _refused("evidence.unreadable") from error


def _check_pdf(raw: bytes) -> None:
    """Refuse what acts, what cannot be looked into, and what unpacks to far too much."""
    if b"%%EOF" not in raw[-2048:]:
        raise _refused("evidence.unreadable")
    outside = _STREAM.sub(b" ", raw)
    if _LOCKED.search(outside):
        raise _refused("evidence.locked")
    if _SHORT.search(outside) or _ACTIVE.search(raw):
        raise _refused("evidence.active")
    left = MOST_UNPACKED
    for found in _STREAM.finditer(raw):
        head = raw[max(found.start() - 2000, 0) : found.start()].rpartition(b"obj")[2]
        objects = _PACKED_OBJECTS.search(head) is not None
        if objects and len(_FILTERS.findall(head)) > 1:  # packed twice to hide what is inside
            raise _refused("evidence.unreadable")
        unpacked = _unpacked(found[1], left)
        if unpacked is None:
            if objects and _FILTER.search(head):
                raise _refused("evidence.unreadable")
            continue
        left -= len(unpacked)
        if left <= 0:
            raise _refused("evidence.bomb")
        if _ACTIVE.search(unpacked) or (objects and _SHORT.search(unpacked)):
            raise _refused("evidence.active")


def _unpacked(raw: bytes, most: int) -> bytes | None:
    """Return what was packed, at most so much; `None` for what is not packed this way."""
    try:
        return zlib.decompressobj().decompress(raw, most)
    except zlib.error:
        return None


def _place(name: str) -> Path:
    return folder() / name[:2] / name


def _keep(path: Path, data: bytes) -> None:
    """Write the file whole or not at all, for nobody but us to read."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        draft.write_bytes(data)
        draft.chmod(0o600)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
