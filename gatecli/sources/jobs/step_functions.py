"""State machines of Step Functions: each state that starts a job of SageMaker, at whatever depth.

Source: the Amazon States Language specification, and the developer guide of AWS Step Functions on SageMaker
(optimised integrations `arn:aws:states:::sagemaker:…`, SDK integrations `arn:aws:states:::aws-sdk:…`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gatecli.model.document import Document
from gatecli.model.finding import Finding
from gatecli.model.job_definition import HOLE, JobDefinition
from gatecli.sources.interface import Loaded
from gatecli.sources.jobs.interface import JobReader, invalid, together, unsupported_job
from gatecli.sources.jobs.parts import PLAIN, JobPart, ValueDialect
from gatecli.sources.jobs.sagemaker_request import PROCESSING, TRAINING, RequestPlace, read_call

FORM = "state machine"

_TASK = re.compile(
    r"arn:aws[a-z-]*:states:[^:]*:[^:]*:(?:aws-sdk:)?sagemaker:([A-Za-z0-9]+)(?:\.[.A-Za-z]+)?"
)
_SAGEMAKER = re.compile(r"(?i)sagemaker")
ACTIONS: Mapping[str, str] = {"createprocessingjob": PROCESSING, "createtrainingjob": TRAINING}
_HOLDERS: Mapping[str, str] = {"AppSpecification": PROCESSING, "AlgorithmSpecification": TRAINING}
OTHER_JOBS = re.compile(
    r"create\w*job\w*|(?:create|update|start)monitoringschedule|start(?:pipelineexecution|session)",
    re.IGNORECASE,
)
"""Actions of SageMaker that run over data, too, and whose requests nothing here reads."""


SLOT = re.compile(r"\$\{([A-Za-z0-9_.:]+)\}")
"""What CloudFormation, SAM or Terraform puts into a definition before it is one."""


def _put_in(value: Any) -> Any:
    """A text with a hole for each slot."""
    return SLOT.sub(HOLE, value) if isinstance(value, str) else value


SLOTS = ValueDialect((_put_in,))


def _at_start(value: Any) -> Any:
    """A value of JSONata is known when the state is entered."""
    is_expression = isinstance(value, str) and value.startswith("{%") and value.rstrip().endswith("%}")
    return HOLE if is_expression else value


_BY_PATHS = ValueDialect(later=".$")
_BY_JSONATA = ValueDialect((_at_start,))


def read_state_machine(document: Document) -> Loaded[JobDefinition] | None:
    """The jobs of a document that is a state machine."""
    data = document.data
    if not (isinstance(data, dict) and "StartAt" in data and isinstance(data.get("States"), dict)):
        return None
    return read_machine(JobPart.of(data, "", SLOTS), document)


def read_machine(machine: JobPart, document: Document, owner: str = "") -> Loaded[JobDefinition]:
    """The jobs of a state machine inside of a document; `owner` goes before the names of its states."""
    language = machine.member("QueryLanguage")
    own = "" if language is None else language.value
    return together(_read_states(machine, document, own, owner))


def _read_states(
    machine: JobPart, document: Document, language: Any, owner: str
) -> Iterator[Loaded[JobDefinition]]:
    states = machine.member("States")
    if states is None or states.is_unknown or not isinstance(states.value, dict):
        yield Loaded(findings=(_unread(machine if states is None else states, document, owner),))
        return
    for name, state in states.members():
        own = state.member("QueryLanguage")
        spoken = language if own is None else own.value
        called = f"{owner}/{name}" if owner else name
        yield _read_task(state, document, spoken, called)
        yield from _read_below(state, document, spoken, called)


def _read_below(
    state: JobPart, document: Document, language: Any, name: str
) -> Iterator[Loaded[JobDefinition]]:
    """The machines inside of a state: branches of Parallel, the item processor of Map."""
    branches = state.member("Branches")
    for number, branch in enumerate(() if branches is None else branches.items()):
        yield from _read_states(branch, document, language, f"{name}[{number}]")
    if branches is not None and not isinstance(branches.value, list):
        yield Loaded(findings=(_unread(branches, document, name),))
    for key in ("ItemProcessor", "Iterator"):
        inner = state.member(key)
        if inner is not None:
            yield from _read_states(inner, document, language, name)


def _read_task(state: JobPart, document: Document, language: Any, name: str) -> Loaded[JobDefinition]:
    resource = state.member("Resource")
    if resource is None or not isinstance(resource.value, str):
        return Loaded()
    task = _TASK.fullmatch(resource.value)
    action = ACTIONS.get(task[1].lower()) if task is not None else _action_by_members(resource, state)
    if action is not None:
        return _read_arguments(state, document, language, name, action)
    if _may_run_job(resource.value, task):
        return Loaded(findings=(_unsupported_job(resource, document, name),))
    return Loaded()


def _action_by_members(resource: JobPart, state: JobPart) -> str | None:
    """What a state does whose resource is known later, by what it sends."""
    if HOLE not in str(resource.value):
        return None
    sent = [part for name in ("Parameters", "Arguments") if (part := state.member(name)) is not None]
    return next((action for key, action in _HOLDERS.items() for part in sent if part.member(key)), None)


def _may_run_job(resource: str, task: re.Match[str] | None) -> bool:
    """Whether a state starts a job of SageMaker that nothing here reads."""
    if task is None:
        return _SAGEMAKER.search(resource) is not None and ":states:" in resource
    return OTHER_JOBS.fullmatch(task[1]) is not None


def _read_arguments(
    state: JobPart, document: Document, language: Any, name: str, action: str
) -> Loaded[JobDefinition]:
    by_jsonata = language == "JSONata"
    dialect = (_BY_JSONATA if by_jsonata else _BY_PATHS).within(state.dialect)
    whole = JobPart(state.value, state.pointer, dialect)
    request = whole.member("Arguments" if by_jsonata else "Parameters")
    if request is None:  # the state's whole input is the request
        request = JobPart(HOLE, state.pointer, PLAIN)
    return read_call(action, request, RequestPlace(document, FORM, name))


def _unread(part: JobPart, document: Document, name: str) -> Finding:
    return invalid(
        document,
        part.pointer,
        "the states of a machine are not a block of keys that can be read, so no job in it was judged",
        "write States as the Amazon States Language has it",
        subject=name,
    )


def _unsupported_job(resource: JobPart, document: Document, name: str) -> Finding:
    return unsupported_job(
        document,
        resource.pointer,
        f"state {name} may start a job of SageMaker of a kind that no rule judges",
        "run it as a processing or a training job, or accept it: a waiver with an owner",
        subject=name,
    )


STATE_MACHINES = JobReader(((b"StartAt", b"States", b"sagemaker"),), read_state_machine)
