"""What those who run the installation ask of it."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text, update

from labops.adapters import jobs
from labops.adapters.jobs import JOBS, run_job
from labops.app import create_app
from labops.blueprints.health import metrics
from labops.domain.bookings import services
from labops.domain.bookings.commands import Book
from labops.kernel import clock
from labops.kernel.db import unit_of_work
from labops.kernel.jobs import JobRun, Lease, mark_finished
from tests.conftest import settings_for
from tests.support.world import NOW, World, slot

TOKEN = "a token for tests"
FAR = {"REMOTE_ADDR": "198.51.100.7"}


def numbers(client: FlaskClient, **more: object) -> dict[str, float]:
    """Return the metrics as `name{label=value}`."""
    answer = client.get("/metrics", **more)  # type: ignore[arg-type]
    assert answer.status_code == 200
    found = {}
    for family in text_string_to_metric_families(answer.get_data(as_text=True)):
        for sample in family.samples:
            labels = ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def schedule() -> None:
    """Pretend that a scheduler runs and did all its work just now."""
    with unit_of_work() as session:
        session.add(Lease(name=jobs.LEASE, holder="test", expires_at=clock.now()))
    for name in JOBS:
        run_job(name, now=clock.now())


def test_alive_asks_nothing_of_the_database(tmp_path: Path) -> None:
    app = create_app(settings_for("sqlite:////no/such/folder/labops.db", tmp_path))
    client = app.test_client()
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "alive"})
    assert answer.headers["Cache-Control"] == "no-store"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["database"] == "unreachable"
    assert answer.headers["Cache-Control"] == "no-store"
    assert numbers(client)["labops_database_up"] == 0


def test_ready_before_any_scheduler_ran(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json == {
        "status": "ready",
        "database": "ok",
        "schema": "ok",
        "jobs": dict.fromkeys(JOBS, "on time"),
    }


def test_a_database_that_was_not_migrated_is_said(tmp_path: Path) -> None:
    client = create_app(settings_for(f"sqlite:///{tmp_path}/empty.db", tmp_path)).test_client()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["schema"] == "not migrated"


def test_that_the_schema_is_right_is_asked_once(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr("labops.kernel.schema.is_current", lambda _engine: 1 / 0)
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    ("name", "seconds", "late"),
    [
        ("deliver-outbox", 5 * 5 + 50, False),
        ("deliver-outbox", 5 * 5 + 70, True),
        ("forget-old", 5 * 3600, False),
        ("forget-old", 5 * 3600 + 70, True),
    ],
)
def test_a_job_that_stopped_running_is_said(
    world: World, client: FlaskClient, name: str, seconds: int, late: bool
) -> None:
    schedule()
    with unit_of_work() as session:
        mark_finished(session, name, now=clock.now() - timedelta(seconds=seconds))
    answer = client.get("/readyz")
    assert answer.status_code == (503 if late else 200)
    assert answer.json["jobs"][name] == ("late" if late else "on time")
    assert [n for n, said in answer.json["jobs"].items() if said == "late"] == [name] * late


def test_a_job_that_fails_is_said_without_the_reason(world: World, client: FlaskClient) -> None:
    schedule()
    with unit_of_work() as session:
        mark_finished(session, "release-missed", now=clock.now(), error="secret of the house")
    answer = client.get("/readyz")
    # Once is no reason to send people elsewhere: it is tried again within a minute.
    assert (answer.status_code, answer.json["jobs"]["release-missed"]) == (200, "failing")
    assert "secret" not in answer.get_data(as_text=True)
    with unit_of_work() as session:
        long_ago = clock.now() - timedelta(minutes=5)
        job = update(JobRun).where(JobRun.name == "release-missed")
        session.execute(job.values(succeeded_at=long_ago))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (503, "not ready")
    said = {name for name, word in answer.json["jobs"].items() if word == "late"}
    assert said == {"release-missed"}
    assert "secret" not in answer.get_data(as_text=True)


def test_a_table_that_is_gone_is_no_fault(world: World, client: FlaskClient) -> None:
    with unit_of_work() as session:
        session.execute(text("ALTER TABLE job_run RENAME TO job_run_away"))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.content_type == "application/json"


def test_metrics_count_requests_by_endpoint_and_not_by_address(client: FlaskClient) -> None:
    key = "labops_http_requests_total{endpoint=health.alive,method=GET,status=2xx}"
    before = numbers(client).get(key, 0)
    for _ in range(3):
        client.get("/healthz")
    client.get("/no/such/page/1")
    client.open("/healthz", method="MOONWALK")
    after = numbers(client)
    assert after[key] == before + 3
    assert after["labops_http_requests_total{endpoint=none,method=GET,status=4xx}"] >= 1
    assert after["labops_http_requests_total{endpoint=none,method=other,status=4xx}"] >= 1
    assert not any("MOONWALK" in name or "/no/such" in name for name in after)
    assert after["labops_http_request_seconds_count{endpoint=health.alive,method=GET}"] >= 3


def test_metrics_of_bookings_outbox_and_jobs(world: World, client: FlaskClient) -> None:
    before = numbers(client)
    assert before["labops_bookings_made_total"] == 0
    command = Book(machines=("laser",), slot=slot(10, 11))
    services.book(command, actor=world.actor("alice"), now=NOW)
    run_job("release-missed", now=clock.now())
    after = numbers(client)
    assert after["labops_bookings_made_total"] == 1
    assert after["labops_outbox_waiting"] == 1
    assert after["labops_outbox_given_up"] == 0
    assert after["labops_job_age_seconds{job=release-missed}"] < 60
    assert after["labops_job_success_age_seconds{job=release-missed}"] < 60
    assert after["labops_job_failing{job=release-missed}"] == 0
    assert "labops_job_age_seconds{job=deliver-outbox}" not in after


def with_settings(app: Flask, **changes: object) -> FlaskClient:
    app.config["LABOPS"] = replace(app.config["LABOPS"], **changes)
    return app.test_client()


def test_strangers_do_not_learn_that_there_are_metrics(app: Flask) -> None:
    client = app.test_client()
    unknown = client.get("/no-such-page", environ_base=FAR)
    answer = client.get("/metrics", environ_base=FAR)
    assert answer.status_code == unknown.status_code == 404
    assert "labops_" not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("token", "header", "status"),
    [
        (TOKEN, f"Bearer {TOKEN}", 200),
        (TOKEN, f"Bearer {TOKEN}x", 404),
        (TOKEN, "Bearer ", 404),
        (TOKEN, TOKEN, 404),
        (TOKEN, "Bearer pà", 404),
        ("", "Bearer ", 404),
        ("", "", 404),
    ],
)
def test_the_token_opens_the_metrics(app: Flask, token: str, header: str, status: int) -> None:
    client = with_settings(app, metrics_token=token)
    headers = {"Authorization": header.encode().decode("latin-1")} if header else {}
    assert client.get("/metrics", environ_base=FAR, headers=headers).status_code == status


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_a_proxy_on_this_machine_does_not_make_strangers_locals(app: Flask, header: str) -> None:
    client = app.test_client()
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 404


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
def test_this_machine_sees_the_metrics(client: FlaskClient, address: str) -> None:
    answer = client.get("/metrics", environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=0.0.4")


@pytest.mark.parametrize("address", ["", "unix:", "10.0.0.1"])
def test_who_is_not_known_to_be_here_does_not(client: FlaskClient, address: str) -> None:
    answer = client.get("/metrics", environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == 404


def test_counting_costs_next_to_nothing(app: Flask) -> None:
    rounds = 2_000
    with app.test_request_context("/healthz"):
        app.preprocess_request()
        response = Response()
        metrics.count(response)
        times = []
        for _ in range(5):
            began = time.perf_counter()
            for _ in range(rounds):
                metrics.count(response)
            times.append((time.perf_counter() - began) / rounds)
    assert min(times) < 20e-6
