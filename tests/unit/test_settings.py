"""Settings: where values come from, and everything that is refused."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from labops.settings import Settings, SettingsError, config_folder, load_settings

GOOD_SECRET = "k3Vd0qkY1sZbJx8WmPz5LrTfQ2uNhEoC7aGi9RyS"


def load(tmp_path: Path, **variables: str) -> Settings:
    """Load settings from these variables alone, with the data folder inside the test's own."""
    given = {"LABOPS_DATA_DIR": str(tmp_path / "data")}
    return load_settings(
        given | {f"LABOPS_{key.upper()}": value for key, value in variables.items()}
    )


def production(tmp_path: Path, **changes: str) -> Settings:
    """Load settings that production accepts, but for the changes."""
    values = {
        "environment": "production",
        "secret_key": GOOD_SECRET,
        "public_url": "https://labops.example.org",
        "mail_url": "smtp://mail.example.org:587?tls=starttls",
    }
    return load(tmp_path, **(values | changes))


def refusal(tmp_path: Path, **changes: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, **changes)
    return str(caught.value)


def test_without_anything_the_development_profile_works(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.environment == "development"
    assert settings.database_url == f"sqlite:///{tmp_path}/data/labops.db"
    assert not settings.production


def test_variables_win_over_the_profile(tmp_path: Path) -> None:
    profile = tmp_path / "p.toml"
    profile.write_text('public_url = "http://127.0.0.1:9000"\ntrusted_proxies = 1\ndebug = true\n')
    settings = load(tmp_path, config=str(profile), trusted_proxies="2")
    assert (settings.public_url, settings.trusted_proxies) == ("http://127.0.0.1:9000", 2)
    assert settings.debug


def test_empty_variables_and_those_of_the_tests_are_no_settings(tmp_path: Path) -> None:
    settings = load(tmp_path, redis_url="", test_browser="required")
    assert settings.redis_url is None


@pytest.mark.parametrize(
    ("key", "near"), [("publik_url", "public_url"), ("secretkey", "secret_key")]
)
def test_an_unknown_key_names_the_nearest(tmp_path: Path, key: str, near: str) -> None:
    assert (
        f"LABOPS_{key.upper()}: there is no setting called {key}. Did you mean {near}?"
        in refusal(tmp_path, **{key: "x"})
    )


def test_every_problem_is_said_at_once(tmp_path: Path) -> None:
    said = refusal(
        tmp_path,
        environment="production",
        secret_key="short",
        debug="yes",
        public_url="http://labops.example.org/app?x=1",
        nonsense="1",
        trusted_proxies="-1",
        mail_url="carrier-pigeon:",
        log_level="loud",
    )
    for key in (
        "secret_key", "debug", "public_url", "nonsense", "trusted_proxies", "mail_url", "log_level",
    ):  # fmt: skip
        assert key in said
    assert len(said.splitlines()) == 7


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "a" * 64,
        "abcdefghijklmnopqrstuvwxyz0123456789",
        "9876543210zyxwvutsrqponmlkjihgfedcba",
        "kT9$w2Lq" * 5,
        "change-me-change-me-change-me-0123456789",
        GOOD_SECRET[:31],
    ],
)
def test_production_refuses_weak_secrets(tmp_path: Path, secret: str) -> None:
    with pytest.raises(SettingsError, match="secret_key"):
        production(tmp_path, secret_key=secret)


def test_production_accepts_what_is_in_order(tmp_path: Path) -> None:
    settings = production(tmp_path, public_url="https://labops.example.org/")
    assert settings.public_url == "https://labops.example.org"
    assert settings.secret_key == GOOD_SECRET


@pytest.mark.parametrize(
    "url",
    [
        "http://labops.example.org",
        "https://localhost",
        "https://127.0.0.1:8443",
        "https://labops.example.org/app",
        "https://labops.example.org?x",
        "https://me@labops.example.org",
        "https://labops.example.org:http",
        "https://[",
        "labops.example.org",
    ],
)
def test_production_refuses_wrong_public_addresses(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match="public_url"):
        production(tmp_path, public_url=url)


@pytest.mark.parametrize("environment", ["production", "development"])
def test_only_tests_may_take_the_guard_away(tmp_path: Path, environment: str) -> None:
    with pytest.raises(SettingsError, match="unsafe_skip_ledger_guard"):
        production(tmp_path, environment=environment, unsafe_skip_ledger_guard="true")
    assert load(tmp_path, environment="testing", unsafe_skip_ledger_guard="true")


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("postgres://u@h/db", "postgresql+psycopg://u@h/db"),
        ("postgresql://u@h/db", "postgresql+psycopg://u@h/db"),
        ("postgresql+psycopg://u@h/db", "postgresql+psycopg://u@h/db"),
        ("sqlite:///here.db", "sqlite:///{data}/here.db"),
        ("sqlite:////srv/there.db", "sqlite:////srv/there.db"),
    ],
)
def test_database_addresses_take_one_form(tmp_path: Path, given: str, read: str) -> None:
    expected = read.format(data=tmp_path / "data")
    assert load(tmp_path, database_url=given).database_url == expected


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://h/db", "labops.db"])
def test_other_databases_are_refused(tmp_path: Path, url: str) -> None:
    assert "database_url" in refusal(tmp_path, database_url=url)


def test_a_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first, second = load(tmp_path), load(tmp_path)
    kept = tmp_path / "data" / "secret_key"
    assert first.secret_key == second.secret_key == kept.read_text()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [file.name for file in kept.parent.iterdir()] == ["secret_key"]


def test_production_never_makes_a_secret(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="secret_key"):
        production(tmp_path, secret_key="")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("content", ["not toml", "public_url = 5", 'debug = "perhaps"', "[a]\nb=1"])
def test_a_wrong_profile_is_a_sentence(tmp_path: Path, content: str) -> None:
    profile = tmp_path / "p.toml"
    profile.write_text(content)
    assert str(profile) in refusal(tmp_path, config=str(profile))


def test_a_missing_profile_is_a_sentence(tmp_path: Path) -> None:
    assert "LABOPS_CONFIG" in refusal(tmp_path, config=str(tmp_path / "none.toml"))


@pytest.mark.parametrize("name", ["development", "testing", "production.example"])
def test_the_profiles_that_come_along_are_read(tmp_path: Path, name: str) -> None:
    settings = load(tmp_path, config=str(config_folder() / f"{name}.toml"), secret_key=GOOD_SECRET)
    assert settings.environment == name.removesuffix(".example")
