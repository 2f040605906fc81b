"""Expressions in Azure ML's YAML: `${{inputs.x}}`, `${{parent.jobs.a.outputs.b}}`, `$[[optional]]`.

Source: "CLI (v2) pipeline job YAML schema" and "Expression syntax" of Azure ML's reference.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from gatecli.model.job_definition import HOLE, MOUNT

SEARCH = "search_space"
"""What the settings that a sweep tries are called by."""
_EXPRESSION = re.compile(r"\$\{\{([^{}]*)\}\}")
_OPTIONAL = re.compile(r"\$\[\[((?:(?!\$\[\[).)*?)\]\]", re.DOTALL)
_DATA = re.compile(
    r"azureml://\S+|azureml:[\w.-]+(?::\w+|@\w+)|(?:wasbs?|abfss?|adl|s3a?|gs|hdfs|dbfs)://\S+|"
    r"https?://[^/\s'\"]+\.(?:blob|dfs|file)\.(?:core\.windows\.net|core\.chinacloudapi\.cn|core\.usgovcloudapi\.net)\S*",
    re.IGNORECASE,
)
"""What names data in a text: an asset, a datastore, an address of storage."""


def expressions(text: str) -> Iterator[str]:
    """What stands in each expression of a text: `parent.inputs.raw`."""
    return (match[1].strip() for match in _EXPRESSION.finditer(text))


def data_names(text: str) -> tuple[str, ...]:
    """The data that a text names outside of any input."""
    return tuple(match[0].rstrip("'\";,)") for match in _DATA.finditer(text))


def command_text(text: str, values: Mapping[str, str], outputs: Collection[str]) -> str:
    """A command as the platform gives it to a shell, as far as it is known.

    `values` are those of inputs by name, with `HOLE` for what is not known; an optional part is left out
    where one of its inputs has no value.
    """
    return _EXPRESSION.sub(
        lambda match: _value(match[1].strip(), values, outputs), _with_optional(text, values)
    )


def _with_optional(text: str, values: Mapping[str, str]) -> str:
    def part(match: re.Match[str]) -> str:
        named = [name.removeprefix("inputs.") for name in expressions(match[1]) if name.startswith("inputs.")]
        return match[1] if all(name in values for name in named) else ""

    return _OPTIONAL.sub(part, text)


def _value(name: str, values: Mapping[str, str], outputs: Collection[str]) -> str:
    kind, _, rest = name.partition(".")
    if kind == "inputs":
        return values.get(rest, HOLE)
    if kind == SEARCH:
        return values.get(name, HOLE)
    if kind == "outputs" and rest in outputs:
        return mount("outputs", rest)
    return HOLE


def mount(kind: str, name: str) -> str:
    """Where an input or an output stands in the container; the platform chooses the path."""
    return f"{MOUNT}{kind}/{name}"


def named_in_command(text: str, kind: str) -> Iterator[str]:
    """The inputs, or the outputs, that a command names."""
    for name in expressions(text):
        first, _, rest = name.partition(".")
        if first == kind:
            yield rest
