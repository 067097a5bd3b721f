"""Numbers for Prometheus: each web request as it passes, the rest when somebody asks.

Every process counts for itself. With several web workers PROMETHEUS_MULTIPROC_DIR must name an
empty folder before they start, which `labops serve` sees to; then whichever worker answers adds up
the numbers of all of them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from flask import Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client import values as prometheus_values
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from labops.adapters import jobs
from labops.domain.bookings.counts import made_count
from labops.domain.notifications.queries import outbox_state
from labops.kernel import clock
from labops.kernel.db import reading

__all__ = ["CONTENT_TYPE", "count", "exposition"]

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
# Whoever invents methods must not invent time series.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NO_ENDPOINT = "none"
log = logging.getLogger("labops.metrics")

_own = CollectorRegistry()
_REQUESTS = Counter(
    "labops_http_requests",
    "Web requests answered.",
    ("method", "endpoint", "status"),
    registry=_own,
)
_SECONDS = Histogram(
    "labops_http_request_seconds",
    "Time from the first hook to the last, in seconds.",
    ("method", "endpoint"),
    buckets=BUCKETS,
    registry=_own,
)
# Looking a labelled child up costs more than counting: each is looked up once.
_children: dict[tuple[str, str | None, int], tuple[Counter, Histogram]] = {}


def exposition() -> bytes:
    """Return all numbers in Prometheus' text format."""
    registry = CollectorRegistry()
    if getattr(prometheus_values.ValueClass, "_multiprocess", False):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        registry.register(_Standing())
        return generate_latest(registry)
    registry.register(_Standing())
    return generate_latest(_own) + generate_latest(registry)


def count(response: Response) -> Response:
    """Count a web request that was answered; `labops.logs` noted when it began."""
    began = g.get("began")
    if began is None:
        return response
    key = (request.method, request.endpoint, response.status_code // 100)
    try:
        counter, histogram = _children[key]
    except KeyError:
        counter, histogram = _new_children(*key)
    counter.inc()
    histogram.observe(time.perf_counter() - began)
    return response


def _new_children(method: str, endpoint: str | None, hundreds: int) -> tuple[Counter, Histogram]:
    name = method if method in METHODS else "other"
    place = endpoint or NO_ENDPOINT
    children = (_REQUESTS.labels(name, place, f"{hundreds}xx"), _SECONDS.labels(name, place))
    if method in METHODS:
        _children[method, endpoint, hundreds] = children
    return children


class _Standing(Collector):
    """How things stand in the database at the moment of asking."""

    def collect(self) -> Iterator[Metric]:
        """Give the numbers; without a database only that it is away."""
        try:
            found = list(self._read(clock.now()))
        except Exception:  # the numbers of this process are worth having all the more
            log.exception("the database does not answer")
            yield GaugeMetricFamily("labops_database_up", _UP, value=0)
            return
        yield GaugeMetricFamily("labops_database_up", _UP, value=1)
        yield from found

    def _read(self, now: datetime) -> Iterator[Metric]:
        session = reading()
        yield CounterMetricFamily(
            "labops_bookings_made",
            "Bookings made since the beginning, cancelled ones too.",
            value=made_count(session),
        )
        outbox = outbox_state(session)
        yield GaugeMetricFamily(
            "labops_outbox_waiting", "Facts that wait to be told.", value=outbox.waiting
        )
        yield GaugeMetricFamily(
            "labops_outbox_oldest_seconds",
            "Age of the oldest fact that waits to be told.",
            value=_seconds(now - outbox.oldest_at) if outbox.oldest_at else 0,
        )
        yield GaugeMetricFamily(
            "labops_outbox_given_up", "Facts that could not be told.", value=outbox.given_up
        )
        yield from _of_jobs(jobs.states(session, now=now), now)


_UP = "Whether the database answers."


def _of_jobs(states: list[jobs.JobState], now: datetime) -> Iterator[Metric]:
    age = GaugeMetricFamily(
        "labops_job_age_seconds", "Time since the job last ended.", labels=("job",)
    )
    success = GaugeMetricFamily(
        "labops_job_success_age_seconds",
        "Time since a run of the job last did its work.",
        labels=("job",),
    )
    failing = GaugeMetricFamily(
        "labops_job_failing", "Whether the job's last run ended with an error.", labels=("job",)
    )
    for state in states:
        if state.finished_at is not None:
            age.add_metric((state.name,), _seconds(now - state.finished_at))
        if state.succeeded_at is not None:
            success.add_metric((state.name,), _seconds(now - state.succeeded_at))
        failing.add_metric((state.name,), int(state.error is not None))
    yield from (age, success, failing)


def _seconds(length: timedelta) -> float:
    return max(0.0, length.total_seconds())
