"""The CustomResourceDefinitions of PrivacyPolicy and PrivacyWaiver, from the models that read files.

Their schemas are structural, as Kubernetes wants them (API reference, apiextensions.k8s.io/v1). Three
things differ from the schemas of files, and what a structural schema cannot say is said by `Ready`:

- no defaults: the API server would write them into the object, and what a policy leaves unsaid is taken
  from the one it extends;
- a number is of any type there: `0.5` and `"1/3"` are both meant, and no structural type is both;
- unknown keys are no error but pruned (and refused by `kubectl`, which validates strictly).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from admission.cluster.client import ResourceKind
from gatecli.model.number import NUMBER_SCHEMA
from gatecli.model.schemas import schemas

GROUP = "gatecli.dev"
VERSION = "v1"
CATEGORY = "gatecli"
POLICIES = ResourceKind(GROUP, VERSION, "privacypolicies")
WAIVERS = ResourceKind(GROUP, VERSION, "privacywaivers")

Schema = dict[str, Any]

_KEPT = ("description", "enum", "maxItems", "maximum", "maxLength", "minimum", "minLength", "pattern", "type")
_ANYTHING: Schema = {"x-kubernetes-preserve-unknown-fields": True}

_TEXT: Schema = {"type": "string"}
_GENERATION: Schema = {"type": "integer", "format": "int64", "description": "the generation that was judged"}
_CONDITION: Schema = {
    "type": "object",
    "required": ["type", "status", "lastTransitionTime", "reason", "message"],
    "properties": {
        "type": _TEXT,
        "status": {"type": "string", "enum": ["True", "False", "Unknown"]},
        "observedGeneration": _GENERATION,
        "lastTransitionTime": {"type": "string", "format": "date-time"},
        "reason": _TEXT,
        "message": _TEXT,
    },
}
_STATUS: Mapping[str, Schema] = MappingProxyType(
    {
        "observedGeneration": _GENERATION,
        "conditions": {
            "type": "array",
            "items": _CONDITION,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["type"],
        },
    }
)
_DIGEST: Schema = {"type": "string", "description": "SHA-256 of the resolved policy, as reports name it"}
_ACCEPTED: Schema = {
    "type": "object",
    "description": "the last version that could be used; it stays in force while a newer one cannot be used",
    "properties": {"generation": _GENERATION, "spec": {"type": "object", **_ANYTHING}},
}

_READY = [
    {"name": "Ready", "type": "string", "jsonPath": '.status.conditions[?(@.type=="Ready")].status'},
    {"name": "Reason", "type": "string", "jsonPath": '.status.conditions[?(@.type=="Ready")].reason'},
]
_AGE = {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}


def definitions() -> list[dict[str, Any]]:
    """Both definitions, ready to be applied: PrivacyPolicy of the cluster, PrivacyWaiver of a namespace."""
    mode = {"name": "Mode", "type": "string", "jsonPath": ".spec.admission.mode"}
    digest = {"name": "SHA256", "type": "string", "jsonPath": ".status.sha256", "priority": 1}
    waiver = [
        {"name": "Rule", "type": "string", "jsonPath": ".spec.rule"},
        {"name": "Expires", "type": "string", "jsonPath": ".spec.expires"},
        {"name": "Owner", "type": "string", "jsonPath": ".spec.owner"},
    ]
    return [
        _definition(
            "PrivacyPolicy",
            POLICIES,
            scope="Cluster",
            columns=[mode, *_READY, digest, _AGE],
            status={"sha256": _DIGEST, "accepted": _ACCEPTED},
        ),
        _definition("PrivacyWaiver", WAIVERS, scope="Namespaced", columns=[*waiver, *_READY, _AGE]),
    ]


def _definition(
    kind: str,
    resource: ResourceKind,
    *,
    scope: str,
    columns: list[dict[str, Any]],
    status: Mapping[str, Schema] = MappingProxyType({}),
) -> dict[str, Any]:
    schema = schemas()[kind]
    spec = structural(schema["properties"]["spec"], schema["$defs"])
    spec |= {"x-kubernetes-validations": _RULES[kind]} if kind in _RULES else {}
    version = {
        "name": resource.version,
        "served": True,
        "storage": True,
        "additionalPrinterColumns": columns,
        "subresources": {"status": {}},
        "schema": {
            "openAPIV3Schema": {
                "type": "object",
                "description": schema["description"],
                "required": ["spec"],
                "properties": {
                    "apiVersion": _TEXT,
                    "kind": _TEXT,
                    "metadata": {"type": "object"},
                    "spec": spec,
                    "status": {"type": "object", "properties": {**_STATUS, **status}},
                },
            }
        },
    }
    names = {"kind": kind, "listKind": f"{kind}List", "plural": resource.plural, "singular": kind.lower()}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{resource.plural}.{resource.group}",
            "labels": {"app.kubernetes.io/name": "gatecli-admission"},
        },
        "spec": {
            "group": resource.group,
            "scope": scope,
            "names": {**names, "categories": [CATEGORY]},
            "versions": [version],
        },
    }


_RULES = {
    "PrivacyWaiver": [
        {
            "rule": "has(self.subject) != has(self.fingerprint)",
            "message": "give exactly one of subject and fingerprint",
        }
    ]
}


def structural(node: Mapping[str, Any], shared: Mapping[str, Any]) -> Schema:
    """A node of a JSON Schema of ours as a structural one; `shared` holds its `$defs`.

    Raises KeyError or ValueError for a form that no model has had so far: better here than at the server.
    """
    above = {key: node[key] for key in ("description",) if key in node}
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        inner = _number() if name == "Number" else structural(shared[name], shared)
        return {**inner, **above}
    if "anyOf" in node:
        return {**_of_either(node["anyOf"], shared), **above}
    made: Schema = {key: node[key] for key in _KEPT if key in node}
    if "const" in node:
        made["enum"] = [node["const"]]
    if node.get("type") == "array":
        made |= {"items": structural(node["items"], shared), "x-kubernetes-list-type": "atomic"}
    if node.get("type") == "object":
        made |= _object(node, shared)
    if "type" not in made:
        raise ValueError(f"no structural schema for {sorted(node)}")
    return made


def _of_either(members: list[Mapping[str, Any]], shared: Mapping[str, Any]) -> Schema:
    """Of a value or nothing: an explicit null overrides what the extended policy says."""
    values = [member for member in members if member.get("type") != "null"]
    if {member.get("type") for member in values} == {"string", "object"}:
        return dict(_ANYTHING)  # a structural schema has one type: a wrong value is told by `Ready`
    if len(values) != 1:
        raise ValueError("a structural schema has one type")
    inner = structural(values[0], shared)
    return {**inner, "nullable": True} if len(values) < len(members) else inner


def _object(node: Mapping[str, Any], shared: Mapping[str, Any]) -> Schema:
    if "properties" in node:
        properties = {key: structural(value, shared) for key, value in node["properties"].items()}
        return {"properties": properties} | ({"required": node["required"]} if node.get("required") else {})
    # Kubernetes has no patterns for keys: a wrong one is told by `Ready`.
    values = next(iter(node.get("patternProperties", {}).values()), None) or node["additionalProperties"]
    return {"additionalProperties": structural(values, shared)}


def _number() -> Schema:
    """Any type; where it is text, the text of a number (the keywords of a structural schema hold by type)."""
    text = next(member for member in NUMBER_SCHEMA["anyOf"] if member["type"] == "string")
    return {**_ANYTHING, "pattern": text["pattern"], "minimum": 0}
