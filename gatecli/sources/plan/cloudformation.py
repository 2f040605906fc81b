"""The resources of a CloudFormation template, as the provider that is made from their schemas names them.

`AWS::S3::BucketPolicy` is `awscc_s3_bucket_policy`, and its `PolicyDocument` `policy_document`: the names
of AWS's Cloud Control API in lower case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_TYPE = re.compile(r"AWS::(\w+)::(\w+)")
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SLOT = re.compile(r"\$\{([\w:.]+)\}")
_SAME = {
    "awscc_sns_topic_policy": "awscc_sns_topic_inline_policy",
    "awscc_sqs_queue_policy": "awscc_sqs_queue_inline_policy",
}
"""Types of which the provider has another that says the same."""


@dataclass(frozen=True, slots=True)
class TemplateResource:
    """A resource in a template: its path there, a type that the table knows, values and what is unknown."""

    path: str
    type: str
    values: Mapping[str, Any]
    unknown: Mapping[str, Any]


def resources_of_stack(template: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[TemplateResource]:
    """The resources of a template; `given` are values of its parameters."""
    parameters = _parameters(template, given)
    resources = template.get("Resources")
    for name, body in resources.items() if isinstance(resources, dict) else ():
        if isinstance(body, dict) and isinstance(body.get("Type"), str):
            found = resource_of_type(body["Type"], body.get("Properties"), f"Resources.{name}", parameters)
            if found is not None:
                yield found


def resource_of_type(
    type_: str, properties: Any, path: str, parameters: Mapping[str, Any]
) -> TemplateResource | None:
    """A resource by its type in CloudFormation and Cloud Control; None where it is no type of AWS."""
    match = _TYPE.fullmatch(type_)
    if match is None:
        return None
    own = f"awscc_{match[1].lower()}_{snake_of(match[2])}"
    values, unknown = _resolve(properties if isinstance(properties, dict) else {}, parameters)
    return TemplateResource(
        path, _SAME.get(own, own), values if isinstance(values, dict) else {}, _marks(unknown)
    )


def _marks(unknown: Any) -> Mapping[str, Any]:
    return unknown if isinstance(unknown, dict) else {}


def _parameters(template: Mapping[str, Any], given: Mapping[str, Any]) -> Mapping[str, Any]:
    declared = template.get("Parameters")
    defaults = {
        name: body["Default"]
        for name, body in (declared.items() if isinstance(declared, dict) else ())
        if isinstance(body, dict) and "Default" in body
    }
    return {**defaults, **{name: value for name, value in given.items() if value is not None}}


def snake_of(name: str) -> str:
    """A name of CloudFormation as the provider that is made from its schemas writes it."""
    return _WORD.sub("_", name).lower()


def _resolve(value: Any, parameters: Mapping[str, Any]) -> tuple[Any, Any]:
    """A value with its parameters put in, and marks of what only the stack knows."""
    if isinstance(value, list):
        parts = [_resolve(each, parameters) for each in value]
        return [part for part, _ in parts], [mark for _, mark in parts]
    if not isinstance(value, dict):
        return value, False
    if len(value) == 1:
        ((name, argument),) = value.items()
        if name == "Ref" or str(name).startswith("Fn::"):
            known = _call(str(name), argument, parameters)
            return known, known is None
    if _is_policy(value):
        return value, False
    pairs = {snake_of(str(key)): _resolve(each, parameters) for key, each in value.items()}
    marks = {key: mark for key, (_, mark) in pairs.items() if mark is not False}
    return {key: part for key, (part, _) in pairs.items() if part is not None}, marks or False


def _is_policy(value: Mapping[str, Any]) -> bool:
    """Whether it is a document of access rules, whose keys are no names of arguments."""
    return any(str(key).lower() == "statement" for key in value)


def _call(name: str, argument: Any, parameters: Mapping[str, Any]) -> Any:
    """What a function of a template gives, where its parameters say it; else None."""
    if name == "Ref":
        return parameters.get(argument) if isinstance(argument, str) else None
    if name == "Fn::Sub" and isinstance(argument, str):
        slots = set(_SLOT.findall(argument))
        known = all(slot in parameters for slot in slots)
        return _SLOT.sub(lambda slot: str(parameters[slot[1]]), argument) if known else None
    if name == "Fn::Join" and isinstance(argument, list) and len(argument) == 2:
        parts, _ = _resolve(argument[1], parameters)
        is_whole = isinstance(parts, list) and all(isinstance(part, str) for part in parts)
        return str(argument[0]).join(parts) if is_whole else None
    return None
