"""Logs as JSON, one object a line, on stderr; never an object of the cluster, never a value.

An exception is told by its type and where it was raised: its text may quote what was being judged.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Iterable
from datetime import UTC, datetime
from types import FrameType, TracebackType
from typing import TextIO

LOGGER = logging.getLogger("admission")
LONGEST = 200
"""Characters of what another package says, up to a colon: what follows may quote an answer or an object."""

_QUIET = {
    # An AdmissionError is logged with its text; the line of the request says the same.
    "kopf.objects": logging.CRITICAL,
    "kopf": logging.WARNING,
    # It runs in a thread of its own here, and says at each start that signals are ignored there.
    "kopf._core.reactor.running": logging.ERROR,
    # While the API server is away it tells every attempt; our own list tells the outage once.
    "kopf._cogs.clients.watching": logging.CRITICAL,
    "aiohttp.access": logging.CRITICAL,
    "aiohttp": logging.ERROR,
    "asyncio": logging.ERROR,
}


class JsonFormatter(logging.Formatter):
    """`{"time": …, "level": …, "logger": …, "message": …}` and what `extra={"fields": …}` adds."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["at"] = frames_of(record.exc_info[2])
        return json.dumps(line, default=str, separators=(",", ":"))


def _message(record: logging.LogRecord) -> str:
    message = record.getMessage()
    if record.name.partition(".")[0] == LOGGER.name:
        return message
    return message.partition("\n")[0].partition(": ")[0][:LONGEST]


def frames_of(trace: TracebackType | FrameType | None) -> list[str]:
    """`file:line function` of each frame, outermost first; no text of the program, no values."""
    if isinstance(trace, FrameType):
        summaries: Iterable[traceback.FrameSummary] = traceback.extract_stack(trace, limit=20)
    else:
        summaries = traceback.extract_tb(trace, limit=20)
    return [f"{'/'.join(each.filename.split('/')[-2:])}:{each.lineno} {each.name}" for each in summaries]


def configure(level: str, stream: TextIO | None = None) -> None:
    """Send all logging there is through the formatter; `level` holds for this package alone."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    LOGGER.setLevel(level.upper())
    for name, quiet in _QUIET.items():
        logging.getLogger(name).setLevel(quiet)
