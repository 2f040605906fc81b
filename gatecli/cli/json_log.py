"""What services log: one JSON object a line, on stderr."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from gatecli.frontdoor.console import err


def log(event: str, /, **fields: object) -> None:
    """One event; fields hold no text of a stranger but what was masked."""
    time = datetime.now(UTC).isoformat(timespec="milliseconds")
    err(json.dumps({"time": time, "event": event, **fields}, ensure_ascii=False) + "\n")
