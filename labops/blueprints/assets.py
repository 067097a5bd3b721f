"""The addresses of the built front-end files, and how long browsers may keep them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, cast

from flask import Flask, current_app, request, send_from_directory, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

VENDOR = "vendor"
MANIFEST = "manifest.json"
ONE_YEAR = 31_536_000  # seconds
ENCODINGS = {"br": ".br", "gzip": ".gz"}  # best first
EXTENSION = "labops.assets"


class FrontEndNotBuilt(RuntimeError):
    """The built front-end files are missing, or hold no file of this name."""


def read_manifest(static_folder: Path) -> dict[str, str]:
    """Read the hashed name of every built file. Raises `FrontEndNotBuilt` when there is none."""
    manifest = static_folder / VENDOR / MANIFEST
    try:
        return cast(dict[str, str], json.loads(manifest.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise FrontEndNotBuilt(
            f"The front end has not been built: {manifest} does not exist."
            " Build it with: python hatch_build.py"
        ) from error


def asset_url(name: str) -> str:
    """Give the address of a built file by its plain name: `app.css`, `calendar.js`, `icons.svg`.

    Raises `FrontEndNotBuilt` when nothing was built or no built file has this name.
    """
    try:
        hashed = current_app.extensions[EXTENSION]()[name]
    except KeyError:
        raise FrontEndNotBuilt(
            f"The front end has no file {name!r}. If it is new, build again: python hatch_build.py"
        ) from None
    return url_for("static", filename=f"{VENDOR}/{hashed}")


def serve_built_file(folder: Path, name: str) -> ResponseReturnValue:
    """Send a built file, in the smallest form this browser reads, to be kept for a year."""
    if name.endswith((*ENCODINGS.values(), MANIFEST)):
        raise NotFound
    for encoding, ending in ENCODINGS.items():
        if (
            request.accept_encodings.quality(encoding) > 0
            and (folder / f"{name}{ending}").is_file()
        ):
            response = send_from_directory(folder, f"{name}{ending}", mimetype=_kind_of(name))
            response.content_encoding = encoding
            break
    else:
        response = send_from_directory(folder, name)
    response.vary.add("Accept-Encoding")
    response.cache_control.public = True
    response.cache_control.max_age = ONE_YEAR
    response.cache_control.immutable = True
    response.cache_control.no_cache = None
    return response


def _kind_of(name: str) -> str:
    kinds = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
    kinds[".wasm"] = "application/wasm"  # browsers compile no other kind while it arrives
    return kinds.get(Path(name).suffix, "text/plain")


def init_app(app: Flask) -> None:
    """Give templates `asset(name)` and serve built files with long-lived headers."""
    static_folder = Path(app.static_folder or app.root_path)
    vendor = static_folder / VENDOR

    @cache
    def manifest() -> dict[str, str]:
        return read_manifest(static_folder)

    def static(filename: str, **values: Any) -> ResponseReturnValue:
        del values
        if filename.startswith(f"{VENDOR}/"):
            return serve_built_file(vendor, filename.removeprefix(f"{VENDOR}/"))
        return app.send_static_file(filename)

    # In development the manifest is read again at each call, so that a rebuild shows at once.
    app.extensions[EXTENSION] = manifest.__wrapped__ if app.debug else manifest
    app.view_functions["static"] = static
    app.jinja_env.globals["asset"] = asset_url
