"""`/metrics`: requests, the pool, the schema and the readings, as Prometheus reads them."""

from collections.abc import Iterator
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from alembic_zero_downtime.history.state import MigrationStatus
from app.api.stored import Stored, StoredNumbers
from app.web.database import Database

router = APIRouter(tags=["health"])

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Upper bounds of the histogram."""
EXAMPLE: Final = """\
# HELP http_requests_total Requests that were answered.
# TYPE http_requests_total counter
http_requests_total{method="GET",route="/api/v1/companies",status="200"} 12.0
# HELP database_up Whether the database answered within two seconds.
# TYPE database_up gauge
database_up 1.0
# HELP readings Extractions by status.
# TYPE readings gauge
readings{status="verified"} 24.0
"""


class Metrics(Collector):
    """The metrics of one application, in a registry of their own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stored: StoredNumbers | None = None
        self.stored: Final = Stored()
        self.registry: Final = CollectorRegistry()
        self.requests: Final = Counter(
            "http_requests",
            "Requests that were answered.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds: Final = Histogram(
            "http_request_duration_seconds",
            "From the first byte of a request to the last byte of its answer.",
            ["method", "route"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.in_progress: Final = Gauge(
            "http_requests_in_progress", "Requests that are being answered.", registry=self.registry
        )
        ProcessCollector(registry=self.registry)
        self.registry.register(self)

    async def render(self) -> bytes:
        """Return all metrics as text, within three seconds."""
        self._stored = await self.stored.read()
        return generate_latest(self.registry)

    def collect(self) -> Iterator[Metric]:
        """Yield what others count: the pool, and the database."""
        usage = self._database.usage
        pool = "Connections of the pool"
        yield GaugeMetricFamily("database_pool_size", f"{pool} for requests.", usage.size)
        yield GaugeMetricFamily("database_pool_in_use", f"{pool} in use.", usage.in_use)
        yield GaugeMetricFamily(
            "database_pool_waiting", "Requests that wait for a connection.", usage.waiting
        )
        yield GaugeMetricFamily(
            "database_up",
            "Whether the database answered within two seconds.",
            int(self._stored is not None),
        )
        if self._stored is not None:
            yield from _of_database(self._stored)


def _of_database(stored: StoredNumbers) -> Iterator[Metric]:
    revision = InfoMetricFamily("schema_revision", "The revision that the database is at.")
    revision.add_metric([], {"revision": stored.revision, "code": stored.code_revision})
    yield revision
    status = GaugeMetricFamily(
        "schema_migration_status", "1 for the status that /readyz names.", labels=["status"]
    )
    for each in MigrationStatus:
        status.add_metric([each.value], int(each is stored.migration_status))
    yield status
    if stored.readings is not None:
        readings = GaugeMetricFamily("readings", "Extractions by status.", labels=["status"])
        for name, number in stored.readings.items():
            readings.add_metric([name], number)
        yield readings


def _metrics(request: Request) -> Metrics:
    metrics: Metrics = request.app.state.metrics
    return metrics


@router.get(
    "/metrics",
    summary="Metrics",
    operation_id="get_metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"example": EXAMPLE}}}},
)
async def get_metrics(metrics: Annotated[Metrics, Depends(_metrics)]) -> Response:
    """Return the metrics of this process in Prometheus' text format.

    What is counted in the database is at most 15 seconds old, and absent while it does not answer.
    """
    headers = {"Cache-Control": "no-store"}
    return Response(await metrics.render(), 200, headers, CONTENT_TYPE_PLAIN_0_0_4)
