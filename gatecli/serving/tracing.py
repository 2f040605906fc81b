"""The id of a trace, so that a line of the log can be found by it (W3C Trace Context)."""

from __future__ import annotations

import re

_TRACE_PARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")


def trace_of(header: str) -> str:
    """The id in a `traceparent` header; "" if the header is not a valid one, since callers write it."""
    match = _TRACE_PARENT.fullmatch(header)
    return match[1] if match else ""
