"""GET /metrics in Prometheus' text format: what the summary says, and what the running parts have counted."""

from collections.abc import Iterator
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from collector.store import queries
from collector.web.access import allow
from collector.web.api import ask
from collector.web.services import SERVICES

routes = web.RouteTableDef()


@routes.get("/metrics")
@allow("viewer", content="text/plain")
async def metrics(request: web.Request) -> web.Response:
    services = request.app[SERVICES]
    summary = await ask(request, queries.summary)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Snapshot(summary, services.status()))
    return web.Response(body=generate_latest(registry), headers={"Content-Type": "text/plain; version=0.0.4"})


class _Snapshot(Collector):
    def __init__(self, summary: dict[str, Any], status: dict[str, Any]) -> None:
        self._summary = summary
        self._status = status

    def collect(self) -> Iterator[Metric]:
        for name, value in self._summary.items():
            yield GaugeMetricFamily(f"kerbwatch_{name}", f"{name.replace('_', ' ')} in the store", value)
        broker = self._status["broker"]
        yield GaugeMetricFamily("kerbwatch_broker_connected", "1 while the broker link is up", float(broker["connected"]))
        yield CounterMetricFamily("kerbwatch_broker_connections", "connections made to the broker", broker["connections"])
        yield CounterMetricFamily("kerbwatch_broker_crashes", "connections ended by an error of our own", broker["crashes"])
        yield CounterMetricFamily("kerbwatch_broker_restarts", "restarts of the embedded broker", broker["restarts"])
        yield GaugeMetricFamily("kerbwatch_alert_subscribers", "open alert streams", self._status["subscribers"])
        received = CounterMetricFamily("kerbwatch_messages", "messages received, by what became of them", labels=["outcome"])
        for outcome, count in self._status["messages"].items():
            received.add_metric([outcome], count)
        yield received
