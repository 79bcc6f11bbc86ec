"""GET /metrics in Prometheus' text format: what the summary says, and what the running parts have counted."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from collector.store.questions import figures, queries
from collector.store.questions.figures import Figures
from collector.web.access import allow
from collector.web.api import ask
from collector.web.device_metrics import DeviceMetrics
from collector.web.problems import ERRORS
from collector.web.services import SERVICES

routes = web.RouteTableDef()


@routes.get("/metrics")
@allow("viewer", content="text/plain")
async def metrics(request: web.Request) -> web.Response:
    services = request.app[SERVICES]
    summary = await ask(request, queries.summary)
    told = await ask(request, figures.read)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Snapshot(summary, services.status()))
    registry.register(DeviceMetrics(told.devices))
    registry.register(_Parts(told, request.app[ERRORS]))
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
        store = self._status["store"]
        writable = float(not store["unavailable"])
        yield GaugeMetricFamily("kerbwatch_store_writable", "1 while the store takes what comes", writable)
        yield GaugeMetricFamily("kerbwatch_store_leading", "1 where this one does what one of several does", store["leading"])
        yield GaugeMetricFamily("kerbwatch_alert_subscribers", "open alert streams", self._status["subscribers"])
        received = CounterMetricFamily("kerbwatch_messages", "messages received, by what became of them", labels=["outcome"])
        for outcome, count in self._status["messages"].items():
            received.add_metric([outcome], count)
        yield received


class _Parts(Collector):
    """What has a name of its own: kinds of alerts, subscribers, errors."""

    def __init__(self, told: Figures, errors: Counter[str]) -> None:
        self._told, self._errors = told, errors

    def collect(self) -> Iterator[Metric]:
        kinds = GaugeMetricFamily("kerbwatch_alerts_open_by_kind", "alerts that call for people", labels=["kind"])
        for kind, count in self._told.open_by_kind.items():
            kinds.add_metric([kind], count)
        yield kinds
        queue = GaugeMetricFamily("kerbwatch_subscription_waiting", "changes not told yet", labels=["subscription"])
        held = GaugeMetricFamily("kerbwatch_subscription_held", "of these, held back on purpose", labels=["subscription"])
        for name, counts in self._told.subscribers.items():
            queue.add_metric([name], counts.waiting)
            held.add_metric([name], counts.held)
        yield from (queue, held)
        errors = CounterMetricFamily("kerbwatch_http_errors", "requests that failed by an error of our own", labels=["error"])
        for name, count in self._errors.items():
            errors.add_metric([name], count)
        yield errors
