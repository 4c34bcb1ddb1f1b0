"""Structured logs, one JSON line per event; what could be content is cut out before a line is written."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import msgspec
import structlog

# A log line may hold only these keys: an allow-list, so that a new field is silent until somebody thought about it.
ALLOWED = frozenset(
    {
        "event", "level", "timestamp", "request_id", "method", "route", "status", "ms", "reason", "error", "place",
        "url", "mapping", "version", "count", "entries", "faults", "submission", "draft", "step", "revision", "consent",
        "glass", "alert", "delivery",
    }
)  # fmt: skip


def redact(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep allowed keys; anything else becomes `[cut]`, and an exception keeps its type and place only."""
    kept = {key: value if key in ALLOWED else "[cut]" for key, value in line.items() if key != "exc_info"}
    failure = line.get("exc_info")
    if failure is True:
        failure = sys.exc_info()[1]
    if isinstance(failure, BaseException):
        kept["error"] = type(failure).__name__
        kept["place"] = place_of(failure)
    return kept


def place_of(failure: BaseException) -> str:
    """Where it was raised, as `module:line`, without the message: messages may quote values."""
    trace = failure.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "unknown"
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"


def _encode(line: MutableMapping[str, Any], **_: Any) -> bytes:
    return msgspec.json.encode(line, enc_hook=str)


def configure(level: str = "info", form: str = "json") -> None:
    as_json = form == "json"
    renderer = structlog.processors.JSONRenderer(_encode) if as_json else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=(
            structlog.BytesLoggerFactory(sys.stderr.buffer) if as_json else structlog.PrintLoggerFactory(sys.stderr)
        ),
        cache_logger_on_first_use=True,
    )
    # Libraries log requests and SQL with their values; only their warnings come through, and without a traceback.
    for name in ("uvicorn.access", "httpx", "sqlalchemy.engine", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
