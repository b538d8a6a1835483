"""What administrators are told of a request to a course: a log line, and figures; neither holds what students wrote."""

import json
import logging
import sys
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

_FIELDS = ("user", "course", "method", "route", "status", "milliseconds", "bytes")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, what happened, and the request's figures where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for ``record``."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"time": at, "level": record.levelname.lower(), "message": record.getMessage()}
        line |= {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def log_as_json() -> None:
    """Send every log line to standard error as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # Requests to courses are logged by their handler; Tornado's own lines hold the path, and with it students' names.
    logging.getLogger("tornado.access").setLevel(logging.CRITICAL)
    logging.getLogger("tornado.general").setLevel(logging.ERROR)


class Metrics:
    """The figures of one service, in Prometheus' format."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "tinytorch_lab_requests",
            "Requests answered.",
            ("course", "method", "route", "status"),
            registry=self._registry,
        )
        self.seconds = Histogram(
            "tinytorch_lab_request_seconds", "Time to answer.", ("method", "route"), registry=self._registry
        )
        self.refused = Counter(
            "tinytorch_lab_refused", "Requests refused, by reason.", ("reason",), registry=self._registry
        )
        self.submitted_bytes = Counter(
            "tinytorch_lab_submitted_bytes", "Bytes of notebooks handed in.", ("course",), registry=self._registry
        )

    def text(self) -> bytes:
        """Return all figures as Prometheus reads them."""
        return generate_latest(self._registry)
