"""Base64 where each value has one text: what another text stands for is refused."""

from __future__ import annotations

import base64


def strict_base64(text: str) -> bytes | None:
    """The bytes of the one base64 text that stands for them (RFC 4648, section 4); None for any other."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return data if base64.b64encode(data).decode() == text else None
