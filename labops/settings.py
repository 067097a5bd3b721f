"""Settings: a TOML profile, `LABOPS_*` on top, a check. The only reader of the environment."""

from __future__ import annotations

import difflib
import os
import secrets
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

PACKAGE = Path(__file__).resolve().parent
PREFIX = "LABOPS_"
# What only the test suite reads shares the prefix, and is no setting.
TEST_PREFIX = "LABOPS_TEST_"
ENVIRONMENTS = ("development", "testing", "production")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
HERE = ("localhost", "127.0.0.1", "::1")
MAIL_SCHEMES = ("smtp", "smtps", "file")
SHORTEST_SECRET = 32
FEWEST_SIGNS = 10
WEAK_WORDS = ("changeme", "change-me", "secret", "password", "example", "insert", "default")
MAKE_ONE = "make one with `openssl rand -base64 48`."
TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class SettingsError(ValueError):
    """The settings cannot be used; the message has a line for each key and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a sysadmin decides. House rules are not here: they belong to the sites."""

    environment: str = "development"
    database_url: str = ""
    data_dir: Path = Path("instance")
    secret_key: str = ""
    public_url: str = "http://127.0.0.1:8000"
    mail_url: str = "file:"
    mail_from: str = "labops@localhost"
    redis_url: str | None = None
    debug: bool = False
    trusted_proxies: int = 0
    log_level: str = "INFO"
    metrics_token: str | None = None
    rate_limits: bool = True
    map_tiles: str = ""
    map_credit: str = ""
    list_publisher: str = "Comune di Milano"
    list_publisher_code: str = "c_f205"
    backups_daily: int = 7
    backups_weekly: int = 5
    backups_monthly: int = 12
    unsafe_skip_ledger_guard: bool = False

    @property
    def production(self) -> bool:
        """Say whether strangers can reach this installation."""
        return self.environment == "production"


class _Given(NamedTuple):
    """One value as somebody wrote it; `origin` is the file or the variable."""

    origin: str
    key: str
    value: object


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check the settings; raises `SettingsError` listing everything that is wrong."""
    environ = os.environ if environ is None else environ
    problems: list[str] = []
    values: dict[str, Any] = {}
    for given in (*_profile(environ), *_variables(environ)):
        try:
            values[given.key] = _read(given)
        except SettingsError as error:
            problems.append(str(error))
    settings = _completed(Settings(**values))
    problems += _objections(settings)
    if problems:
        raise SettingsError("\n".join(problems))
    if not settings.secret_key:
        settings = replace(settings, secret_key=_kept_secret(settings.data_dir))
    return settings


def config_folder() -> Path:
    """Return the folder of profiles: inside an installed wheel, or beside a checkout."""
    installed = PACKAGE / "_config"
    return installed if installed.is_dir() else PACKAGE.parent / "config"


def _profile(environ: Mapping[str, str]) -> list[_Given]:
    named = environ.get("LABOPS_CONFIG")
    path = Path(named).expanduser() if named else config_folder() / "development.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"LABOPS_CONFIG: {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"LABOPS_CONFIG: {path} is not a TOML file: {error}.") from error
    return [_Given(str(path), key, value) for key, value in table.items()]


def _variables(environ: Mapping[str, str]) -> Iterator[_Given]:
    for name, value in sorted(environ.items()):
        if (
            name.startswith(PREFIX)
            and name != "LABOPS_CONFIG"
            and not name.startswith(TEST_PREFIX)
            and value  # an empty variable is how service managers say "not set"
        ):
            yield _Given(name, name.removeprefix(PREFIX).lower(), value)


def _read(given: _Given) -> object:
    """Return the value in its field's type; raises `SettingsError` with the sentence to show."""
    kinds = {field.name: str(field.type) for field in fields(Settings)}
    kind = kinds.get(given.key)
    if kind is None:
        near = difflib.get_close_matches(given.key, kinds, n=1)
        hint = f" Did you mean {near[0]}?" if near else f" There are: {', '.join(kinds)}."
        raise SettingsError(f"{given.origin}: there is no setting called {given.key}.{hint}")
    text = str(given.value).strip()
    if kind == "bool":
        if text.lower() in TRUTHS:
            return TRUTHS[text.lower()]
        raise SettingsError(f"{given.origin}: {given.key} must be true or false, not {text!r}.")
    if kind == "int":
        if text.isascii() and text.isdigit():
            return int(text)
        raise SettingsError(f"{given.origin}: {given.key} must be a whole number, not {text!r}.")
    if not isinstance(given.value, str):
        raise SettingsError(f"{given.origin}: {given.key} must be text in quotation marks.")
    return Path(text) if kind == "Path" else text


def _completed(settings: Settings) -> Settings:
    """Return the settings with absolute paths and addresses in the one form the rest expects."""
    data_dir = settings.data_dir.expanduser().absolute()
    return replace(
        settings,
        data_dir=data_dir,
        public_url=settings.public_url.removesuffix("/"),
        database_url=_database_url(settings.database_url, data_dir),
        log_level=settings.log_level.upper(),
    )


def _database_url(url: str, data_dir: Path) -> str:
    if not url:
        return f"sqlite:///{data_dir / 'labops.db'}"
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    if url.startswith("sqlite:///") and ":memory:" not in url:
        return f"sqlite:///{data_dir / url.removeprefix('sqlite:///')}"
    return url


def _kept_secret(data_dir: Path) -> str:
    """Return a secret that survives restarts, so that developers stay signed in.

    Several processes may start at once: the first to link its finished file wins, and nobody
    ever reads half a secret.
    """
    path = data_dir / "secret_key"
    fresh = data_dir / f".secret_key.{secrets.token_hex(8)}"
    try:
        if not path.exists():
            data_dir.mkdir(parents=True, exist_ok=True)
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(48), encoding="ascii")
            try:
                os.link(fresh, path)
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        kept = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"data_dir: {path} cannot be kept or read: {error}.") from error
    if len(kept) < SHORTEST_SECRET:
        raise SettingsError(f"secret_key: {path} holds no secret; remove the file.")
    return kept


def _objections(settings: Settings) -> Iterator[str]:
    if settings.environment not in ENVIRONMENTS:
        yield f"environment: must be one of {', '.join(ENVIRONMENTS)}."
    if settings.log_level not in LOG_LEVELS:
        yield f"log_level: must be one of {', '.join(LOG_LEVELS)}."
    yield from _database_objections(settings.database_url)
    yield from _mail_objections(settings.mail_url)
    if settings.redis_url and find_spec("redis") is None:
        yield "redis_url: needs the package redis; install labops[redis]."
    yield from _public_url_objections(settings)
    yield from _map_objections(settings)
    for name in ("backups_daily", "backups_weekly", "backups_monthly"):
        if getattr(settings, name) < 1:
            yield f"{name}: must be at least 1."
    if settings.unsafe_skip_ledger_guard and settings.environment != "testing":
        yield "unsafe_skip_ledger_guard: only race tests in the testing environment may set this."
    if settings.production:
        yield from _production_objections(settings)


def _database_objections(url: str) -> Iterator[str]:
    if url.startswith("postgresql+psycopg://"):
        if find_spec("psycopg") is None:
            yield "database_url: PostgreSQL needs the package psycopg; install labops[postgres]."
    elif not url.startswith("sqlite:///"):
        yield "database_url: must begin with sqlite:/// or postgresql://."
    elif ":memory:" in url:
        yield "database_url: SQLite must be a file; web and jobs are processes of their own."


def _mail_objections(text: str) -> Iterator[str]:
    url = _split(text)
    if url is None or url.scheme not in MAIL_SCHEMES or (url.scheme != "file" and not url.hostname):
        yield "mail_url: must be such as smtp://name:password@host:587?tls=starttls, or file:."


def _public_url_objections(settings: Settings) -> Iterator[str]:
    url = _split(settings.public_url)
    if url is None or url.scheme not in {"http", "https"} or not url.hostname:
        yield "public_url: must be an address such as https://labops.example.org."
    elif url.path or url.query or url.fragment or url.username:
        yield "public_url: give only scheme, host and port: no path, no query, no name."
    elif settings.production and (url.scheme != "https" or url.hostname in HERE):
        yield "public_url: in production it must be the https:// address that people type."


def _map_objections(settings: Settings) -> Iterator[str]:
    if not settings.map_tiles:
        return
    url = _split(settings.map_tiles)
    placed = all(part in settings.map_tiles for part in ("{z}", "{x}", "{y}"))
    host = url.hostname if url else None
    if url is None or url.scheme != "https" or not host or "{" in host or not placed:
        yield "map_tiles: must be such as https://tiles.example.org/{z}/{x}/{y}.png, or empty."
    if not settings.map_credit:
        yield "map_credit: say whose map it is, such as © OpenStreetMap contributors."


def _production_objections(settings: Settings) -> Iterator[str]:
    key = settings.secret_key
    if not key:
        yield f"secret_key: is missing; set LABOPS_SECRET_KEY; {MAKE_ONE}"
    elif any(word in key.lower() for word in WEAK_WORDS):
        yield f"secret_key: is a placeholder; {MAKE_ONE}"
    elif len(key) < SHORTEST_SECRET:
        yield f"secret_key: has fewer than {SHORTEST_SECRET} signs; {MAKE_ONE}"
    elif _is_regular(key):
        yield f"secret_key: is too regular to be a secret; {MAKE_ONE}"
    if settings.debug:
        yield "debug: must be off in production."


def _is_regular(key: str) -> bool:
    """Say whether few signs, a repeated piece or a count (abcdef, 987654) make up the key."""
    steps = [ord(second) - ord(first) for first, second in pairwise(key)]
    counted = sum(abs(step) <= 1 for step in steps) > len(steps) // 2
    repeated = key in (key + key)[1:-1]
    return len(set(key)) < FEWEST_SIGNS or repeated or counted


def _split(url: str) -> SplitResult | None:
    """Return the parts of an address, or `None` when it is none (a bad port, an open bracket)."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts
