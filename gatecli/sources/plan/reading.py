"""A plan's JSON to a `Plan`: every resource of it, or a refusal.

An unknown minor version is read, as the format promises; an unknown major version is refused. What a
resource cannot do without (address, mode, type, name, actions, values) may not be missing.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Literal

from gatecli.model.plan import Plan, PlannedResource, config_address
from gatecli.sources.files import ReadError
from gatecli.sources.interface import Loaded
from gatecli.sources.plan.configuration import configuration_of
from gatecli.sources.plan.fields import flag, malformed_plan, optional_text, table, text
from gatecli.sources.plan.parts import checks_of, outputs_of, variables_of
from gatecli.sources.plan.resources import resources_of_plan, resources_of_state
from gatecli.sources.plan.rules import unreadable
from gatecli.sources.plan.templates import templates_in
from gatecli.sources.plan.text import SHOW, json_of
from gatecli.sources.positioned_tree import printable

MAJORS = frozenset({"0", "1"})
"""Major versions of the format that are known."""

_VERSION = re.compile(r"([0-9]{1,6})\.[0-9]{1,6}")
_OF_A_PLAN = frozenset(
    {"planned_values", "resource_changes", "configuration", "prior_state", "output_changes"}
)
_MENDS = f"give the JSON of a plan: {SHOW}"
_FOREIGN = (
    (
        "lineage",
        "is a raw state file, not what terraform show -json says of it",
        "terraform show -json > state.json",
    ),
    ("encrypted_data", "is encrypted by OpenTofu", "tofu show -json plan.out > plan.json"),
    ("@level", "is the log of terraform plan -json, not a plan", SHOW),
    ("provider_schemas", "holds provider schemas, not a plan", SHOW),
    ("valid", "is the answer of terraform validate, not a plan", SHOW),
    ("resourceChanges", "is not Terraform's plan", SHOW),
)


def load_plan(content: bytes, name: str) -> Loaded[Plan]:
    """The plan (or state) that `terraform show -json` gave, and a finding where it cannot be read.

    Whether a plan is of a run that failed, it says itself; so does an empty one, which is nothing to check
    (exit code 3).
    """
    try:
        with _without_garbage_collection():
            plan = plan_of(json_of(content), name)
    except ReadError as error:
        return Loaded(findings=(unreadable(name, error),))
    return Loaded((plan,))


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """While millions of values are made, and none is garbage, looking for garbage would take most time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def plan_of(data: Any, name: str) -> Plan:
    """The plan in parsed JSON. Raises `ReadError`."""
    top = _checked_top(data)
    version = _checked_version(top)
    if not _OF_A_PLAN & top.keys():
        return _state(top, name, version)
    if "values" in top:
        raise malformed_plan("", "a plan and a state at once", _MENDS)
    return _plan(top, name, version)


def _checked_top(data: Any) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        raise ReadError("is not a Terraform plan: its JSON is not an object", _MENDS)
    if "format_version" not in data:
        for key, what, command in _FOREIGN:
            if key in data:
                raise ReadError(what, f"give the JSON of a plan: {command}")
        raise ReadError("is not a Terraform plan: it has no format_version", _MENDS)
    return data


def _checked_version(top: Mapping[str, Any]) -> str:
    version = text(top, "format_version", "")
    match = _VERSION.fullmatch(version)
    if match is None:
        raise ReadError("is not a Terraform plan: its format_version is not a version", _MENDS)
    if match[1] not in MAJORS:
        raise ReadError(
            f"has format version {version}, which this gatecli does not know",
            "update gatecli, or plan with a Terraform whose plans have format version 1",
        )
    return version


def _plan(top: Mapping[str, Any], name: str, version: str) -> Plan:
    configuration = configuration_of(top.get("configuration"))
    resources = tuple(_with_arguments(resources_of_plan(top), configuration.arguments))
    held, unread = templates_in(resources)
    silent = _silent_nodes(resources, configuration.certain)
    if silent and flag(top, "complete") is not False and not flag(top, "errored"):
        raise _partial_plan(silent)
    return Plan(
        name,
        "plan",
        version,
        optional_text(top, "terraform_version", ""),
        _tool(resources),
        flag(top, "errored") or False,
        flag(top, "complete"),
        flag(top, "applyable"),
        resources,
        variables_of(top, configuration),
        outputs_of(top),
        checks_of(top),
        configuration.modules,
        configuration.scripts,
        configuration.edges,
        bool(silent),
        held=held,
        programs=configuration.programs,
        unread=unread,
        in_blocks=configuration.in_blocks,
    )


def _with_arguments(
    resources: tuple[PlannedResource, ...], arguments: Mapping[str, Mapping[str, tuple[str, ...]]]
) -> Iterator[PlannedResource]:
    for resource in resources:
        given = arguments.get(config_address(resource.address))
        yield resource if given is None else replace(resource, arguments=given)


def _silent_nodes(resources: tuple[PlannedResource, ...], certain: frozenset[str]) -> frozenset[str]:
    """What a plan is silent on that is certain in its configuration; one that only removes may be."""
    silent = certain - {config_address(resource.address) for resource in resources}
    changes = [resource for resource in resources if resource.mode == "managed"]
    removes = bool(changes) and all(resource.is_leaving for resource in changes)
    return frozenset() if removes else silent


def _partial_plan(silent: frozenset[str]) -> ReadError:
    return ReadError(
        f"is a partial plan: it does not say what happens to {printable(min(silent))}",
        f"plan the whole configuration, without -target and -refresh-only: {SHOW}",
    )


def _state(top: Mapping[str, Any], name: str, version: str) -> Plan:
    values = table(top, "values", "")
    resources, edges = resources_of_state(values, "/values")
    return Plan(
        name,
        "state",
        version,
        optional_text(top, "terraform_version", ""),
        _tool(resources),
        resources=resources,
        outputs=outputs_of({"planned_values": values}, "/values"),
        checks=checks_of(top),
        edges=edges,
        held=templates_in(resources)[0],
    )


def _tool(resources: tuple[PlannedResource, ...]) -> Literal["terraform", "opentofu"]:
    tofu = any(resource.provider.startswith("registry.opentofu.org/") for resource in resources)
    return "opentofu" if tofu else "terraform"
