"""`status` of PrivacyPolicies and PrivacyWaivers: one condition, `Ready`, as Kubernetes writes conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

LONGEST = 4_000
"""Characters of a message; Kubernetes holds 32,768."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What is said of one object: whether it holds, why in one word and in one sentence.

    `more` are further keys of the status.
    """

    is_ready: bool
    reason: str
    message: str
    more: Mapping[str, Any] = field(default_factory=dict)


def status_change(item: Mapping[str, Any], told: Condition, now: datetime) -> dict[str, Any] | None:
    """The merge patch, upon the version that was read, that makes the status say so; None where it does."""
    metadata = item["metadata"]
    generation = int(metadata.get("generation") or 0)
    condition = {
        "type": "Ready",
        "status": "True" if told.is_ready else "False",
        "observedGeneration": generation,
        "reason": told.reason,
        "message": told.message if len(told.message) <= LONGEST else told.message[: LONGEST - 1] + "…",
    }
    status = item.get("status") or {}
    old = ready(status)
    since = old.get("lastTransitionTime") if old.get("status") == condition["status"] else None
    condition["lastTransitionTime"] = since or now.strftime("%Y-%m-%dT%H:%M:%SZ")
    wanted = {"observedGeneration": generation, "conditions": [condition], **told.more}
    if all(status.get(key) == value for key, value in wanted.items()):
        return None
    return {"metadata": {"resourceVersion": metadata.get("resourceVersion")}, "status": wanted}


def ready(status: Mapping[str, Any]) -> Mapping[str, Any]:
    """The condition `Ready`; empty where there is none."""
    conditions = [each for each in status.get("conditions") or () if each.get("type") == "Ready"]
    return conditions[0] if conditions else {}
