"""The resources of a plan or a state: the changes, and whatever stands in the values beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from gatecli.model.plan import PlannedResource, config_address, module_of
from gatecli.sources.plan.fields import items, malformed_plan, optional_text, table, text, texts

_MODES: Mapping[str, str] = {"managed": "", "data": "data.", "ephemeral": "ephemeral.", "list": "list."}
"""What stands before the type in an address, by mode."""

_UNSTATED = frozenset({"ephemeral", "list"})
"""Modes whose values are in no plan: they live as long as one run."""

_GONE = ({"delete"}, {"forget"})

Placed = tuple[Mapping[str, Any], str]


def resources_of_plan(top: Mapping[str, Any]) -> tuple[PlannedResource, ...]:
    """Every resource that will be or go: its change, else what stands of it.

    What only the planned values say (an edited plan) counts beside the change. What only the prior state
    says stays as it is: data sources that were read, and all of a refresh-only or targeted plan's rest.
    """
    changed, moved = list[PlannedResource](), set[str]()
    for number, item in _enumerate_items(top, "resource_changes"):
        changed.append(_read_change(item, f"/resource_changes/{number}"))
        moved.add(optional_text(item, "previous_address", ""))
    changed += [
        *(
            _read_deferred(item, f"/deferred_changes/{number}")
            for number, item in _enumerate_items(top, "deferred_changes")
        ),
        *(
            _action(item, f"/action_invocations/{number}")
            for number, item in _enumerate_items(top, "action_invocations")
        ),
        *(
            _read_deferred_action(item, f"/deferred_action_invocations/{number}")
            for number, item in _enumerate_items(top, "deferred_action_invocations")
        ),
    ]
    known = {resource.address: resource for resource in changed if not resource.deposed}
    planned = [
        resource
        for item, where in _of_values(table(top, "planned_values", ""), "/planned_values")
        if _is_news(resource := _standing(item, where, "no-op"), known)
    ]
    settled = {*known, *(resource.address for resource in planned), *moved}
    prior = table(table(top, "prior_state", ""), "values", "/prior_state")
    kept = [
        resource
        for item, where in _of_values(prior, "/prior_state/values")
        if (resource := _standing(item, where, "read" if item.get("mode") == "data" else "no-op")).address
        not in settled
    ]
    return (*changed, *planned, *kept)


def _is_news(planned: PlannedResource, known: Mapping[str, PlannedResource]) -> bool:
    """Whether the planned values say what no change says: never in a plan that nobody touched."""
    change = known.get(planned.address)
    return change is None or change.values != planned.values


def resources_of_state(
    values: Mapping[str, Any], where: str
) -> tuple[tuple[PlannedResource, ...], Mapping[str, tuple[str, ...]]]:
    """The resources of a state, and what each was made from."""
    resources: list[PlannedResource] = []
    edges: dict[str, dict[str, None]] = {}
    for item, at in _of_values(values, where):
        resource = _standing(item, at, "")
        resources.append(resource)
        needed = (config_address(target) for target in texts(item, "depends_on", at))
        edges.setdefault(config_address(resource.address), {}).update(dict.fromkeys(needed))
    return tuple(resources), {node: tuple(targets) for node, targets in edges.items()}


def _enumerate_items(top: Mapping[str, Any], key: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    return enumerate(items(top, key, ""))


def _of_values(values: Mapping[str, Any], where: str) -> Iterator[Placed]:
    """The resources of all modules, in the order of the text."""
    pending = [(table(values, "root_module", where), f"{where}/root_module")]
    while pending:
        module, at = pending.pop()
        for number, item in enumerate(items(module, "resources", at)):
            yield item, f"{at}/resources/{number}"
        children = enumerate(items(module, "child_modules", at))
        pending += reversed([(child, f"{at}/child_modules/{number}") for number, child in children])


def _read_identity(item: Mapping[str, Any], where: str) -> dict[str, Any]:
    address, mode = text(item, "address", where), text(item, "mode", where)
    if mode not in _MODES:
        raise malformed_plan(f"{where}/mode", "not a known mode")
    index = item.get("index")
    if not isinstance(index, str | int | None) or isinstance(index, bool):
        raise malformed_plan(f"{where}/index", "neither a text nor a whole number")
    type_, name = text(item, "type", where), text(item, "name", where)
    module = _module(address, item, where)
    rest = address.removeprefix(f"{module}.") if module else address
    own = f"{_MODES[mode]}{type_}.{name}"
    if config_address(rest) != own or (module and rest == address):
        raise malformed_plan(f"{where}/address", "the address of another type, name or module")
    return {
        "address": address,
        "mode": mode,
        "type": type_,
        "name": name,
        "module": module,
        "index": index,
        "provider": optional_text(item, "provider_name", where),
    }


def _module(address: str, item: Mapping[str, Any], where: str) -> str:
    """The module's address with its instance keys; only changes say it, the values' addresses show it."""
    if given := optional_text(item, "module_address", where):
        return given
    if not address.startswith("module."):
        return ""
    tail = f".{_MODES[str(item.get('mode'))]}{item.get('type')}.{item.get('name')}"
    at = address.rfind(tail)
    if at < 0:
        raise malformed_plan(f"{where}/address", "the address of another type or name")
    return address[:at]


def _read_change(item: Mapping[str, Any], where: str) -> PlannedResource:
    change = item.get("change")
    if not isinstance(change, dict):
        raise malformed_plan(f"{where}/change", "not an object")
    actions = tuple(texts(change, "actions", f"{where}/change"))
    if not actions:
        raise malformed_plan(f"{where}/change/actions", "empty")
    if "after" not in change and set(actions) not in _GONE and item.get("mode") not in _UNSTATED:
        raise malformed_plan(f"{where}/change", "a change that does not say what comes after it")
    return PlannedResource(
        **_read_identity(item, where),
        actions=actions,
        values=_values(change, "after", f"{where}/change"),
        unknown=_marks(change, "after_unknown", where),
        sensitive=_marks(change, "after_sensitive", where),
        before=change.get("before"),
        before_sensitive=_marks(change, "before_sensitive", where),
        deposed=optional_text(item, "deposed", where),
        pointer=f"{where}/change/after",
    )


def _read_deferred(item: Mapping[str, Any], where: str) -> PlannedResource:
    change = item.get("resource_change")
    if not isinstance(change, dict):
        raise malformed_plan(f"{where}/resource_change", "not an object")
    return replace(_read_change(change, f"{where}/resource_change"), deferred=True)


def _read_deferred_action(item: Mapping[str, Any], where: str) -> PlannedResource:
    invoked = item.get("action_invocation")
    if not isinstance(invoked, dict):
        raise malformed_plan(f"{where}/action_invocation", "not an object")
    return replace(_action(invoked, f"{where}/action_invocation"), deferred=True)


def _action(item: Mapping[str, Any], where: str) -> PlannedResource:
    address = text(item, "address", where)
    return PlannedResource(
        address,
        "action",
        text(item, "type", where),
        text(item, "name", where),
        module_of(address),
        provider=optional_text(item, "provider_name", where),
        actions=("invoke",),
        values=_values(item, "config_values", where),
        unknown=_marks(item, "config_unknown", where),
        sensitive=_marks(item, "config_sensitive", where),
        pointer=f"{where}/config_values",
    )


def _standing(item: Mapping[str, Any], where: str, action: str) -> PlannedResource:
    return PlannedResource(
        **_read_identity(item, where),
        actions=(action,) if action else (),
        values=_values(item, "values", where),
        sensitive=_marks(item, "sensitive_values", where),
        deposed=optional_text(item, "deposed_key", where),
        pointer=f"{where}/values",
    )


def _values(data: Mapping[str, Any], key: str, where: str) -> Any:
    value = data.get(key)
    if not isinstance(value, dict | None):
        raise malformed_plan(f"{where}/{key}", "not an object")
    return value


def _marks(data: Mapping[str, Any], key: str, where: str) -> Any:
    """True, or the parts that are marked; anything but a list or an object of them marks nothing."""
    value = data.get(key)
    if not isinstance(value, bool | dict | list | None):
        raise malformed_plan(f"{where}/{key}", "no mark")
    if isinstance(value, dict) and all(part is True for part in value.values()):
        return _all_marked(tuple(value))
    return value or False


@lru_cache(1024)
def _all_marked(keys: tuple[str, ...]) -> Any:
    """Marks that most resources of a type share."""
    return dict.fromkeys(keys, True) or False
