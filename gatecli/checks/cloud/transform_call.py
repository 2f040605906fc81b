"""A call of `gatecli cloud azureml transform`, as far as the definition of a job says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from gatecli.model.job_definition import JobText

TRANSFORM_OPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "--input": "GATECLI_TRANSFORM_INPUT",
        "--output": "GATECLI_TRANSFORM_OUTPUT",
        "-o": "GATECLI_TRANSFORM_OUTPUT",
        "--columns": "GATECLI_COLUMN_CLASSIFICATION",
        "--key-vault-secret": "GATECLI_KEY_VAULT_SECRET",
        "--record": "GATECLI_TRANSFORM_RECORD",
        "--policy": "GATECLI_POLICY",
        "--delimiter": "GATECLI_DELIMITER",
        "--encoding": "GATECLI_ENCODING",
        "--table": "GATECLI_TABLE",
        "--memory-limit": "GATECLI_MEMORY_LIMIT",
        "--timeout": "GATECLI_TIMEOUT",
    }
)
"""Options of the transformer, which all take a value, and the variable of each."""


@dataclass(frozen=True, slots=True)
class TransformCall:
    """`values` are those of its options, typed or by a variable; a HOLE where one is not known."""

    values: Mapping[str, JobText] = field(default_factory=dict)


def read_transform_options(
    words: Sequence[JobText], environment: Mapping[str, JobText]
) -> TransformCall | tuple[JobText, str]:
    """The call that words after `transform` are; else the word that is in the way, and why."""
    values: dict[str, JobText] = {
        option: environment[variable]
        for option, variable in TRANSFORM_OPTIONS.items()
        if variable in environment and environment[variable].text
    }
    rest = iter(words)
    for word in rest:
        name, has_value, text = word.text.partition("=")
        if name not in TRANSFORM_OPTIONS:
            return word, "it has an option that the transformer does not know"
        value = JobText(text, word.pointer) if has_value else next(rest, None)
        if value is None:
            return word, f"its option {name} has no value"
        values["--output" if name == "-o" else name] = value
    return TransformCall(values)
