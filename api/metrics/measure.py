"""What the service measures of itself. No label ever holds what was asked for: routes are templates."""

from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from api.lakes import LakeKeeper
from dicomlake.errors import DicomlakeError

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the classes of times."""


class Measures:
    """The numbers of one service."""

    def __init__(self, keeper: LakeKeeper) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route")
        self.requests = Counter(
            "dicomlake_requests",
            "Requests that were answered, by route template; - is no route",
            (*labels, "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "dicomlake_request_seconds",
            "Time until the end of the answer",
            labels,
            buckets=SECONDS,
            registry=self.registry,
        )
        self.running = Gauge("dicomlake_requests_running", "Requests being answered", registry=self.registry)
        self.registry.register(_Index(keeper))
        ProcessCollector(registry=self.registry)

    def tell(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count and time a request."""
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(method, route).observe(seconds)


class _Index(Collector):
    """What the index holds, looked up when somebody asks."""

    def __init__(self, keeper: LakeKeeper) -> None:
        self._keeper = keeper

    def describe(self) -> Iterator[Metric]:
        """Nothing ahead: registering must not open the lake."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        try:
            with self._keeper.searcher() as searcher:
                stats = searcher.stats()
        except DicomlakeError:
            yield GaugeMetricFamily("dicomlake_lake_ready", "Whether the lake can be searched", 0)
            return
        yield GaugeMetricFamily("dicomlake_lake_ready", "Whether the lake can be searched", 1)
        held = GaugeMetricFamily("dicomlake_lake_documents", "What the lake holds", labels=["unit"])
        for unit in ("patients", "studies", "series", "instances"):
            held.add_metric([unit], stats["totals"][unit])
        yield held
        yield GaugeMetricFamily("dicomlake_lake_file_bytes", "Size of the files indexed", stats["totals"]["bytes"])
        files = GaugeMetricFamily("dicomlake_lake_files", "Files seen, by what became of them", labels=["status"])
        for status, count in stats["files"].items():
            files.add_metric([status], count)
        yield files
        index = stats["index"]
        yield GaugeMetricFamily("dicomlake_index_bytes", "Size of the index on disk", index["bytes"])
        if "segments" in index:
            yield GaugeMetricFamily("dicomlake_index_segments", "Segments of the index", index["segments"])
        yield InfoMetricFamily(
            "dicomlake_index", "The state of the index", {"engine": index["engine"], "generation": index["generation"]}
        )
