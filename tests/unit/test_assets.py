"""The built front-end files: found by their plain names, kept for a year, within their budgets."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, render_template_string

import labops
from labops.blueprints import assets

PACKAGE = Path(labops.__file__).parent
BUILT = PACKAGE / "static" / "vendor"
KILOBYTE = 1000
needs_build = pytest.mark.skipif(
    not (BUILT / "manifest.json").exists(),
    reason="the front end is not built here (python hatch_build.py)",
)


def app_with(static_folder: Path) -> Flask:
    app = Flask("assets_test", static_folder=str(static_folder), static_url_path="/static")
    assets.init_app(app)
    return app


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """Make an application whose front end is one style sheet."""
    vendor = tmp_path / "vendor"
    vendor.mkdir()
    (vendor / "manifest.json").write_text(json.dumps({"app.css": "app.3f2a.css"}))
    (vendor / "app.3f2a.css").write_text("body{color:red}")
    (vendor / "app.3f2a.css.gz").write_bytes(gzip.compress(b"body{color:red}"))
    (tmp_path / "plain.txt").write_text("plain")
    app = app_with(tmp_path)
    with app.test_request_context():
        yield app


@pytest.mark.usefixtures("app")
def test_a_plain_name_leads_to_the_hashed_file() -> None:
    assert assets.asset_url("app.css") == "/static/vendor/app.3f2a.css"
    assert render_template_string("{{ asset('app.css') }}") == "/static/vendor/app.3f2a.css"


@pytest.mark.usefixtures("app")
def test_an_unknown_name_says_how_to_build() -> None:
    with pytest.raises(assets.FrontEndNotBuilt, match=r"no file 'door\.js'.*hatch_build"):
        assets.asset_url("door.js")


def test_a_front_end_never_built_says_how_to_build(tmp_path: Path) -> None:
    app = app_with(tmp_path)
    with (
        app.test_request_context(),
        pytest.raises(assets.FrontEndNotBuilt, match=r"python hatch_build\.py"),
    ):
        assets.asset_url("app.css")


def test_built_files_are_kept_for_a_year_and_others_are_not(app: Flask) -> None:
    client = app.test_client()
    with client.get("/static/vendor/app.3f2a.css") as built:
        assert built.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "Accept-Encoding" in built.headers["Vary"]
        assert built.text == "body{color:red}"
    with client.get("/static/plain.txt") as plain:
        assert "immutable" not in plain.headers["Cache-Control"]


def test_a_browser_that_reads_gzip_gets_the_small_twin(app: Flask) -> None:
    with app.test_client().get(
        "/static/vendor/app.3f2a.css", headers={"Accept-Encoding": "gzip"}
    ) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.mimetype == "text/css"
        assert gzip.decompress(answer.data) == b"body{color:red}"


@pytest.mark.parametrize(
    "name", ["manifest.json", "app.3f2a.css.gz", "none.css", "%2e%2e/plain.txt"]
)
def test_only_built_files_are_served(app: Flask, name: str) -> None:
    assert app.test_client().get(f"/static/vendor/{name}").status_code == 404


def compressed(*names: str) -> float:
    """Sum what these built files weigh on the wire, in kilobytes."""
    manifest = assets.read_manifest(PACKAGE / "static")
    return sum(len(gzip.compress((BUILT / manifest[n]).read_bytes())) for n in names) / KILOBYTE


@needs_build
@pytest.mark.parametrize(
    ("names", "limit"),
    [
        (("app.css",), 40),
        (("app.js",), 40),
        (("app.css", "calendar.css"), 40),
        (("app.js", "calendar.js"), 110),
        (("app.js", "apidocs.js"), 40),
        (("app.css", "apidocs.css"), 40),
        (("app.css", "display.css"), 40),
        (("app.js", "labs.js"), 40),
        (("app.css", "labs.css"), 40),
    ],
)
def test_pages_stay_within_their_budget(names: tuple[str, ...], limit: int) -> None:
    assert compressed(*names) <= limit


@needs_build
def test_nothing_built_names_another_host() -> None:
    """Addresses in namespaces and comments are words; a loaded address is what we look for."""
    loaded = re.compile(r"""(?:url\(\s*["']?|import\s*\(?\s*["']|\bfetch\(\s*["'])(?:https?:)?//""")
    guilty = [
        file.name
        for file in BUILT.glob("*.[cj]s*")
        if file.suffix in {".css", ".js"} and loaded.search(file.read_text(encoding="utf-8"))
    ]
    assert guilty == []


@needs_build
def test_every_named_asset_is_built() -> None:
    manifest = assets.read_manifest(PACKAGE / "static")
    named = {
        name
        for template in (PACKAGE / "templates").rglob("*.html")
        for name in re.findall(
            r"""asset\(\s*["']([^"']+)["']""", template.read_text(encoding="utf-8")
        )
    }
    assert named - manifest.keys() == set()


def test_the_lock_file_names_no_download_address() -> None:
    lock = PACKAGE.parent / "package-lock.json"
    if not lock.exists():
        pytest.skip("not run from a checkout")
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert all("integrity" in package for name, package in packages.items() if name)


@pytest.mark.parametrize("folder", ["layouts", "components", "errors"])
def test_pages_hold_no_script_or_style_of_their_own(folder: str) -> None:
    inline = re.compile(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:")
    guilty = [
        template.name
        for template in (PACKAGE / "templates" / folder).rglob("*.html")
        if inline.search(template.read_text(encoding="utf-8"))
    ]
    assert guilty == []
