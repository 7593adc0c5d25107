"""Serves the series of a file in Prometheus' text format with Python's prometheus_client, until it is killed."""

import sys
import threading

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client import Gauge


def main():
    registry = CollectorRegistry()
    with open(sys.argv[1], encoding="utf-8") as file:
        for family in text_string_to_metric_families(file.read()):
            add(registry, family)
    start_http_server(int(sys.argv[2]), addr="127.0.0.1", registry=registry)
    threading.Event().wait()


def add(registry, family):
    """Each name of a sample as a gauge: the same lines, whatever their type."""
    gauges = {}
    for sample in family.samples:
        names = tuple(sorted(sample.labels))
        if sample.name not in gauges:
            gauges[sample.name] = Gauge(sample.name, family.documentation or "-", names, registry=registry)
        gauge = gauges[sample.name]
        (gauge.labels(**sample.labels) if names else gauge).set(sample.value)


if __name__ == "__main__":
    main()
