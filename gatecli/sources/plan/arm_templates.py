"""The resources of Azure's templates, as `azapi_resource` has them, and of Google's Deployment Manager."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic.alias_generators import to_snake

from gatecli.sources.plan.cloudformation import TemplateResource

_PARAMETER = re.compile(r"\[\s*parameters\(\s*'([^']+)'\s*\)\s*\]")
_NESTED = "microsoft.resources/deployments"
_DEEPEST = 8

_GOOGLE_TYPES = {
    "storage.v1.bucketAccessControl": "google_storage_bucket_access_control",
    "gcp-types/storage-v1:bucketAccessControls": "google_storage_bucket_access_control",
    "storage.v1.objectAccessControl": "google_storage_object_access_control",
    "gcp-types/storage-v1:objectAccessControls": "google_storage_object_access_control",
    "storage.v1.defaultObjectAccessControl": "google_storage_default_object_access_control",
    "gcp-types/storage-v1:defaultObjectAccessControls": "google_storage_default_object_access_control",
    "gcp-types/storage-v1:virtual.buckets.iamMemberBinding": "google_storage_bucket_iam_member",
    "bigquery.v2.dataset": "google_bigquery_dataset",
    "gcp-types/bigquery-v2:datasets": "google_bigquery_dataset",
}
_ACLS = {"acl": "google_storage_bucket_acl", "defaultObjectAcl": "google_storage_default_object_acl"}
_BUCKETS = frozenset({"storage.v1.bucket", "gcp-types/storage-v1:buckets"})


def resources_of_arm(
    template: Mapping[str, Any], given: Mapping[str, Any], above: str = "", depth: int = 0
) -> Iterator[TemplateResource]:
    """The resources of an Azure template; `given` are its parameters, each with its `value`."""
    parameters = _parameters(template, given)
    resources = template.get("resources")
    listed = list(resources.values()) if isinstance(resources, dict) else resources
    for number, body in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(body, dict) and depth <= _DEEPEST:
            path = ".".join(filter(None, (above, f"resources.{number}")))
            yield from _resource(body, parameters, path, "", depth)


def _resource(
    body: Mapping[str, Any], parameters: Mapping[str, Any], path: str, parent: str, depth: int
) -> Iterator[TemplateResource]:
    """A resource, those inside it, and those of a template that it deploys."""
    own = str(body.get("type") or "")
    type_ = own if not parent or own.lower().startswith("microsoft.") else f"{parent}/{own}"
    properties = body.get("properties")
    nested = properties.get("template") if isinstance(properties, dict) else None
    if type_.lower() == _NESTED and isinstance(nested, dict) and isinstance(properties, dict):
        values = properties.get("parameters")
        inner, _ = _resolve(values if isinstance(values, dict) else {}, parameters)
        yield from resources_of_arm(nested, inner or {}, f"{path}.properties.template", depth + 1)
        return
    said = {key: each for key, each in body.items() if key not in {"type", "apiVersion", "resources"}}
    held, marks = _resolve(said, parameters)
    yield TemplateResource(
        path,
        "azapi_resource",
        {"type": f"{type_}@{body.get('apiVersion', '')}", "body": held},
        {"body": marks},
    )
    below = body.get("resources")
    for number, each in enumerate(below if isinstance(below, list) else ()):
        if isinstance(each, dict) and depth <= _DEEPEST:
            yield from _resource(each, parameters, f"{path}.resources.{number}", type_, depth + 1)


def _parameters(template: Mapping[str, Any], given: Mapping[str, Any]) -> Mapping[str, Any]:
    declared = template.get("parameters")
    values = {
        name: body["defaultValue"]
        for name, body in (declared.items() if isinstance(declared, dict) else ())
        if isinstance(body, dict) and "defaultValue" in body
    }
    own = {name: each["value"] for name, each in given.items() if isinstance(each, dict) and "value" in each}
    return {**values, **own}


def _resolve(value: Any, parameters: Mapping[str, Any]) -> tuple[Any, Any]:
    """A value with its parameters put in, and marks of what only the deployment knows."""
    if isinstance(value, list):
        parts = [_resolve(each, parameters) for each in value]
        return [part for part, _ in parts], [mark for _, mark in parts]
    if isinstance(value, dict):
        pairs = {str(key): _resolve(each, parameters) for key, each in value.items()}
        marks = {key: mark for key, (_, mark) in pairs.items() if mark is not False}
        return {key: part for key, (part, _) in pairs.items() if part is not None}, marks or False
    if not isinstance(value, str) or not value.startswith("[") or value.startswith("[["):
        return value, False
    match = _PARAMETER.fullmatch(value)
    known = parameters.get(match[1]) if match is not None else None
    return known, known is None


def resources_of_deployment(template: Mapping[str, Any]) -> Iterator[TemplateResource]:
    """The resources of a configuration of Google's Deployment Manager."""
    resources = template.get("resources")
    for number, body in enumerate(resources if isinstance(resources, list) else ()):
        properties = body.get("properties") if isinstance(body, dict) else None
        if isinstance(properties, dict):
            yield from _google_resource(str(body.get("type")), properties, f"resources.{number}")
            yield from _bindings(body, f"resources.{number}")


def _google_resource(type_: str, properties: Mapping[str, Any], path: str) -> Iterator[TemplateResource]:
    if type_ in _GOOGLE_TYPES:
        yield TemplateResource(path, _GOOGLE_TYPES[type_], _in_snake(properties), {})
    if type_ in _BUCKETS:
        for key, name in _ACLS.items():
            grants = properties.get(key)
            entities = [
                f"{each.get('role')}:{each.get('entity')}"
                for each in (grants if isinstance(grants, list) else ())
                if isinstance(each, dict)
            ]
            if entities:
                yield TemplateResource(f"{path}.properties.{key}", name, {"role_entity": entities}, {})


def _bindings(body: Mapping[str, Any], path: str) -> Iterator[TemplateResource]:
    control = body.get("accessControl")
    policy = control.get("gcpIamPolicy") if isinstance(control, dict) else None
    if isinstance(policy, dict) and str(body.get("type")) in _BUCKETS:
        where = f"{path}.accessControl.gcpIamPolicy"
        yield TemplateResource(
            where, "google_storage_bucket_iam_policy", {"policy_data": json.dumps(policy)}, {}
        )


def _in_snake(value: Any) -> Any:
    if isinstance(value, list):
        return [_in_snake(each) for each in value]
    if isinstance(value, dict):
        return {to_snake(str(key)): _in_snake(each) for key, each in value.items()}
    return value
