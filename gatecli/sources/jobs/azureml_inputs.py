"""What a step, or a pipeline, is given: literals, and data with where it comes from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from gatecli.model.job_definition import HOLE, DataOrigin, JobText
from gatecli.sources.jobs.azureml_expressions import data_names, expressions
from gatecli.sources.jobs.parts import JobPart

LITERALS = frozenset({"string", "integer", "number", "boolean", "enum"})
MODELS = frozenset({"custom_model", "mlflow_model", "triton_model", "safe_tensors_model"})
"""A model that was made elsewhere is judged where it is released, and is no table of people."""

_MODEL = re.compile(
    r"azureml:[\w.-]+(?:[:@][\w.-]+)?|azureml://[^?#]*/models/[^/?#]+(?:/(?:versions|labels)/[^/?#]+)?"
)
"""A model that is registered. A folder that is called one may hold anything."""


@dataclass(frozen=True, slots=True)
class Given:
    """The value of an input. `literal` is its text, where it is a literal that is known; else None."""

    pointer: str
    literal: str | None = None
    origins: tuple[DataOrigin, ...] = ()

    @property
    def is_data(self) -> bool:
        """Whether data stands behind it, wherever it comes from."""
        return bool(self.origins)


Resolve = Callable[[str, str], Given]
"""What an expression stands for: its name and where it stands in, its value out."""


def given_value(part: JobPart, resolve: Resolve) -> Given:
    """The value of an input as it is written."""
    text = part.text()
    if text is not None:
        return _given_text(text, resolve)
    if isinstance(part.value, Mapping):
        return _given_block(part, resolve)
    if isinstance(part.value, list) or part.value is None:
        return Given(part.pointer, None, tuple(_below(part, resolve)))
    return Given(part.pointer, str(part.value).lower() if isinstance(part.value, bool) else str(part.value))


def _given_text(text: JobText, resolve: Resolve) -> Given:
    names = list(expressions(text.text))
    if not names:
        return _plain_text(text)
    found = [resolve(name, text.pointer) for name in names]
    origins = tuple(origin for each in found for origin in each.origins)
    is_alone = len(names) == 1 and text.text.strip().startswith("${{") and text.text.strip().endswith("}}")
    return Given(text.pointer, found[0].literal if is_alone else None, origins)


def _plain_text(text: JobText) -> Given:
    sources = tuple(
        DataOrigin(source=JobText(name, text.pointer)) for name in data_names(text.text) or _holes(text)
    )
    return Given(text.pointer, text.text, sources)


def _holes(text: JobText) -> tuple[str, ...]:
    return () if text.is_known else (HOLE,)


def _given_block(part: JobPart, resolve: Resolve) -> Given:
    """`{type: …, path: …}`, a literal with a type, or a group of inputs."""
    kind, path = _kind(part), part.member("path")
    if kind in LITERALS and path is None:
        value = part.member("value") or part.member("default")
        return Given(part.pointer, None) if value is None else given_value(value, resolve)
    if path is not None:
        return _given_path(path, kind, resolve)
    if kind is None and isinstance(part.value, Mapping) and part.value:
        return Given(part.pointer, None, tuple(_below(part, resolve)))
    unknown = () if kind in MODELS else (DataOrigin(source=JobText(HOLE, part.pointer)),)
    return Given(part.pointer, None, unknown)


def _given_path(path: JobPart, kind: str | None, resolve: Resolve) -> Given:
    text = path.text()
    if text is None:
        return Given(path.pointer, None, (DataOrigin(source=JobText(HOLE, path.pointer)),))
    if not list(expressions(text.text)):
        is_model = kind in MODELS and _MODEL.fullmatch(text.text) is not None
        origins = () if is_model else (DataOrigin(source=text),)
        return Given(path.pointer, None, origins)
    found = _given_text(text, resolve)
    if found.literal is not None and not found.origins:  # a literal that is used as a path is one
        return Given(path.pointer, None, (DataOrigin(source=JobText(found.literal, path.pointer)),))
    return Given(path.pointer, None, found.origins)


def _kind(part: JobPart) -> str | None:
    member = part.member("type")
    text = None if member is None else member.text()
    return None if text is None else text.text.lower()


def _below(part: JobPart, resolve: Resolve) -> Iterator[DataOrigin]:
    for inner in (*(each for _, each in part.members()), *part.items()):
        yield from given_value(inner, resolve).origins
