"""The variables, outputs and condition results of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from gatecli.model.plan import CheckResult, Output, Variable
from gatecli.sources.plan.configuration import Configuration
from gatecli.sources.plan.fields import items, malformed_plan, table, text

_STATUSES: Mapping[str, Literal["pass", "fail", "error", "unknown"]] = {
    "pass": "pass",
    "fail": "fail",
    "error": "error",
    "unknown": "unknown",
}


def variables_of(top: Mapping[str, Any], configuration: Configuration) -> tuple[Variable, ...]:
    """The root module's variables; whether one is sensitive stands in the configuration alone."""
    given = table(top, "variables", "")
    return tuple(
        Variable(name, _value(given, name, "/variables"), configuration.sensitive.get(name)) for name in given
    )


def _value(given: Mapping[str, Any], name: str, where: str) -> Any:
    entry = given[name]
    if not isinstance(entry, dict):
        raise malformed_plan(where, "not a table of values")
    return entry.get("value")


def outputs_of(top: Mapping[str, Any], where: str = "/planned_values") -> tuple[Output, ...]:
    """The root module's outputs as they will be; one that a plan only changes counts as well."""
    planned = table(table(top, "planned_values", ""), "outputs", where)
    changes = table(top, "output_changes", "")
    outputs = {name: _planned_output(planned, name, changes, f"{where}/outputs") for name in planned}
    for name in changes:
        change = _change(changes, name)
        if name not in outputs and change.get("after") is not None:
            marks = change.get("after_sensitive") or False
            unknown = change.get("after_unknown") or False
            outputs[name] = Output(name, change["after"], marks, unknown, f"/output_changes/{name}/after")
    return tuple(outputs.values())


def _planned_output(planned: Mapping[str, Any], name: str, changes: Mapping[str, Any], where: str) -> Output:
    value = _value(planned, name, where)
    change = _change(changes, name) if name in changes else {}
    sensitive = planned[name].get("sensitive") is True or change.get("after_sensitive") or False
    unknown = change.get("after_unknown") or False
    return Output(name, value, sensitive, unknown, f"{where}/{name}/value")


def _change(changes: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    change = changes[name]
    if not isinstance(change, dict):
        raise malformed_plan("/output_changes", "not a table of changes")
    return change


def checks_of(top: Mapping[str, Any]) -> tuple[CheckResult, ...]:
    """What came of each condition, object by object; of one without instances, the whole."""
    return tuple(
        result
        for number, item in enumerate(items(top, "checks", ""))
        for result in _results(item, f"/checks/{number}")
    )


def _results(item: Mapping[str, Any], where: str) -> Iterator[CheckResult]:
    kind = text(table(item, "address", where), "kind", f"{where}/address")
    instances = items(item, "instances", where)
    for instance in instances or [item]:
        address = text(table(instance, "address", where), "to_display", f"{where}/address")
        status = _STATUSES.get(text(instance, "status", where))
        if status is None:
            raise malformed_plan(f"{where}/status", "not a known status")
        problems = [problem.get("message") for problem in items(instance, "problems", where)]
        yield CheckResult(address, kind, status, tuple(said for said in problems if isinstance(said, str)))
