"""What templates in a plan would make: resources that the plan itself does not list.

CloudFormation, Cloud Control, Azure's templates and Deployment Manager get their resources as JSON or YAML.
Each resource becomes one of a type that the table of forms knows, at the address of what holds it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from gatecli.model.plan import PlannedResource, Program, is_marked, mark_below
from gatecli.sources.files import ReadError
from gatecli.sources.plan.arm_templates import resources_of_arm, resources_of_deployment
from gatecli.sources.plan.cloudformation import TemplateResource, resource_of_type, resources_of_stack
from gatecli.sources.plan.template_text import read_template

Templates = tuple[tuple[PlannedResource, ...], tuple[Program, ...]]


@dataclass(frozen=True, slots=True)
class _TemplateHolder:
    """How a type of resource holds a template: in which argument, with which parameters beside it."""

    text: tuple[str, ...]
    read: Callable[[Mapping[str, Any], Mapping[str, Any]], Iterator[TemplateResource]]
    parameters: str = ""
    elsewhere: tuple[str, ...] = ()
    """Arguments that say where else the template is, which the plan does not show."""


def _deployment(template: Mapping[str, Any], _given: Mapping[str, Any]) -> Iterator[TemplateResource]:
    return resources_of_deployment(template)


_STACK = _TemplateHolder(("template_body",), resources_of_stack, "parameters", ("template_url",))
_ARM = _TemplateHolder(
    ("template_content",), resources_of_arm, "parameters_content", ("template_spec_version_id",)
)
_KINDS: Mapping[str, _TemplateHolder] = {
    "aws_cloudformation_stack": _STACK,
    "aws_cloudformation_stack_set": _STACK,
    "awscc_cloudformation_stack": _STACK,
    "awscc_cloudformation_stack_set": _STACK,
    "azurerm_template_deployment": _TemplateHolder(("template_body",), resources_of_arm, "parameters_body"),
    "azurerm_resource_group_template_deployment": _ARM,
    "azurerm_subscription_template_deployment": _ARM,
    "azurerm_management_group_template_deployment": _ARM,
    "azurerm_tenant_template_deployment": _ARM,
    "google_deployment_manager_deployment": _TemplateHolder(("target", "config", "content"), _deployment),
}
_CLOUD_CONTROL = "aws_cloudcontrolapi_resource"
_AZAPI = "azapi_resource"
_DEEPEST = 3
HOLDERS = frozenset({*_KINDS, _CLOUD_CONTROL, _AZAPI})
"""The types that hold templates."""


def templates_in(resources: Iterable[PlannedResource], depth: int = 0) -> Templates:
    """The resources that templates hold, also inside each other, and the templates that are not shown."""
    found: list[PlannedResource] = []
    unread: list[Program] = []
    for holder in resources:
        if holder.mode == "managed" and holder.type in HOLDERS and not (holder.is_leaving or holder.deposed):
            try:
                found += _held_by(holder)
            except ReadError as error:
                unread.append(Program(holder.address, holder.type, error.problem, holder.pointer))
    if found and depth < _DEEPEST:
        below, unread_below = templates_in(found, depth + 1)
        return (*found, *below), (*unread, *unread_below)
    return tuple(found), tuple(unread)


def _held_by(holder: PlannedResource) -> Iterator[PlannedResource]:
    """Raises ReadError for a template that is not there to be read."""
    if holder.type == _CLOUD_CONTROL:
        yield from _cloud_control(holder)
    elif holder.type == _AZAPI:
        yield from _nested_deployment(holder)
    else:
        yield from _template(holder, _KINDS[holder.type])


def _template(holder: PlannedResource, kind: _TemplateHolder) -> Iterator[PlannedResource]:
    text = _text_at(holder, kind.text)
    if text is None:
        if any(_is_set(holder, name) for name in kind.elsewhere):
            raise ReadError("is elsewhere", "")
        return
    given = (holder.values or {}).get(kind.parameters) if kind.parameters else None
    parameters = given if isinstance(given, dict) else _object(given)
    if isinstance(parameters.get("parameters"), dict):
        parameters = parameters["parameters"]
    for each in kind.read(read_template(text), parameters):
        yield _planned_resource(holder, each, kind.text)


def _text_at(holder: PlannedResource, keys: tuple[str, ...]) -> str | None:
    """The template's text; None where there is none. Raises ReadError where only the apply knows it."""
    value, unknown = holder.values, holder.unknown
    for key in keys:
        value, unknown = _first(value), _first(unknown)
        value = value.get(key) if isinstance(value, dict) else None
        unknown = mark_below(unknown, key)
    if isinstance(value, str) and value.strip():
        return value
    is_set = holder.arguments is None or keys[0] in holder.arguments
    if is_marked(unknown or False) and is_set:
        raise ReadError("is known only after the apply", "")
    return None


def _is_set(holder: PlannedResource, name: str) -> bool:
    value = (holder.values or {}).get(name)
    return bool(value) or (bool(holder.within) and is_marked(mark_below(holder.unknown, name) or False))


def _first(value: Any) -> Any:
    """A block is a list of one."""
    return value[0] if isinstance(value, list) and value else value


def _object(text: Any) -> Mapping[str, Any]:
    try:
        data = json.loads(text) if isinstance(text, str) else {}
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _cloud_control(holder: PlannedResource) -> Iterator[PlannedResource]:
    text, values = _text_at(holder, ("desired_state",)), holder.values or {}
    type_ = values.get("type_name")
    if text is not None and isinstance(type_, str):
        found = resource_of_type(type_, read_template(text), "", {})
        if found is not None:
            yield _planned_resource(holder, found, ("desired_state",))


def _nested_deployment(holder: PlannedResource) -> Iterator[PlannedResource]:
    """A deployment as a resource: its template stands in its body."""
    values = holder.values or {}
    if not str(values.get("type")).lower().startswith("microsoft.resources/deployments@"):
        return
    body = values.get("body")
    data = body if isinstance(body, dict) else _object(body)
    own = data.get("properties")
    properties = own if isinstance(own, dict) else {}
    template, given = properties.get("template"), properties.get("parameters")
    if isinstance(template, dict):
        for each in resources_of_arm(template, given if isinstance(given, dict) else {}):
            yield _planned_resource(holder, each, ("body", "properties", "template"))
    elif properties.get("templateLink") or holder.unknown:
        raise ReadError("is elsewhere", "")


def _planned_resource(
    holder: PlannedResource, each: TemplateResource, argument: tuple[str, ...]
) -> PlannedResource:
    """The resource at the address of what holds it, with its tags; made of what the template is made of."""
    own = holder.arguments or {}
    nodes = tuple(dict.fromkeys(chain.from_iterable(own.get(key, ()) for key in (argument[0], "parameters"))))
    tags = {key: value for key in ("tags", "labels") if (value := (holder.values or {}).get(key))}
    keys = {*each.values, *each.unknown}
    return PlannedResource(
        holder.address,
        "managed",
        each.type,
        holder.name,
        holder.module,
        holder.index,
        holder.provider,
        holder.actions,
        {**each.values, **tags},
        each.unknown or False,
        pointer=holder.pointer,
        arguments={**dict.fromkeys(keys, nodes), **dict.fromkeys(tags, ())},
        within=".".join(filter(None, (holder.within, *argument, each.path))),
    )
