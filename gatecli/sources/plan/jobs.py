"""The managed jobs that a plan defines, read as their own files are: one job is judged alike everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from gatecli.model.document import Document
from gatecli.model.finding import Finding
from gatecli.model.job_definition import HOLE, JobDefinition, PlannedJobs, unseen_job
from gatecli.model.plan import Plan, PlannedResource, config_address, mark_below
from gatecli.sources.files import ReadError
from gatecli.sources.interface import Loaded
from gatecli.sources.jobs.cloudformation import is_job_type, read_resource, read_schedule, read_template_jobs
from gatecli.sources.jobs.inner_text import inner_document
from gatecli.sources.jobs.interface import invalid, unsupported_job
from gatecli.sources.jobs.kubernetes import read_object
from gatecli.sources.jobs.parts import JobPart
from gatecli.sources.jobs.sagemaker_pipeline import read_steps
from gatecli.sources.jobs.sagemaker_request import PROCESSING, SHAPES, RequestPlace, read_call
from gatecli.sources.jobs.shapes import ListOf, MapOf, Shape
from gatecli.sources.jobs.step_functions import SLOTS, read_machine
from gatecli.sources.plan.cloudformation import snake_of
from gatecli.sources.plan.template_text import read_template

_PROCESSING_JOB = "awscc_sagemaker_processing_job"
_SCHEDULES = frozenset({"aws_scheduler_schedule", "awscc_scheduler_schedule"})
_CLOUD_CONTROL = "aws_cloudcontrolapi_resource"
_MANIFEST = "kubernetes_manifest"
_AZURE = "azapi_resource"

_Read = Callable[[Document, str], Loaded[JobDefinition]]


@dataclass(frozen=True, slots=True)
class _Holder:
    """Where a type of resource holds a definition as a text, and who reads it.

    `is_of_sagemaker` says that it defines jobs whatever it holds, `otherwise` where it holds them if nothing
    stands at `path`.
    """

    path: tuple[str, ...]
    read: _Read
    is_of_sagemaker: bool = False
    otherwise: tuple[str, ...] = ()


def _machine(document: Document, name: str) -> Loaded[JobDefinition]:
    return read_machine(JobPart.of(document.data, "", SLOTS), document, name)


def _pipeline(document: Document, name: str) -> Loaded[JobDefinition]:
    return read_steps(JobPart.of(document.data, ""), document, name)


def _template(document: Document, _name: str) -> Loaded[JobDefinition]:
    return read_template_jobs(document) or Loaded()


_HOLDERS: Mapping[str, _Holder] = MappingProxyType(
    {
        "aws_sfn_state_machine": _Holder(("definition",), _machine),
        "awscc_stepfunctions_state_machine": _Holder(
            ("definition_string",), _machine, otherwise=("definition",)
        ),
        "aws_sagemaker_pipeline": _Holder(("pipeline_definition",), _pipeline, is_of_sagemaker=True),
        "awscc_sagemaker_pipeline": _Holder(
            ("pipeline_definition", "pipeline_definition_body"), _pipeline, is_of_sagemaker=True
        ),
        "aws_cloudformation_stack": _Holder(("template_body",), _template),
        "aws_cloudformation_stack_set": _Holder(("template_body",), _template),
        "awscc_cloudformation_stack": _Holder(("template_body",), _template),
        "awscc_cloudformation_stack_set": _Holder(("template_body",), _template),
    }
)
DEFINITIONS: frozenset[tuple[str, str]] = frozenset(
    {
        *((type_, holder.path[-1]) for type_, holder in _HOLDERS.items()),
        *((type_, holder.otherwise[-1]) for type_, holder in _HOLDERS.items() if holder.otherwise),
        (_CLOUD_CONTROL, "desired_state"),
    }
)
"""Arguments that hold a definition as a text, by type and name."""

HOLDING_TYPES = frozenset({*_HOLDERS, *_SCHEDULES, _CLOUD_CONTROL, _MANIFEST, _PROCESSING_JOB})
"""Types of resources that define jobs."""
_OTHER_JOBS = re.compile(r"aws(?:cc)?_sagemaker_\w*(?:job|job_definition|monitoring_schedule)")
"""Types of resources that start jobs, too, and that nothing here reads."""
_OF_AZUREML = re.compile(
    r"Microsoft\.MachineLearningServices/workspaces/(?:jobs|schedules)@.*", re.IGNORECASE
)


def jobs_in_plan(plan: Plan) -> tuple[PlannedJobs, ...]:
    """The jobs of every resource that stays, as far as the plan shows them."""
    speaks_of_jobs = partial(_speaks_of_sagemaker, plan)
    read = (
        PlannedJobs(config_address(each.address), loaded.values, loaded.findings)
        for each in plan.resources
        if each.mode == "managed" and not (each.is_leaving or each.deposed)
        for loaded in _jobs_of(each, plan.path, speaks_of_jobs)
    )
    return tuple(each for each in read if each.jobs or each.findings)


def _jobs_of(
    resource: PlannedResource, path: str, speaks_of_jobs: Callable[[], bool]
) -> Iterator[Loaded[JobDefinition]]:
    holder = _HOLDERS.get(resource.type)
    if holder is not None:
        yield _read_holder(resource, path, holder, speaks_of_jobs)
    elif resource.type == _CLOUD_CONTROL:
        type_ = str((resource.values or {}).get("type_name"))
        held = _Holder(("desired_state",), partial(_cloud_control, type_), is_of_sagemaker=is_job_type(type_))
        yield _read_holder(resource, path, held, lambda: False)
    elif resource.type in _SCHEDULES:
        yield _read_schedule(resource, path)
    elif resource.type == _PROCESSING_JOB:
        yield _read_processing_job(resource, path)
    elif resource.type == _MANIFEST:
        manifest = _with_holes((resource.values or {}).get("manifest"), _marks_of(resource, "manifest"))
        yield read_object(Document(path, manifest, prefix=f"{resource.pointer}/manifest")) or Loaded()
    elif _OTHER_JOBS.fullmatch(resource.type) or _is_of_azureml(resource):
        yield Loaded(findings=(_unsupported_job(resource, path),))


def _is_of_azureml(resource: PlannedResource) -> bool:
    values = resource.values if isinstance(resource.values, dict) else {}
    return resource.type == _AZURE and _OF_AZUREML.fullmatch(str(values.get("type"))) is not None


def _unsupported_job(resource: PlannedResource, path: str) -> Finding:
    name = config_address(resource.address)
    problem = f"{name} is a job of a kind that no rule judges"
    mend = "start a job whose definition is read, from a file; or accept it: a waiver with an owner"
    return unsupported_job(Document(path, None), resource.pointer, problem, mend, subject=name)


def _read_holder(
    resource: PlannedResource, path: str, holder: _Holder, speaks_of_jobs: Callable[[], bool]
) -> Loaded[JobDefinition]:
    name = config_address(resource.address)
    keys, value = holder.path, _value_at(resource, holder.path)
    if value is None and holder.otherwise:
        keys, value = holder.otherwise, _value_at(resource, holder.otherwise)
    pointer = f"{resource.pointer}/{'/'.join(keys)}"
    if isinstance(value, str) and value != HOLE and value.strip():
        return _read_text(Document(path, None), name, pointer, value, holder)
    if value == HOLE and (holder.is_of_sagemaker or speaks_of_jobs()):
        why = "its definition is known only after the apply"
        return Loaded((unseen_job(holder.path[-1], name, Document(path, None), pointer, why),))
    if holder.is_of_sagemaker:
        why = "its definition is elsewhere, where the plan does not show it"
        return Loaded((unseen_job(holder.path[-1], name, Document(path, None), resource.pointer, why),))
    return Loaded()


def _read_text(
    document: Document, name: str, pointer: str, text: str, holder: _Holder
) -> Loaded[JobDefinition]:
    inner = inner_document(document, pointer, text)
    if inner is None and holder.read is _template:
        try:
            inner = Document(document.path, read_template(text), prefix=pointer)
        except ReadError:
            return Loaded()  # who reads templates of a plan says so
    if inner is None:
        return Loaded(
            findings=(
                invalid(
                    document,
                    pointer,
                    f"the definition of {name} is not whole JSON, so no job in it was judged",
                    "fix its syntax",
                    subject=name,
                ),
            )
        )
    return holder.read(inner, name)


def _cloud_control(type_: str, document: Document, name: str) -> Loaded[JobDefinition]:
    return read_resource(type_, JobPart.of(document.data, ""), document, name)


def _value_at(resource: PlannedResource, keys: tuple[str, ...]) -> Any:
    """A value, `HOLE` where it is known only after the apply. A block is a list of one."""
    value, unknown = resource.values, resource.unknown
    for key in keys:
        value, unknown = _first(value), _first(unknown)
        value = value.get(key) if isinstance(value, dict) else None
        unknown = mark_below(unknown, key)
    is_set = resource.arguments is None or keys[0] in resource.arguments
    return HOLE if unknown is True and is_set else value


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


def _speaks_of_sagemaker(plan: Plan) -> bool:
    """Whether anything in a plan is about SageMaker: a role that may start jobs, a type, a text."""
    return any("sagemaker" in each.type or "sagemaker" in str(each.values).lower() for each in plan.resources)


def _read_schedule(resource: PlannedResource, path: str) -> Loaded[JobDefinition]:
    """The target of a schedule, with the names of CloudFormation."""
    target = _with_holes(_first((resource.values or {}).get("target")), _first(_marks_of(resource, "target")))
    known = target if isinstance(target, dict) else {}
    data = {"Arn": known.get("arn"), "Input": known.get("input")}
    is_block = isinstance((resource.values or {}).get("target"), list)
    document = Document(path, data, prefix=f"{resource.pointer}/target{'/0' if is_block else ''}")
    part = JobPart.of({key: value for key, value in data.items() if value is not None}, "")
    return read_schedule(part, document, config_address(resource.address))


def _marks_of(resource: PlannedResource, key: str) -> Any:
    return mark_below(resource.unknown, key)


def _read_processing_job(resource: PlannedResource, path: str) -> Loaded[JobDefinition]:
    """The members of the request, by the names that the provider gives them."""
    name = config_address(resource.address)
    data = _as_request(_with_holes(resource.values, resource.unknown), SHAPES[PROCESSING])
    document = Document(path, data, prefix=resource.pointer)
    return read_call(PROCESSING, JobPart.of(data, ""), RequestPlace(document, _PROCESSING_JOB, name))


def _with_holes(value: Any, unknown: Any) -> Any:
    """A value in which what is known only after the apply is `HOLE`."""
    if unknown is True:
        return HOLE
    if isinstance(unknown, dict) and (value is None or isinstance(value, dict)):
        known = value or {}
        return {key: _with_holes(known.get(key), unknown.get(key, False)) for key in {**known, **unknown}}
    if isinstance(unknown, list) and value is None:
        return HOLE if True in unknown else value
    if isinstance(unknown, list) and isinstance(value, list):
        marks = [*unknown, *[False] * (len(value) - len(unknown))]
        return [_with_holes(each, mark) for each, mark in zip(value, marks, strict=False)]
    return value


def _as_request(value: Any, shape: Shape) -> Any:
    """A value with the names of the API, as far as its shape has them; what is null is not written."""
    match shape, value:
        case ListOf(item), list():
            return [_as_request(each, item) for each in value]
        case MapOf(inner), dict():
            return {key: _as_request(each, inner) for key, each in value.items() if each is not None}
        case Mapping(), dict():
            names = {snake_of(name): name for name in shape}
            return {
                names[key]: _as_request(each, shape[names[key]])
                for key, each in value.items()
                if each is not None and key in names
            }
        case _:
            return value
