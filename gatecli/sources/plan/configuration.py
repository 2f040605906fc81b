"""The configuration inside a plan: what refers to what, the module calls, the provisioners' texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from gatecli.model.plan import KnownValue, Module, Program, Script, UnknownValue
from gatecli.model.plan_graph import CALL, nodes_of
from gatecli.sources.plan.fields import items, malformed_plan, optional_text, table, text, texts
from gatecli.sources.plan.fingerprints import fingerprint

Arguments = Mapping[str, tuple[str, ...]]

Written = str | tuple[str, ...]

_EXPRESSION = frozenset({"references", "constant_value"})


@dataclass(frozen=True, slots=True)
class Configuration:
    """`edges` are the direct references of each node; `sensitive` says it of each root variable.

    `certain` are the managed resources that nothing makes conditional: a whole plan speaks of each of them.
    `arguments` are those that each resource sets, with the nodes that each refers to; `in_blocks` are those
    of blocks that refer to anything, by `ADDRESS#BLOCK.NAME`: a literal text, or such nodes.
    """

    edges: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    modules: tuple[Module, ...] = ()
    scripts: tuple[Script, ...] = ()
    sensitive: Mapping[str, bool] = field(default_factory=dict)
    certain: frozenset[str] = frozenset()
    arguments: Mapping[str, Arguments] = field(default_factory=dict)
    in_blocks: Mapping[str, tuple[Written, ...]] = field(default_factory=dict)
    programs: tuple[Program, ...] = ()


@dataclass(frozen=True, slots=True)
class _Level:
    """A module of the configuration: its address, what it holds, and where that stands."""

    module: str
    data: Mapping[str, Any]
    where: str
    waits: tuple[str, ...] = ()
    is_certain: bool = True

    def node(self, name: str) -> str:
        return f"{self.module}.{name}" if self.module else name


class _Edges:
    """References as they are collected; each target once, in the order of the text."""

    def __init__(self) -> None:
        self._targets: dict[str, dict[str, None]] = {}

    def add(self, node: str, *targets: str) -> None:
        self._targets.setdefault(node, {}).update(dict.fromkeys(targets))

    def freeze(self) -> Mapping[str, tuple[str, ...]]:
        return {node: tuple(targets) for node, targets in self._targets.items()}


def configuration_of(data: Any) -> Configuration:
    """The configuration of a plan; empty where a plan has none. Raises `ReadError`."""
    if data is None:
        return Configuration()
    if not isinstance(data, dict):
        raise malformed_plan("/configuration", "not an object")
    root = table(data, "root_module", "/configuration")
    edges, modules, scripts, certain = _Edges(), list[Module](), list[Script](), set[str]()
    programs: list[Program] = []
    arguments: dict[str, Arguments] = {}
    in_blocks: dict[str, list[Written]] = {}
    known: dict[tuple[tuple[str, tuple[str, ...]], ...], Arguments] = {}  # most of a type are alike
    pending = [_Level("", root, "/configuration/root_module")]
    while pending:
        level = pending.pop()
        for number, item in enumerate(items(level.data, "resources", level.where)):
            where = f"{level.where}/resources/{number}"
            node = level.node(text(item, "address", where))
            own = _arguments(level, item)
            arguments[node] = known.setdefault(tuple(own.items()), own)
            for path, written in _in_blocks(level, item, own):
                in_blocks.setdefault(f"{node}#{path}", []).append(written)
            scripts += _resource(level, item, node, where, edges, own)
            programs += _programs(item, node, where)
            if level.is_certain and item.get("mode") == "managed" and not _is_conditional(item):
                certain.add(node)
        _actions(level, edges)
        _outputs(level, edges)
        for module, below in _calls(level, edges):
            modules.append(module)
            pending.append(below)
    return Configuration(
        edges.freeze(),
        tuple(modules),
        tuple(scripts),
        _sensitive(root),
        frozenset(certain),
        arguments,
        {path: tuple(written) for path, written in in_blocks.items()},
        tuple(programs),
    )


def _arguments(level: _Level, item: Mapping[str, Any]) -> Arguments:
    """What each argument of a resource refers to."""
    each = tuple(_targets(level.module, [item.get("for_each_expression")]))
    expressions = table(item, "expressions", level.where)
    return {name: _expression_nodes(level, expression, each) for name, expression in expressions.items()}


def _expression_nodes(level: _Level, expression: Any, each: tuple[str, ...]) -> tuple[str, ...]:
    """What an expression refers to; one made of `each.value`, also `each`: what is iterated over."""
    own = tuple(_targets(level.module, [expression]))
    return (*own, *each) if each and _mentions_each(expression) else own


def _in_blocks(level: _Level, item: Mapping[str, Any], own: Arguments) -> Iterator[tuple[str, Written]]:
    """What stands in the blocks that refer to anything, one argument at a time."""
    each = tuple(_targets(level.module, [item.get("for_each_expression")]))
    expressions = table(item, "expressions", level.where)
    pending = [(name, expressions[name]) for name, nodes in own.items() if nodes]
    while pending:
        path, part = pending.pop()
        if isinstance(part, list):
            pending += [(path, block) for block in reversed(part)]
        elif isinstance(part, dict) and not part.keys() & _EXPRESSION:
            pending += [(f"{path}.{name}", below) for name, below in part.items()]
        elif isinstance(part, dict) and "." in path:
            nodes = _expression_nodes(level, part, each)
            value = part.get("constant_value")
            yield path, value if isinstance(value, str) and not nodes else nodes


def _mentions_each(expression: Any) -> bool:
    pending = [expression]
    while pending:
        part = pending.pop()
        if isinstance(part, dict):
            pending += part.values()
        elif isinstance(part, list):
            pending += part
        elif isinstance(part, str) and part.startswith("each."):
            return True
    return False


def _is_conditional(item: Mapping[str, Any]) -> bool:
    return any(item.get(key) is not None for key in ("count_expression", "for_each_expression"))


def _sensitive(root: Mapping[str, Any]) -> Mapping[str, bool]:
    where = "/configuration/root_module"
    variables = table(root, "variables", where)
    return {
        name: isinstance(declared, dict) and declared.get("sensitive") is True
        for name, declared in variables.items()
    }


def _resource(
    level: _Level, item: Mapping[str, Any], node: str, where: str, edges: _Edges, arguments: Arguments
) -> Iterator[Script]:
    parts = [item.get(key) for key in ("count_expression", "for_each_expression", "provisioners")]
    edges.add(
        node,
        *(target for targets in arguments.values() for target in targets),
        *_targets(level.module, parts),
        *_explicit_dependencies(level.module, item, where),
        *level.waits,
    )
    if level.module:
        edges.add(level.module, node)
    yield from _scripts(node, item, where)
    yield from _write_only(node, item, where)


def _write_only(node: str, item: Mapping[str, Any], where: str) -> Iterator[Script]:
    """Literals that the provider is given and no planned value shows: their names end in `_wo`."""
    for name, expression in table(item, "expressions", where).items():
        value = expression.get("constant_value") if isinstance(expression, dict) else None
        if name.endswith("_wo") and value is not None:
            yield Script(node, {name: {"constant_value": value}}, f"{where}/expressions")


def _actions(level: _Level, edges: _Edges) -> None:
    """What actions need: they run at the apply, and no resource depends on them."""
    for number, item in enumerate(items(level.data, "actions", level.where)):
        where = f"{level.where}/actions/{number}"
        parts = [item.get(key) for key in ("expressions", "count_expression", "for_each_expression")]
        node = level.node(text(item, "address", where))
        edges.add(node, *_targets(level.module, parts), *level.waits)


def _outputs(level: _Level, edges: _Edges) -> None:
    outputs = table(level.data, "outputs", level.where)
    for name, item in outputs.items():
        if not isinstance(item, dict):
            raise malformed_plan(f"{level.where}/outputs", "not a table of outputs")
        node = level.node(f"output.{name}")
        explicit = _explicit_dependencies(level.module, item, f"{level.where}/outputs")
        edges.add(node, *_targets(level.module, [item.get("expression")]), *explicit)
        if level.module:
            edges.add(level.module, node)


def _calls(level: _Level, edges: _Edges) -> Iterator[tuple[Module, _Level]]:
    where = f"{level.where}/module_calls"
    for name, item in table(level.data, "module_calls", level.where).items():
        if not isinstance(item, dict):
            raise malformed_plan(where, "not a table of calls")
        address = level.node(f"module.{name}")
        inputs = table(item, "expressions", where)
        for variable, expression in inputs.items():
            edges.add(f"{address}.var.{variable}", *_targets(level.module, [expression]))
        repeated = [item.get("count_expression"), item.get("for_each_expression")]
        edges.add(
            f"{address}{CALL}",
            *_targets(level.module, repeated),
            *_explicit_dependencies(level.module, item, where),
            *level.waits,
        )
        if level.module:
            edges.add(level.module, address)
        version = optional_text(item, "version_constraint", where)
        content = table(item, "module", where)
        source = optional_text(item, "source", where)
        given = {variable: _literal(expression) for variable, expression in inputs.items()}
        module = Module(address, source, version, fingerprint(content), inputs=given)
        is_certain = level.is_certain and not _is_conditional(item)
        yield module, _Level(address, content, where, (f"{address}{CALL}",), is_certain)


def _literal(expression: Any) -> KnownValue | UnknownValue:
    """A literal of an expression; of a template in JSON syntax the text alone is none."""
    if isinstance(expression, dict) and expression.keys() == {"constant_value"}:
        return KnownValue(expression["constant_value"])
    return UnknownValue()


def _explicit_dependencies(module: str, item: Mapping[str, Any], where: str) -> tuple[str, ...]:
    """The nodes of `depends_on`."""
    return tuple(node for target in texts(item, "depends_on", where) for node in nodes_of(module, [target]))


def _targets(module: str, parts: list[Any]) -> Iterator[str]:
    """The nodes that expressions refer to. A literal value is none, whatever it looks like.

    Of a template in JSON syntax Terraform says both: the text as its constant value, and its references.
    """
    pending = list(parts)
    while pending:
        part = pending.pop()
        if isinstance(part, list):
            pending += part
        elif isinstance(part, dict):
            references = part.get("references")
            is_expression = part.keys() <= _EXPRESSION
            if is_expression and _is_list_of_texts(references):
                yield from nodes_of(module, references)
            elif not (is_expression and "constant_value" in part):
                pending += part.values()


def _is_list_of_texts(references: Any) -> TypeGuard[list[str]]:
    return isinstance(references, list) and all(isinstance(reference, str) for reference in references)


def _programs(item: Mapping[str, Any], node: str, where: str) -> Iterator[Program]:
    """The provisioners, each with the literal texts of its arguments; None where one is no literal."""
    for at, provisioner in enumerate(items(item, "provisioners", where)):
        place = f"{where}/provisioners/{at}"
        given = [_literal(each) for each in table(provisioner, "expressions", place).values()]
        known = [str(each.value) for each in given if isinstance(each, KnownValue)]
        said = " ".join(known) if len(known) == len(given) else None
        yield Program(node, optional_text(provisioner, "type", place), said, place)


def _scripts(node: str, item: Mapping[str, Any], where: str) -> Iterator[Script]:
    """The literal arguments of provisioners, each under its name."""
    for number, provisioner in enumerate(items(item, "provisioners", where)):
        at = f"{where}/provisioners/{number}/expressions"
        for name, expression in table(provisioner, "expressions", f"{where}/provisioners/{number}").items():
            value = expression.get("constant_value") if isinstance(expression, dict) else None
            if value is not None:
                yield Script(node, {name: {"constant_value": value}}, at)
