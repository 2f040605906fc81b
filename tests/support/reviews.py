"""Requests for the webhook, a small applier of JSON patches, and the command line beside it."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from admission.review.admission_review import ReviewRequest, parse
from admission.review.judging import Decision, Phase, judge
from admission.review.rulebook import Rulebook, rulebook_of
from gatecli.cli.app import main
from gatecli.model.document import Place
from gatecli.model.policy import PrivacyPolicy, overlay
from gatecli.model.waiver import PlacedWaiver, PrivacyWaiver
from gatecli.sources.policy import default_policy

TODAY = date(2026, 6, 1)
KEY = b"a key for tests, of thirty bytes"
# Valid by construction and of nobody.
RESIDENT_ID = "440308199901101512"
OTHER_ID = "440308199901101539"
SSN = "536-90-4399"
MASK = "*" * 16 + "12"

GROUPS = {
    "Deployment": "apps",
    "StatefulSet": "apps",
    "DaemonSet": "apps",
    "ReplicaSet": "apps",
    "Job": "batch",
    "CronJob": "batch",
    "Rollout": "argoproj.io",
}


CONTROLLER = "system:serviceaccount:kube-system:replicaset-controller"
UID = "8f0f5b0e-2d0c-4d5e-9c55-0d7a7d5c8f11"


def still() -> float:
    """A clock that stands."""
    return 0.0


def policy_of(**spec: Any) -> PrivacyPolicy:
    """The shipped policy with `spec` over it, as it would stand in a file."""
    data = {
        "apiVersion": "gatecli.dev/v1",
        "kind": "PrivacyPolicy",
        "metadata": {"name": "test"},
        "spec": spec,
    }
    return overlay(default_policy(), PrivacyPolicy.from_file(data))


def rulebook(
    *waivers: PlacedWaiver, namespaced: Mapping[str, Sequence[PlacedWaiver]] | None = None, **spec: Any
) -> Rulebook:
    """The rulebook of the shipped policy with `spec` over it, and these waivers in every namespace."""
    return rulebook_of(policy_of(**spec), {"": waivers, **(namespaced or {})}, key=KEY)


def waiver(rule: str = "pii-cn-resident-id", days: int = 30, **target: Any) -> PlacedWaiver:
    """A waiver by `subject` or `fingerprint` that holds `days` more days."""
    expires = (TODAY + timedelta(days=days)).isoformat()
    spec = {"rule": rule, "reason": "a test", "owner": "tests", "expires": expires, **target}
    data = {"apiVersion": "gatecli.dev/v1", "kind": "PrivacyWaiver", "metadata": {"name": "w"}, "spec": spec}
    return PlacedWaiver(PrivacyWaiver.from_file(data), Place("waivers.yaml", 1, 1))


def review_of(obj: Mapping[str, Any], operation: str = "CREATE", **fields: Any) -> dict[str, Any]:
    """An AdmissionReview as the API server sends it; `fields` go into its request."""
    api = str(obj.get("apiVersion", "v1"))
    group, _, version = api.rpartition("/")
    metadata = obj.get("metadata") or {}
    request = {
        "uid": "0b4f6a7e-31a2-4d30-a5d5-6c0a0d9a2d41",
        "kind": {"group": group, "version": version, "kind": obj["kind"]},
        "resource": {"group": group, "version": version, "resource": str(obj["kind"]).lower() + "s"},
        "operation": operation,
        "namespace": "team-a",
        "name": metadata.get("name", ""),
        "userInfo": {"username": "jane"},
        "object": obj,
        "oldObject": None,
        "dryRun": False,
        **fields,
    }
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}


def request_for(obj: Mapping[str, Any], operation: str = "CREATE", **fields: Any) -> ReviewRequest:
    return parse(json.dumps(review_of(obj, operation, **fields)).encode())


def judged(request: ReviewRequest, book: Rulebook, phase: Phase = Phase.VALIDATING) -> Decision:
    return judge(request, book, today=TODAY, clock=still, phase=phase)


def decided(
    obj: Mapping[str, Any], book: Rulebook, phase: Phase = Phase.VALIDATING, **fields: Any
) -> Decision:
    """The decision on creating `obj`, or what `fields` say."""
    return judged(request_for(obj, fields.pop("operation", "CREATE"), **fields), book, phase)


def manifest(
    kind: str, value: str = RESIDENT_ID, *, name: str = "etl", variable: str = "CUSTOMER_ID"
) -> dict[str, Any]:
    """A workload of a kind with one variable that holds `value`."""
    env = [{"name": "MODE", "value": "batch"}, {"name": variable, "value": value}]
    pod: dict[str, Any] = {
        "containers": [{"name": "main", "image": "registry.example/etl:1.2.3", "env": env}]
    }
    template = {"metadata": {"labels": {"app": "etl"}}, "spec": pod}
    group = GROUPS.get(kind, "")
    head = {"apiVersion": f"{group}/v1" if group else "v1", "kind": kind, "metadata": {"name": name}}
    match kind:
        case "Pod":
            return {**head, "spec": pod}
        case "EphemeralContainers":
            return {**head, "ephemeralContainers": pod["containers"]}
        case "PodTemplate":
            return {**head, "template": template}
        case "CronJob":
            return {**head, "spec": {"schedule": "@daily", "jobTemplate": {"spec": {"template": template}}}}
        case _:
            return {**head, "spec": {"template": template}}


def owner_of(kind: str, value: str = RESIDENT_ID) -> dict[str, Any]:
    obj = manifest(kind, value)
    obj["metadata"] |= {"uid": UID, "namespace": "team-a"}
    return obj


def made_from(owner: dict[str, Any], below: str, value: str = RESIDENT_ID, **changes: Any) -> dict[str, Any]:
    obj = manifest(below, value)
    reference = {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        **changes,
    }
    obj["metadata"] = {"name": "etl-x7k2p", "ownerReferences": [reference]}
    return obj


def patched(obj: Any, patch: Sequence[Mapping[str, Any]]) -> Any:
    """What an RFC 6902 patch of replacements makes of an object; any other operation is an error."""
    result = copy.deepcopy(obj)
    for operation in patch:
        assert set(operation) == {"op", "path", "value"}
        assert operation["op"] == "replace"
        *above, last = [
            step.replace("~1", "/").replace("~0", "~") for step in operation["path"].split("/")[1:]
        ]
        at = result
        for step in above:
            at = at[int(step)] if isinstance(at, list) else at[step]
        place: Any = int(last) if isinstance(at, list) else last
        assert at[place] is not None
        at[place] = operation["value"]
    return result


def patch_in(response: Mapping[str, Any]) -> Any:
    return json.loads(base64.b64decode(response["response"]["patch"]))


Told = tuple[str, str, str, str, str, str]
"""Rule, severity, pointer, fingerprint, subject, message."""


def scanned(folder: Path, capsys: Any, *arguments: str) -> dict[str, list[Told]]:
    """What `gatecli pii scan` finds in every file of a folder, by file name."""
    main(["pii", "scan", str(folder), *arguments, "--format", "json"])
    found: dict[str, list[Told]] = {}
    for finding in json.loads(capsys.readouterr().out)["findings"]:
        keys = ("rule", "severity", "pointer", "fingerprint", "subject", "message")
        told = tuple(str(finding.get(key)) for key in keys)
        found.setdefault(Path(str(finding["path"])).name, []).append(told)  # type: ignore[arg-type]  # six of them
    return {name: sorted(told) for name, told in found.items()}


def told(decision: Decision) -> list[Told]:
    """What the webhook finds, in the same form."""
    return sorted(
        (
            finding.rule.id,
            finding.severity.value,
            str(finding.place.pointer),
            finding.fingerprint,
            finding.subject,
            finding.message,
        )
        for finding in decision.findings
    )
