"""CloudFormation templates: their processing jobs, state machines and pipelines.

What a parameter or another resource gives is known when the stack is made. Source: the AWS CloudFormation
user guide (intrinsic functions and their short forms) and its references of AWS::SageMaker::ProcessingJob,
AWS::SageMaker::Pipeline, AWS::StepFunctions::StateMachine and AWS::Serverless::StateMachine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
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
from gatecli.sources.jobs.step_functions import ACTIONS, OTHER_JOBS, SLOT, read_machine

_JOB_TYPE = "AWS::SageMaker::ProcessingJob"
_PIPELINE_TYPE = "AWS::SageMaker::Pipeline"
_MACHINE_TYPES = ("AWS::StepFunctions::StateMachine", "AWS::Serverless::StateMachine")
_SCHEDULE_TYPE = "AWS::Scheduler::Schedule"
_OTHER_JOBS = re.compile(r"AWS::SageMaker::(?:\w*Job|\w*JobDefinition|MonitoringSchedule)")
"""Types of SageMaker that start jobs, too, and that nothing here reads."""
_CALLED = re.compile(r"arn:aws[a-z-]*:scheduler:::aws-sdk:sagemaker:(\w+)", re.IGNORECASE)
_DYNAMIC = re.compile(r"\{\{resolve:[^{}]*\}\}")
"""A dynamic reference: a parameter or a secret of another service, read when the stack is made."""
_LOOP = "Fn::ForEach::"
_KNOWN_TRANSFORMS = ("AWS::Serverless", "AWS::LanguageExtensions", "AWS::SecretsManager", "AWS::CodeDeploy")
"""Macros that leave jobs as they are written."""
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
        """A value, as far as the template says it. Functions beside keys may add others or change them."""
        if isinstance(value, dict):
            value = self._call(value)
        return _DYNAMIC.sub(HOLE, value) if isinstance(value, str) else value

    def _call(self, block: dict[str, Any]) -> Any:
        name = next((key for key in block if key == "Ref" or key.startswith("Fn::")), None)
        if name is None or (name == "Ref" and len(block) > 1):
            return block
        return HOLE if len(block) > 1 else _FUNCTIONS.get(name, _later)(self, block[name])

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
    if not any(each.startswith(("AWS::", "Fn::")) for each in (*types.values(), *resources)):
        return None
    template = _Template(_parameters(data), types)
    whole = JobPart(resources, "/Resources", ValueDialect((template.resolve,)))
    read = together(_read_resources(whole, document))
    return together((read, _read_macros(data.get("Transform"), document))) if read != Loaded() else read


def _read_macros(named: Any, document: Document) -> Loaded[JobDefinition]:
    """What rewrites the whole template when the stack is made."""
    each = named if isinstance(named, list) else [] if named is None else [named]
    if all(isinstance(name, str) and name.startswith(_KNOWN_TRANSFORMS) for name in each):
        return Loaded()
    problem = "a macro rewrites the template when the stack is made, so its jobs may become others"
    mend = "check the template that the macro makes; or accept it: a waiver with an owner"
    return Loaded(findings=(unsupported_job(document, "/Transform", problem, mend),))


def _parameters(data: Mapping[str, Any]) -> Mapping[str, str]:
    declared = data.get("Parameters")
    items = declared.items() if isinstance(declared, dict) else ()
    return {name: str(each.get("Type")) for name, each in items if isinstance(each, dict)}


def _read_resources(resources: JobPart, document: Document) -> Iterator[Loaded[JobDefinition]]:
    for name, resource in resources.members():
        if name.startswith("Fn::"):
            yield from _read_made_resources(name, resource, document)
            continue
        type_ = resource.value.get("Type") if isinstance(resource.value, dict) else None
        properties = resource.member("Properties")
        if properties is not None and isinstance(type_, str):
            yield read_resource(type_, properties, document, name)


def _read_made_resources(
    function: str, argument: JobPart, document: Document
) -> Iterator[Loaded[JobDefinition]]:
    """The jobs of resources that a loop makes, each with holes for its variable; nothing else shows them."""
    *_, body = (JobPart(None, argument.pointer), *argument.items())
    if function.startswith(_LOOP) and isinstance(body.value, dict):
        in_loop = ValueDialect((*body.dialect.resolvers, partial(_fill_slots, known={})))
        yield from _read_resources(replace(body, dialect=in_loop), document)
    elif not function.startswith(_LOOP) or body.is_unknown:
        yield _unsupported_job(argument, document, function, "makes resources that only the stack knows")


def is_job_type(type_: str) -> bool:
    """Whether a type of CloudFormation starts jobs of SageMaker whatever its properties are."""
    return type_ in {_JOB_TYPE, _PIPELINE_TYPE} or _OTHER_JOBS.fullmatch(type_) is not None


def read_resource(type_: str, properties: JobPart, document: Document, name: str) -> Loaded[JobDefinition]:
    """The jobs of one resource by its type in CloudFormation and Cloud Control; none of any other type."""
    if type_ == _JOB_TYPE:
        return read_call(PROCESSING, properties, RequestPlace(document, _JOB_TYPE, name))
    if type_ == _PIPELINE_TYPE:
        return _read_pipeline(properties, document, name)
    if type_ in _MACHINE_TYPES:
        return _read_machine(properties, document, name)
    if type_ == _SCHEDULE_TYPE:
        return read_schedule(properties.member("Target"), document, name)
    if _OTHER_JOBS.fullmatch(type_):
        return _unsupported_job(properties, document, name, "is a job of a kind that no rule judges")
    return Loaded()


def read_schedule(target: JobPart | None, document: Document, name: str) -> Loaded[JobDefinition]:
    """The job of a schedule that calls SageMaker itself, by a universal target."""
    called = None if target is None else target.member("Arn")
    found = _CALLED.fullmatch(called.value) if called is not None and isinstance(called.value, str) else None
    if target is None or found is None:
        return Loaded()
    action = ACTIONS.get(found[1].lower())
    if action is None and OTHER_JOBS.fullmatch(found[1]) is None:
        return Loaded()
    if action is None:
        return _unsupported_job(target, document, name, "starts a job of a kind that no rule judges")
    given, place = target.member("Input"), RequestPlace(document, _SCHEDULE_TYPE, name)
    if given is None or given.is_unknown or not isinstance(given.value, str):
        return read_call(action, JobPart(HOLE, target.pointer), place)
    inner = inner_document(document, given.pointer, given.value)
    if inner is None:
        problem = f"what {name} sends to SageMaker is not whole JSON, so no job in it was judged"
        return Loaded(findings=(invalid(document, given.pointer, problem, "fix its syntax", subject=name),))
    return read_call(action, JobPart.of(inner.data, ""), replace(place, document=inner))


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
        (b"AWS::Scheduler::Schedule", b"Resources", b"sagemaker"),
    ),
    read_template_jobs,
)
