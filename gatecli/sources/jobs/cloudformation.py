"""CloudFormation templates: their processing jobs, state machines and pipelines.

What a parameter or another resource gives is known when the stack is made. Source: the AWS CloudFormation
user guide (intrinsic functions and their short forms) and its references of AWS::SageMaker::ProcessingJob,
AWS::SageMaker::Pipeline, AWS::StepFunctions::StateMachine and AWS::Serverless::StateMachine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from gatecli.model.document import Document
from gatecli.model.job_definition import HOLE, JobDefinition
from gatecli.sources.interface import Loaded
from gatecli.sources.jobs.inner_text import inner_document
from gatecli.sources.jobs.interface import JobReader, invalid, together, unsupported_job
from gatecli.sources.jobs.parts import ABSENT, JobPart, ValueDialect
from gatecli.sources.jobs.sagemaker_pipeline import read_steps
from gatecli.sources.jobs.sagemaker_request import PROCESSING, RequestPlace, read_call
from gatecli.sources.jobs.step_functions import SLOT, read_machine

_JOB_TYPE = "AWS::SageMaker::ProcessingJob"
_PIPELINE_TYPE = "AWS::SageMaker::Pipeline"
_MACHINE_TYPES = ("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine")
_OTHER_JOBS = re.compile(r"AWS::SageMaker::\w*(?:Job|JobDefinition)")
"""Types of SageMaker that start jobs, too, and that nothing here reads."""
_SUB = re.compile(r"\$\{(!?)([^${}]*)\}")
_LISTS = ("List<AWS::EC2::", "AWS::SSM::Parameter::Value<List<AWS::EC2::")
"""Types of parameters that hold at least one thing that exists."""
_KEYS = MappingProxyType({"AWS::KMS::Key": "arn:aws:kms:::key/", "AWS::KMS::Alias": "alias/"})
SHORT_FORMS: Mapping[str, str] = MappingProxyType(
    {
        "!Ref": "Ref",
        "!Condition": "Condition",
        **{
            f"!{name}": f"Fn::{name}"
            for name in (
                "And",
                "Base64",
                "Cidr",
                "Equals",
                "FindInMap",
                "GetAZs",
                "GetAtt",
                "If",
                "ImportValue",
                "Join",
                "Length",
                "Not",
                "Or",
                "Select",
                "Split",
                "Sub",
                "ToJsonString",
                "Transform",
            )
        },
    }
)
"""Tags of YAML, and the function that each is."""
_UNNAMED = {"AWS::NoValue": ABSENT}


@dataclass(frozen=True, slots=True)
class _Template:
    """What the functions of a template may refer to: the types of its parameters and its resources."""

    parameters: Mapping[str, str]
    resources: Mapping[str, str]

    def resolve(self, value: Any) -> Any:
        """A value, as far as the template says it."""
        if not (isinstance(value, dict) and len(value) == 1):
            return value
        ((name, argument),) = value.items()
        if name == "Ref" or name.startswith("Fn::"):
            return _FUNCTIONS.get(name, _later)(self, argument)
        return value

    def refer(self, argument: Any) -> Any:
        """What a reference gives: a key that the template makes is one of its owner's."""
        if not isinstance(argument, str):
            return HOLE
        name = argument.partition(".")[0]
        if argument in _UNNAMED:
            return _UNNAMED[argument]
        if self.resources.get(name) in _KEYS:
            return _KEYS[self.resources[name]] + name
        return [HOLE] if self.parameters.get(argument, "").startswith(_LISTS) else HOLE

    def join(self, argument: Any) -> Any:
        if not (isinstance(argument, list) and len(argument) == 2 and isinstance(argument[1], list)):
            return HOLE
        return str(argument[0]).join(self._text(each) for each in argument[1])

    def fill(self, argument: Any) -> Any:
        """`Fn::Sub`, with variables of its own or without."""
        own: Any = {}
        if isinstance(argument, list) and len(argument) == 2:
            argument, own = argument
        if not (isinstance(argument, str) and isinstance(own, dict)):
            return HOLE

        def replace_slot(match: re.Match[str]) -> str:
            if match[1]:
                return f"${{{match[2]}}}"
            return self._text(own[match[2]]) if match[2] in own else self._text({"Ref": match[2]})

        return _SUB.sub(replace_slot, argument)

    def attribute(self, argument: Any) -> Any:
        name = argument[0] if isinstance(argument, list) and argument else argument
        return self.refer(f"{name}.") if isinstance(name, str) else HOLE

    def _text(self, value: Any) -> str:
        known = self.resolve(value)
        return HOLE if known is ABSENT or isinstance(known, dict | list) else str(known)


def _later(_template: _Template, _argument: Any) -> Any:
    return HOLE


_FUNCTIONS: Mapping[str, Callable[[_Template, Any], Any]] = MappingProxyType(
    {
        "Ref": _Template.refer,
        "Fn::GetAtt": _Template.attribute,
        "Fn::Join": _Template.join,
        "Fn::Sub": _Template.fill,
        "Fn::ToJsonString": lambda _template, argument: argument,
    }
)


def read_template_jobs(document: Document) -> Loaded[JobDefinition] | None:
    """The jobs of a document that is a template."""
    data = document.data
    resources = data.get("Resources") if isinstance(data, dict) else None
    if not isinstance(resources, dict):
        return None
    types = {name: str(each.get("Type")) for name, each in resources.items() if isinstance(each, dict)}
    if not any(each.startswith("AWS::") for each in types.values()):
        return None
    template = _Template(_parameters(data), types)
    return together(
        _read_resources(JobPart.of(resources, "/Resources", ValueDialect((template.resolve,))), document)
    )


def _parameters(data: Mapping[str, Any]) -> Mapping[str, str]:
    declared = data.get("Parameters")
    items = declared.items() if isinstance(declared, dict) else ()
    return {name: str(each.get("Type")) for name, each in items if isinstance(each, dict)}


def _read_resources(resources: JobPart, document: Document) -> Iterator[Loaded[JobDefinition]]:
    for name, resource in resources.members():
        type_ = resource.value.get("Type") if isinstance(resource.value, dict) else None
        properties = resource.member("Properties")
        if properties is not None and isinstance(type_, str):
            yield read_resource(type_, properties, document, name)


def read_resource(type_: str, properties: JobPart, document: Document, name: str) -> Loaded[JobDefinition]:
    """The jobs of one resource by its type in CloudFormation and Cloud Control; none of any other type."""
    if type_ == _JOB_TYPE:
        return read_call(PROCESSING, properties, RequestPlace(document, _JOB_TYPE, name))
    if type_ == _PIPELINE_TYPE:
        return _read_pipeline(properties, document, name)
    if type_ in _MACHINE_TYPES:
        return _read_machine(properties, document, name)
    if _OTHER_JOBS.fullmatch(type_):
        return _unsupported_job(properties, document, name, "is a job of a kind that no rule judges")
    return Loaded()


def _unsupported_job(part: JobPart, document: Document, name: str, what: str) -> Loaded[JobDefinition]:
    mend = "write its definition out, as a processing job; or accept it: a waiver with an owner"
    return Loaded(findings=(unsupported_job(document, part.pointer, f"{name} {what}", mend, subject=name),))


def _read_pipeline(properties: JobPart, document: Document, name: str) -> Loaded[JobDefinition]:
    definition = properties.member("PipelineDefinition")
    if definition is None:
        return _unsupported_job(properties, document, name, "has no definition")
    body = definition.member("PipelineDefinitionBody")
    if body is None:
        return _unsupported_job(definition, document, name, "has its definition elsewhere")
    return _read_text(body, document, name, {}, partial(read_steps, owner=name))


def _read_machine(properties: JobPart, document: Document, name: str) -> Loaded[JobDefinition]:
    given = properties.member("DefinitionSubstitutions")
    known = {key: text.text for key, part in _members(given) if (text := part.text()) is not None}
    for key in ("Definition", "DefinitionString"):
        definition = properties.member(key)
        if definition is not None:
            return _read_text(definition, document, name, known, partial(read_machine, owner=name))
    return _unsupported_job(properties, document, name, "has its definition elsewhere")


def _members(part: JobPart | None) -> Iterator[tuple[str, JobPart]]:
    return iter(()) if part is None else part.members()


def _read_text(
    part: JobPart,
    document: Document,
    name: str,
    known: Mapping[str, str],
    read: Callable[[JobPart, Document], Loaded[JobDefinition]],
) -> Loaded[JobDefinition]:
    """The jobs of a definition that stands as an object, or as a text of JSON."""
    if isinstance(part.value, dict):
        fill = partial(_fill_slots, known=known)
        return read(
            JobPart(part.value, part.pointer, ValueDialect((*part.dialect.resolvers, fill))), document
        )
    if part.is_unknown or not isinstance(part.value, str):
        return _unsupported_job(part, document, name, "has a definition that only the stack knows")
    inner = inner_document(document, part.pointer, _fill_slots(part.value, known))
    if inner is None:
        problem = f"the definition of {name} is not whole JSON, so no job in it was judged"
        return Loaded(findings=(invalid(document, part.pointer, problem, "fix its syntax", subject=name),))
    return read(JobPart.of(inner.data, ""), inner)


def _fill_slots(value: Any, known: Mapping[str, str]) -> Any:
    """A text with what is put into its slots when the stack is made."""
    return SLOT.sub(lambda slot: known.get(slot[1], HOLE), value) if isinstance(value, str) else value


TEMPLATES = JobReader(
    (
        (b"AWS::SageMaker::", b"Resources"),
        (b"::StateMachine", b"Resources", b"sagemaker"),
    ),
    read_template_jobs,
)
