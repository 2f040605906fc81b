"""Definitions of SageMaker Pipelines: each step that is a job.

Source: the JSON schema of pipeline definitions (aws-sagemaker-mlops, version 2020-12-01), and what the
SageMaker Python SDK writes by `Pipeline.definition()`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gatecli.model.document import Document
from gatecli.model.job_definition import HOLE, JobDefinition
from gatecli.sources.interface import Loaded
from gatecli.sources.jobs.interface import JobReader, invalid, together, unsupported_job
from gatecli.sources.jobs.parts import PLAIN, JobPart, ValueDialect, name_of
from gatecli.sources.jobs.sagemaker_request import PROCESSING, TRAINING, RequestPlace, read_call

FORM = "pipeline step"

_ACTIONS: Mapping[str, str] = {"processing": PROCESSING, "training": TRAINING}
_NO_JOBS = frozenset({"fail", "model", "registermodel", "lambda", "callback", "condition"})
"""Types of steps that start no job of SageMaker."""


def _resolve_reference(value: Any) -> Any:
    """A reference to a parameter, or to what another step gives, is known when the pipeline runs."""
    if not (isinstance(value, dict) and len(value) == 1):
        return value
    ((name, argument),) = value.items()
    if name == "Std:Join" and isinstance(argument, dict):
        return _join_values(argument)
    return HOLE if name == "Get" or name.startswith("Std:") else value


def _join_values(argument: Mapping[str, Any]) -> str:
    values, between = argument.get("Values"), argument.get("On", "")
    if not (isinstance(values, list) and isinstance(between, str)):
        return HOLE
    pieces = [_resolve_reference(value) for value in values]
    return between.join(HOLE if isinstance(piece, dict | list) else str(piece) for piece in pieces)


_WHEN_RUN = ValueDialect((_resolve_reference,))


def read_pipeline(document: Document) -> Loaded[JobDefinition] | None:
    """The jobs of a document that is the definition of a pipeline."""
    data = document.data
    if not (isinstance(data, dict) and isinstance(data.get("Steps"), list) and "Version" in data):
        return None
    return read_steps(JobPart.of(data, ""), document)


def read_steps(pipeline: JobPart, document: Document, owner: str = "") -> Loaded[JobDefinition]:
    """The jobs of a pipeline that is a part of a document."""
    dialect = _WHEN_RUN.within(pipeline.dialect)
    whole = JobPart(pipeline.value, pipeline.pointer, dialect)
    return together(_read_list(whole.member("Steps"), document, owner))


def _read_list(steps: JobPart | None, document: Document, owner: str) -> Iterator[Loaded[JobDefinition]]:
    if steps is None:
        return
    if not isinstance(steps.value, list):
        mend = "write Steps as a list"
        problem = "the steps of a pipeline are not a list that can be read, so no job in it was judged"
        yield Loaded(findings=(invalid(document, steps.pointer, problem, mend, subject=owner),))
    for number, step in enumerate(steps.items()):
        yield from _read_step(step, document, owner, number)


def _read_step(step: JobPart, document: Document, owner: str, number: int) -> Iterator[Loaded[JobDefinition]]:
    own = name_of(step.member("Name"), f"step {number + 1}")
    name = f"{owner}/{own}" if owner else own
    kind = name_of(step.member("Type"), "")
    arguments = step.member("Arguments")
    if kind.lower() in _ACTIONS:
        request = JobPart(HOLE, step.pointer, PLAIN) if arguments is None else arguments
        yield read_call(_ACTIONS[kind.lower()], request, RequestPlace(document, FORM, name))
    elif kind.lower() not in _NO_JOBS:
        problem = f"step {name} is of a type that no rule judges, and may run over the data"
        mend = "run it as a step of type Processing or Training, or accept it: a waiver with an owner"
        yield Loaded(findings=(unsupported_job(document, step.pointer, problem, mend, subject=name),))
    for key in ("IfSteps", "ElseSteps"):
        yield from _read_list(None if arguments is None else arguments.member(key), document, name)


PIPELINES = JobReader(
    ((b'"Steps"', b'"Type"', b'"Arguments"'), (b"Steps:", b"Type:", b"Arguments:")), read_pipeline
)
