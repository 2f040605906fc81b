"""What HCP Terraform sends: whose it is, and what it asks for.

Source: HashiCorp, "Run tasks integration API" (payload version 1). The body is signed with a shared key,
HMAC (RFC 2104) of SHA-512, in hexadecimal.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SIGNATURE = "X-TFC-Task-Signature"
LONGEST_BODY = 256 * 1024
"""Bytes; what HCP Terraform sends is about two thousand."""

_TEST = "test"
_TEST_TOKEN = "test-token"  # noqa: S105 - the published one, which opens nothing
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")
_NAME = re.compile(r"[\x20-\x7e]{0,256}")


class MessageError(ValueError):
    """A signed body that is not a run task; the text quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Task:
    """One task to do. The token and the addresses are not shown."""

    id: str
    stage: str
    token: str = field(repr=False)
    callback: str = field(repr=False)
    plan: str = field(repr=False)
    run: str = ""
    organization: str = ""
    workspace: str = ""
    takes_outcomes: bool = True


def is_signed(body: bytes, signatures: Sequence[str], key: bytes) -> bool:
    """Whether there is exactly one signature, and it is right; takes the same time for every wrong one."""
    if len(signatures) != 1:
        return False
    expected = hmac.new(key, body, hashlib.sha512).hexdigest().encode()
    return hmac.compare_digest(expected, signatures[0].strip().encode("utf-8", "surrogateescape"))


def task_of(body: bytes) -> Task | None:
    """The task in a signed body; None for the test that HCP Terraform sends when a run task is set up.

    Raises MessageError.
    """
    data = _table(body)
    if data.get("payload_version") != 1:
        raise MessageError("payload_version is not 1")
    if _TEST in (data.get("stage"), data.get("task_result_enforcement_level")):
        return None
    token = _text(data, "access_token", _TOKEN)
    if token == _TEST_TOKEN:
        return None
    capabilities = data.get("capabilities")
    return Task(
        _text(data, "task_result_id", _ID),
        _text(data, "stage", _ID),
        token,
        _text(data, "task_result_callback_url", _TOKEN),
        _text(data, "plan_json_api_url", _TOKEN, optional=True),
        _text(data, "run_id", _ID),
        _text(data, "organization_name", _NAME, optional=True),
        _text(data, "workspace_name", _NAME, optional=True),
        isinstance(capabilities, dict) and capabilities.get("outcomes") is True,
    )


def _table(body: bytes) -> Mapping[str, Any]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MessageError("the body is not JSON") from error
    if not isinstance(data, dict):
        raise MessageError("the body is not a JSON object")
    return data


def _text(data: Mapping[str, Any], key: str, form: re.Pattern[str], *, optional: bool = False) -> str:
    value = data.get(key)
    if value is None and optional:
        return ""
    if not isinstance(value, str) or not form.fullmatch(value):
        raise MessageError(f"{key} is missing or malformed")
    return value
