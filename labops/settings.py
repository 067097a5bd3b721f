"""Settings: a TOML profile, `LABOPS_*` on top, a check. The only reader of the environment."""

from __future__ import annotations

import difflib
import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PACKAGE = Path(__file__).resolve().parent
SHORTEST_SECRET = 32
FEWEST_SIGNS = 10
WEAK_WORDS = ("changeme", "change-me", "secret", "password", "example", "insert")


class SettingsError(ValueError):
    """The settings cannot be used; the message names every key and what to do."""


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
    redis_url: str = ""
    debug: bool = False
    trusted_proxies: int = 0
    log_level: str = "INFO"
    metrics_token: str = ""
    rate_limits: bool = True
    unsafe_skip_ledger_guard: bool = False

    @property
    def production(self) -> bool:
        """Say whether strangers can reach this installation."""
        return self.environment == "production"


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check the settings; raises `SettingsError` listing everything that is wrong."""
    environ = os.environ if environ is None else environ
    problems: list[str] = []
    values: dict[str, Any] = {}
    for origin, raw in (*_profile(environ), *_variables(environ)):
        for key, value in raw.items():
            if (read := _read(key, value, origin, problems)) is not None:
                values[key] = read
    if problems:
        raise SettingsError("\n".join(problems))
    settings = _completed(Settings(**values))
    problems = _objections(settings)
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def config_folder() -> Path:
    """Return the folder of profiles: inside an installed wheel, or beside a checkout."""
    installed = PACKAGE / "_config"
    return installed if installed.is_dir() else PACKAGE.parent / "config"


def _profile(environ: Mapping[str, str]) -> list[tuple[str, dict[str, Any]]]:
    named = environ.get("LABOPS_CONFIG")
    path = Path(named) if named else config_folder() / "development.toml"
    try:
        return [(str(path), tomllib.loads(path.read_text(encoding="utf-8")))]
    except FileNotFoundError as error:
        if not named:
            return []
        raise SettingsError(f"LABOPS_CONFIG: there is no file {path}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"LABOPS_CONFIG: {path} cannot be read: {error}") from error


def _variables(environ: Mapping[str, str]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (name, {name.removeprefix("LABOPS_").lower(): value})
        for name, value in environ.items()
        if name.startswith("LABOPS_")
        and name != "LABOPS_CONFIG"
        and not name.startswith("LABOPS_TEST_")
    ]


def _read(key: str, value: Any, origin: str, problems: list[str]) -> Any:
    kinds = {field.name: field.type for field in fields(Settings)}
    if key not in kinds:
        near = difflib.get_close_matches(key, kinds, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        problems.append(f"{origin}: there is no setting called {key}.{hint}")
        return None
    kind = kinds[key]
    text = str(value)
    if kind == "Path":
        return Path(text)
    if kind == "int":
        if text.isdecimal():
            return int(text)
        problems.append(f"{origin}: {key} must be a whole number, not {text!r}.")
        return None
    if kind == "bool":
        if text.lower() in {"true", "1", "yes", "false", "0", "no"}:
            return text.lower() in {"true", "1", "yes"}
        problems.append(f"{origin}: {key} must be true or false, not {text!r}.")
        return None
    return text


def _completed(settings: Settings) -> Settings:
    values = {field.name: getattr(settings, field.name) for field in fields(Settings)}
    data_dir = settings.data_dir.expanduser().absolute()
    values["data_dir"] = data_dir
    values["public_url"] = settings.public_url.rstrip("/")
    values["database_url"] = _database_url(settings.database_url, data_dir)
    if not settings.secret_key and not settings.production:
        values["secret_key"] = _kept_secret(data_dir)
    return Settings(**values)


def _database_url(url: str, data_dir: Path) -> str:
    if not url:
        return f"sqlite:///{data_dir / 'labops.db'}"
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        return f"sqlite:///{data_dir / url.removeprefix('sqlite:///')}"
    return url


def _kept_secret(data_dir: Path) -> str:
    """Return a secret that survives restarts, so that developers stay signed in."""
    path = data_dir / "secret_key"
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        data_dir.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48), encoding="ascii")
        return path.read_text(encoding="ascii").strip()


def _objections(settings: Settings) -> list[str]:
    problems = []
    if settings.environment not in {"development", "testing", "production"}:
        problems.append("environment: must be development, testing or production.")
    if not settings.database_url.startswith(("sqlite:///", "postgresql+psycopg://")):
        problems.append("database_url: must begin with sqlite:/// or postgresql://.")
    if not settings.mail_url.startswith(("smtp://", "smtps://", "file:")):
        problems.append("mail_url: must begin with smtp://, smtps:// or file:.")
    problems += _url_objections(settings)
    if settings.unsafe_skip_ledger_guard and settings.environment != "testing":
        problems.append("unsafe_skip_ledger_guard: only race tests may set this.")
    if settings.production:
        problems += _production_objections(settings)
    return problems


def _url_objections(settings: Settings) -> list[str]:
    url = urlsplit(settings.public_url)
    if url.scheme not in {"http", "https"} or not url.hostname:
        return ["public_url: must be an address such as https://labops.example.org."]
    if url.path or url.query or url.fragment or url.username:
        return ["public_url: give only scheme, host and port, without a path."]
    if settings.production and (
        url.scheme != "https" or url.hostname in {"localhost", "127.0.0.1", "::1"}
    ):
        return ["public_url: must be the https:// address that people type."]
    return []


def _production_objections(settings: Settings) -> list[str]:
    problems = []
    key = settings.secret_key
    if not key:
        problems.append("secret_key: is missing; make one with `openssl rand -base64 48`.")
    elif len(key) < SHORTEST_SECRET or len(set(key)) < FEWEST_SIGNS:
        problems.append("secret_key: is too short or too regular; `openssl rand -base64 48`.")
    elif any(word in key.lower() for word in WEAK_WORDS):
        problems.append("secret_key: is a placeholder; make one with `openssl rand -base64 48`.")
    if settings.debug:
        problems.append("debug: must be off in production.")
    return problems
