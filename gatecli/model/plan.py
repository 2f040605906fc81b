"""A Terraform or OpenTofu plan, or a state, as values; and the three answers a value in it can have.

A plan knows some values only after it was applied: whoever asks gets `KnownValue`, `UnknownValue` or
`Absent`, and may not take the second for the third. Source: Terraform, "JSON Output Format" (format versions
0.1 to 1.x).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

Keys = tuple[str | int, ...]

_INDEX = re.compile(r'\[(?:[0-9]+|\*|"(?:[^"\\]|\\.)*+")\]')
_GONE = ({"delete"}, {"forget"})


@dataclass(frozen=True, slots=True)
class KnownValue:
    """A value that the plan states. `whole` is False where parts of it are known only after the apply;
    `sensitive` where any part of it is marked so: it may be judged, never shown.
    """

    value: Any = field(repr=False)
    whole: bool = True
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class UnknownValue:
    """A value that is known only after the apply."""


@dataclass(frozen=True, slots=True)
class Absent:
    """Nothing is set there: no such key, or null."""


Answer = KnownValue | UnknownValue | Absent


@dataclass(frozen=True, slots=True)
class PlannedResource:
    """One instance of a resource, a data source or an action, as it will be.

    `values` is what is planned (a state: what is), without what is unknown; `unknown` and `sensitive`
    mark parts of it: True covers all below. `pointer` is where `values` stands in the plan's JSON.
    `actions` is empty in a state. `arguments` are those that the configuration sets, each with the nodes that
    it refers to (`gatecli.model.plan_graph`); None where the plan does not say. Ask for values through
    `lookup` and `lookup_argument`. `within` is where a template holds it, at the address of what has the
    template.
    """

    address: str
    mode: str
    type: str
    name: str
    module: str = ""
    index: str | int | None = None
    provider: str = ""
    actions: tuple[str, ...] = ()
    values: Any = field(default=None, repr=False)
    unknown: Any = field(default=False, repr=False)
    sensitive: Any = field(default=False, repr=False)
    before: Any = field(default=None, repr=False)
    before_sensitive: Any = field(default=False, repr=False)
    deposed: str = ""
    deferred: bool = False
    pointer: str = ""
    arguments: Mapping[str, tuple[str, ...]] | None = field(default=None, repr=False)
    within: str = ""

    @property
    def is_leaving(self) -> bool:
        """Whether it will be gone, or no longer managed, after the apply, and nothing is planned for it."""
        return set(self.actions) in _GONE and self.values is None


@dataclass(frozen=True, slots=True)
class Variable:
    """An input variable of the root module. `sensitive` is None where the plan does not say."""

    name: str
    value: Any = field(default=None, repr=False)
    sensitive: bool | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """An output of the root module; `sensitive` and `unknown` are marks as a resource has them."""

    name: str
    value: Any = field(default=None, repr=False)
    sensitive: Any = field(default=False, repr=False)
    unknown: Any = field(default=False, repr=False)
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What came of the conditions of one object: preconditions, postconditions, validations, checks.

    `problems` are sentences of the configuration's author, with values in them: mask them before they
    are shown.
    """

    address: str
    kind: str
    status: Literal["pass", "fail", "error", "unknown"]
    problems: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Module:
    """A module call, by its address without instance keys.

    Of a module that may be a gate there are two digests: `configuration` of what the plan's JSON says of it
    (which knows neither conditions nor locals), `text` of its files, where the plan came with them.
    `inputs` are what the call itself says: a literal, or that the expression is made of something else.
    """

    address: str
    source: str = ""
    version: str = ""
    configuration: str = ""
    text: str = ""
    inputs: Mapping[str, KnownValue | UnknownValue] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Script:
    """A literal text of a provisioner: it runs at the apply, and no planned value shows it."""

    address: str
    value: Any = field(repr=False)
    pointer: str


@dataclass(frozen=True, slots=True)
class Program:
    """What runs at the apply and no gate looks into, or a template that the plan does not show.

    `kind` is the type of the provisioner, action, data source or resource. `text` is what the plan says of
    it: a command, or why there is none.
    """

    address: str
    kind: str
    text: str | None = field(repr=False)
    pointer: str


@dataclass(frozen=True)
class Plan:
    """A plan (`kind` "plan") or a state as `terraform show -json` gives it.

    `complete`, `applyable`: None where the format is too old to say. `partial`: it is silent on a part of its
    configuration. `edges` are the direct references of each node of the configuration
    (`gatecli.model.plan_graph`). `composed` are those nodes, and arguments (`ADDRESS#NAME`), whose
    expressions are known to make a text of what they refer to. `held` are the resources that templates
    hold, `unread` the templates that are not there, `programs` what provisioners run. `in_blocks` are the
    arguments of blocks that refer to anything, by `ADDRESS#BLOCK.NAME`: for each such block a literal text,
    or the nodes that the argument refers to.
    """

    path: str
    kind: Literal["plan", "state"]
    format_version: str
    terraform_version: str = ""
    tool: Literal["terraform", "opentofu"] = "terraform"
    errored: bool = False
    complete: bool | None = None
    applyable: bool | None = None
    resources: tuple[PlannedResource, ...] = field(default=(), repr=False)
    variables: tuple[Variable, ...] = field(default=(), repr=False)
    outputs: tuple[Output, ...] = field(default=(), repr=False)
    checks: tuple[CheckResult, ...] = field(default=(), repr=False)
    modules: tuple[Module, ...] = field(default=(), repr=False)
    scripts: tuple[Script, ...] = field(default=(), repr=False)
    edges: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    partial: bool = False
    held: tuple[PlannedResource, ...] = field(default=(), repr=False)
    programs: tuple[Program, ...] = field(default=(), repr=False)
    unread: tuple[Program, ...] = field(default=(), repr=False)
    composed: frozenset[str] = field(default=frozenset(), repr=False)
    in_blocks: Mapping[str, tuple[str | tuple[str, ...], ...]] = field(default_factory=dict, repr=False)

    @property
    def targeted(self) -> bool:
        """Whether parts of the configuration were left out (`-target`, `-exclude`), as far as it says.

        A plan that defers changes to a later run is not complete either; those stand in it.
        """
        defers = any(resource.deferred for resource in self.resources)
        return self.complete is False and not self.errored and (self.partial or not defers)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to judge, which is not a pass (exit code 3)."""
        return not (self.resources or self.variables or self.outputs or self.scripts)

    @cached_property
    def by_module(self) -> Mapping[str, tuple[PlannedResource, ...]]:
        """The resources of each module, by its address without instance keys; "" is the root."""
        modules: dict[str, list[PlannedResource]] = {}
        for resource in self.resources:
            modules.setdefault(config_address(resource.module), []).append(resource)
        return {address: tuple(found) for address, found in modules.items()}

    @cached_property
    def reversed_edges(self) -> Mapping[str, Sequence[str]]:
        """The nodes that refer directly to each node."""
        back: dict[str, list[str]] = {}
        for source, targets in self.edges.items():
            for target in targets:
                back.setdefault(target, []).append(source)
        return back

    @cached_property
    def by_module_conditions(self) -> Mapping[str, tuple[CheckResult, ...]]:
        """The condition results of each module, the same way: what a gate module was found to say."""
        modules: dict[str, list[CheckResult]] = {}
        for check in self.checks:
            modules.setdefault(module_of(check.address), []).append(check)
        return {address: tuple(found) for address, found in modules.items()}


def config_address(address: str) -> str:
    """An address without instance keys: `module.a["x"].b.c[0]` → `module.a.b.c`."""
    return _INDEX.sub("", address) if "[" in address else address


def module_of(address: str) -> str:
    """The module that an address is in, without instance keys; "" is the root."""
    parts = config_address(address).split(".")
    end = 0
    while parts[end : end + 1] == ["module"] and end + 2 < len(parts):
        end += 2
    return ".".join(parts[:end])


def lookup(resource: PlannedResource, *keys: str | int) -> Answer:
    """The value at a path of keys and indices: known, known only after the apply, or not set."""
    value, unknown, sensitive = resource.values, resource.unknown, resource.sensitive
    for key in keys:
        value, unknown, sensitive = _below(value, key), mark_below(unknown, key), mark_below(sensitive, key)
    if unknown is True or (resource.deferred and value is None):
        return UnknownValue()
    if value is None:
        return UnknownValue() if is_marked(unknown) else Absent()
    return KnownValue(value, whole=not is_marked(unknown), sensitive=is_marked(sensitive))


def lookup_argument(resource: PlannedResource, name: str, *keys: str | int) -> Answer:
    """The same of an argument that is no block: one that the configuration does not set is not unknown.

    The provider then decides, as it does for what Terraform calls optional and computed. Of a block this
    cannot be said: a plan's configuration leaves out those that are made dynamically.
    """
    answer = lookup(resource, name, *keys)
    is_set = resource.arguments is None or name in resource.arguments
    return answer if is_set or not isinstance(answer, UnknownValue) else Absent()


def _below(value: Any, key: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
        return value[key]
    return None


def mark_below(marks: Any, key: str | int) -> Any:
    """The marks of a part: a mark covers everything below it."""
    return True if marks is True else _below(marks, key)


def is_marked(marks: Any) -> bool:
    """Whether a mark covers any part."""
    return marks is not False and any(True for _ in marked_paths(marks))


def marked_paths(marks: Any) -> Iterator[Keys]:
    """The paths that are marked, each by its topmost."""
    pending: list[tuple[Any, Keys]] = [(marks, ())]
    while pending:
        mark, keys = pending.pop()
        if mark is True:
            yield keys
        elif isinstance(mark, dict):
            pending += [(part, (*keys, key)) for key, part in mark.items() if part]
        elif isinstance(mark, list):
            pending += [(part, (*keys, index)) for index, part in enumerate(mark) if part]
