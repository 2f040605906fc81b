"""Whether what a publisher behind a gate reads is what that gate released: between, and not beside it.

A plan shows the bytes of three kinds: a literal, which must be among the gate's released files and digests;
the address of an object that the plan makes from released bytes; and what only the apply knows, which must be
made of a gate's outputs, directly or by way of resources that are.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property

from gatecli.checks.served_models import asked_arguments
from gatecli.checks.terraform.access_policies import Answer
from gatecli.checks.terraform.byte_arguments import (
    ByteArgument,
    byte_arguments,
    holds_bytes,
    lies_in,
    own_digests,
)
from gatecli.checks.terraform.form_matches import Publisher
from gatecli.checks.terraform.gate_calls import GateCall, releases_of
from gatecli.model.plan import KnownValue, Plan, PlannedResource, config_address, lookup
from gatecli.model.plan_graph import origins_of, passing_nodes
from gatecli.model.plan_values import parts_of, values_of
from gatecli.model.trust import ServedModelRules

_MARK = re.compile(r"(?:^|/)(?:_SUCCESS|\.[^/]*\.crc)$")
"""What may lie beside the tables of a folder: a gate reads its name alone, and no digest holds its bytes."""

_SLOT = re.compile(r"\{([\w.]+)\}")


@dataclass(frozen=True, slots=True)
class Passed:
    """Whether bytes came through a gate; the argument that does not say so, and what is wrong with it."""

    answer: Answer
    argument: str = ""
    why: str = ""


@dataclass(frozen=True)
class Releases:
    """What gates of one kind released in a plan: paths, digests, and the resources that pass them on."""

    plan: Plan
    gates: Sequence[GateCall]
    publishers: Sequence[Publisher] = ()
    rules: ServedModelRules = field(default_factory=ServedModelRules)
    """By these some images stand beside a model: no gate releases them."""
    _through: dict[str, bool] = field(default_factory=dict, repr=False)

    @cached_property
    def paths(self) -> frozenset[str]:
        return frozenset(self._inputs("path"))

    @cached_property
    def digests(self) -> frozenset[str]:
        return frozenset(self._inputs("sha256"))

    @cached_property
    def arguments(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """The arguments of each resource, by its address without instance keys."""
        return {config_address(each.address): each.arguments or {} for each in self.plan.resources}

    @cached_property
    def readers(self) -> Mapping[str, Sequence[Publisher]]:
        """The publishers that read bytes, by their addresses without instance keys."""
        found: dict[str, list[Publisher]] = {}
        for each in self.publishers:
            if each.form.reads:
                found.setdefault(each.address, []).append(each)
        return found

    @cached_property
    def stored_at(self) -> Mapping[str, AbstractSet[str]]:
        """By address, which publishers put their bytes there."""
        found: dict[str, set[str]] = {}
        for node, instances in self.readers.items():
            for each in instances:
                for address in _addresses(each):
                    found.setdefault(address, set()).add(node)
        return found

    def is_through(self, node: str) -> bool:
        """Whether a resource is a gate's own, or has its bytes or values from one.

        Waiting for a gate is not enough.
        """
        if any(f"{node}.".startswith(f"{gate.address}.") for gate in self.gates):
            return True
        if node not in self._through:
            self._through[node] = False  # around a circle
            self._through[node] = self._has_released_bytes(node)
        return self._through[node]

    def _has_released_bytes(self, node: str) -> bool:
        instances = self.readers.get(node, ())
        if any(byte_arguments(each.resource, each.form) for each in instances):
            return all(pass_through(self, each).answer == "yes" for each in instances)
        arguments = self.arguments.get(node, {})
        if self._are_composed(f"{node}#{name}" for name in arguments):
            return False
        return self.is_made_of((each for nodes in arguments.values() for each in nodes), wholly=False)

    def _inputs(self, key: str) -> Iterator[str]:
        for gate in self.gates:
            for instance in releases_of(self.plan, gate):
                answer = lookup(instance, "input", key)
                if isinstance(answer, KnownValue):
                    yield str(answer.value)

    def is_made_of(self, nodes: Iterable[str], *, wholly: bool) -> bool:
        """Whether an expression is made of what a gate gave: in part, or of nothing else."""
        nodes = list(nodes)
        if wholly and self._are_composed(passing_nodes(self.plan, nodes)):
            return False
        answers = [self.is_through(node) for node in sorted(origins_of(self.plan, nodes))]
        return bool(answers) and (all(answers) if wholly else any(answers))

    def _are_composed(self, nodes: Iterable[str]) -> bool:
        """Whether one of these, outside of the gates, makes a text of what it refers to."""
        inside = tuple(f"{gate.address}." for gate in self.gates)
        return any(node in self.plan.composed and not node.startswith(inside) for node in nodes)


def pass_through(releases: Releases, publisher: Publisher) -> Passed:
    """Whether all that a publisher reads came through the gates."""
    resource = publisher.resource
    # Where all images stand beside a model, none is the one that they stand beside.
    arguments = asked_arguments(publisher, releases.rules) or byte_arguments(resource, publisher.form)
    passed = [_pass_argument(releases, resource, argument) for argument in arguments]
    return next(
        (each for wanted in ("no", "unknown") for each in passed if each.answer == wanted), Passed("yes")
    )


def _pass_argument(releases: Releases, resource: PlannedResource, argument: ByteArgument) -> Passed:
    name = argument.name
    if argument.value is None:
        return _pass_later(releases, resource, argument)
    if own_digests(argument) & releases.digests:
        return Passed("yes")
    if argument.read.holds == "file":
        return _pass_file(releases, name, argument.value)
    if holds_bytes(argument):
        return Passed("no", name, "holds other data than its gate released")
    return _pass_address(releases, resource, argument)


def _pass_file(releases: Releases, name: str, path: str) -> Passed:
    if lies_in(path, releases.paths):
        if _MARK.search(path) and path not in releases.paths:
            return Passed("no", name, "lies beside the tables that its gate released, and no gate read it")
        return Passed("yes")
    kinds = {posixpath.isabs(each) for each in (path, *releases.paths)}
    if len(kinds) > 1:
        return Passed(
            "unknown",
            name,
            "is an absolute path, or its gate's is: whether both are one, the plan does not say",
        )
    return Passed("no", name, "is another file than its gate released")


def _pass_address(releases: Releases, resource: PlannedResource, argument: ByteArgument) -> Passed:
    """An address: of released bytes that the plan itself puts there, or made of what passes them on."""
    value = argument.value or ""
    nodes_there = {
        node
        for at, nodes in releases.stored_at.items()
        if at == value or _is_below(at, value)
        for node in nodes
    } - {config_address(resource.address)}
    if nodes_there:
        if all(releases.is_through(node) for node in sorted(nodes_there)):
            return Passed("yes")
        return Passed("no", argument.name, "is the address of data that no gate released")
    if _is_made_of(releases, resource, argument, wholly=False):
        return Passed("yes")
    return Passed(
        "unknown", argument.name, "is an address, and the plan does not say that released data is there"
    )


def _is_below(address: str, folder: str) -> bool:
    return address.startswith(f"{folder.rstrip('/')}/")


def _pass_later(releases: Releases, resource: PlannedResource, argument: ByteArgument) -> Passed:
    wholly = argument.read.holds in {"file", "text", "base64"}
    own = f"{config_address(resource.address)}#{argument.first_key}"
    is_composed = wholly and own in releases.plan.composed
    if not is_composed and _is_made_of(releases, resource, argument, wholly=wholly):
        return Passed("yes")
    return Passed(
        "unknown",
        argument.name,
        "is known only after the apply, and is not made of what its gate gives alone",
    )


def _is_made_of(
    releases: Releases, resource: PlannedResource, argument: ByteArgument, *, wholly: bool
) -> bool:
    """Whether an argument refers to what a gate released; in blocks, in each that is not a literal.

    Other arguments of the same block do not count.
    """
    written = releases.plan.in_blocks.get(f"{config_address(resource.address)}#{argument.name}")
    if written is None:
        nodes = (resource.arguments or {}).get(argument.first_key, ())
        return releases.is_made_of(nodes, wholly=wholly)
    if argument.value in written:
        return False
    composed = [each for each in written if not isinstance(each, str)]
    return bool(composed) and all(releases.is_made_of(each, wholly=wholly) for each in composed)


def _addresses(publisher: Publisher) -> Iterator[str]:
    """The addresses of what a publisher stores, where all their parts are known."""
    for template in publisher.form.stored_at:
        slots = dict.fromkeys(_SLOT.findall(template))
        values = {slot: values_of(parts_of(publisher.resource, slot)) for slot in slots}
        if all(len(each.known) == 1 and not each.later for each in values.values()):
            address = template
            for slot, each in values.items():
                address = address.replace(f"{{{slot}}}", str(each.known[0]))
            yield address
