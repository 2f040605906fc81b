"""The text of a template, JSON or YAML, as plain values; short tags of CloudFormation as their long form."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from gatecli.sources.files import ReadError
from gatecli.sources.plan.text import check_depth

_LONGEST = 4 << 20
_MOST_VALUES = 200_000
_UNPREFIXED = frozenset({"Ref", "Condition"})


def read_template(text: str) -> Mapping[str, Any]:
    """What a template says: an object. Every scalar of YAML is its text. Raises ReadError."""
    if len(text) > _LONGEST:
        raise ReadError("is longer than a template may be", "split it")
    try:
        data = json.loads(text) if text.lstrip()[:1] == "{" else _read_yaml(text)
    except (ValueError, RecursionError):
        raise ReadError("is not whole JSON or YAML", "fix its syntax") from None
    if not isinstance(data, dict) or sum(1 for _ in _values(data)) > _MOST_VALUES:
        raise ReadError("is not a template", "write an object that holds resources")
    check_depth(data)
    return data


def _values(data: Any) -> Iterator[Any]:
    """Every value, as often as it is used, and one more than the most at most."""
    pending, count = [data], 0
    while pending and count <= _MOST_VALUES:
        value = pending.pop()
        count += 1
        yield value
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        pending += children


def _read_yaml(text: str) -> Any:
    """Raises ValueError for what is not YAML."""
    import yaml  # noqa: PLC0415 - needed for such templates alone

    class Loader(yaml.BaseLoader):
        """Scalars stay texts, so that no tag of YAML 1.1 makes anything else of them."""

    def construct(loader: Any, suffix: str, node: Any) -> Mapping[str, Any]:
        name = suffix if suffix in _UNPREFIXED else f"Fn::{suffix}"
        if isinstance(node, yaml.ScalarNode):
            return {name: loader.construct_scalar(node)}
        is_list = isinstance(node, yaml.SequenceNode)
        return {
            name: loader.construct_sequence(node, deep=True)
            if is_list
            else loader.construct_mapping(node, deep=True)
        }

    Loader.add_multi_constructor("!", construct)
    try:
        return yaml.load(text, Loader=Loader)  # noqa: S506 - a BaseLoader makes texts, lists and mappings alone
    except (yaml.YAMLError, TypeError) as error:  # a key that is no text
        raise ValueError("not YAML") from error
