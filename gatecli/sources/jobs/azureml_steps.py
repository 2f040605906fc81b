"""One step of Azure ML's as a job: what runs in it, with what it is given.

Source: the reference of the CLI (v2) YAML schemas of command, sweep, parallel, spark and AutoML jobs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

from gatecli.model.document import Document
from gatecli.model.job_definition import (
    HOLE,
    VALUE,
    DataOrigin,
    DefinedInput,
    DefinedOutput,
    JobCount,
    JobDefinition,
    JobFlag,
    JobMachines,
    JobPlatform,
    JobText,
    JobVariable,
    JobWords,
    UnjudgedPart,
)
from gatecli.sources.jobs.azureml_components import Definition, environment_of, read_classification
from gatecli.sources.jobs.azureml_expressions import SEARCH, command_text, data_names, mount
from gatecli.sources.jobs.azureml_inputs import LITERALS, Given
from gatecli.sources.jobs.parts import JobPart, plain_text, text_of

PIPELINE, SWEEP = "pipeline", "sweep"
HOLDERS: Mapping[str, str] = MappingProxyType({"sweep": "trial"})
"""Where a kind of step names what it is made of, if not by `component`."""
KINDS = frozenset(
    {"command", "sweep", "parallel", "spark", "automl", "import", "data_transfer", "finetuning", PIPELINE}
)
_NUMBERS = frozenset(
    {
        *("uniform", "quniform", "loguniform", "qloguniform", "randint"),
        *("normal", "qnormal", "lognormal", "qlognormal"),
    }
)
"""Kinds of settings whose values are numbers."""
_WORD = re.compile(r"[A-Za-z0-9_.+][A-Za-z0-9_.+-]*")
_HARMLESS_ARGUMENTS = frozenset({"", "--ipc=host", "--ipc", "host"})
_SHELLS = frozenset({"ssh", "jupyter_lab", "vs_code", "custom"})
"""Services by which people get into a running job."""
_AUTOML_DATA = ("training_data", "validation_data", "test_data", "source")
_SETTINGS = ("args", "program_arguments", "conf", "py_files", "jars", "files", "archives", "entry")
_TEXTS = ("display_name", "description", "experiment_name", "tags", "properties")


@dataclass(frozen=True, slots=True)
class StepPlace:
    """Where a step stands: `name` is what findings call it, `kind` its type."""

    document: Document
    name: str
    kind: str
    folder: Path
    pointer: str
    identity: JobText | None = None


def _type_of(part: JobPart) -> str | None:
    text = text_of(part.member("type"))
    return text.text.lower().removesuffix("_component") if text is not None and text.is_known else None


def kind_of(step: JobPart, definition: Definition) -> str:
    """The type of a step, which its component may say."""
    types = (_type_of(part) for part in (step, definition.part) if part is not None)
    return next((kind for kind in types if kind is not None), "command")


def inner_of(definition: Definition) -> JobPart | None:
    """The block of a definition that says what runs: of a parallel job, its task."""
    part = definition.part
    task = None if part is None or _type_of(part) != "parallel" else part.member("task")
    return task if task is not None and isinstance(task.value, Mapping) else part


def output_names(step: JobPart, definition: Definition) -> frozenset[str]:
    """The outputs that a step has."""
    parts = (step, definition.part)
    found = (part.member("outputs") for part in parts if part is not None)
    return frozenset(name for outputs in found if outputs is not None for name, _ in outputs.members())


def input_parts(step: JobPart) -> Iterator[tuple[str, JobPart]]:
    """The inputs that a step is given; those of AutoML have keys of their own."""
    inputs = step.member("inputs")
    if inputs is not None:
        yield from inputs.members()
    for key in _AUTOML_DATA:
        part = step.member(key)
        if part is not None:
            yield key, part


def step_job(
    step: JobPart,
    definition: Definition,
    given: Mapping[str, Given],
    targets: Mapping[str, JobText],
    place: StepPlace,
) -> JobDefinition:
    """The job that a step is; `targets` are where its outputs are kept under a name or a path."""
    inner = inner_of(definition)
    at = definition.at if definition.is_file else None
    outputs = output_names(step, definition)
    job = JobDefinition(
        JobPlatform.AZUREML,
        f"{place.kind} step",
        place.name,
        place.document,
        place.pointer,
        inputs=tuple(_job_input(name, each, place.document) for name, each in given.items()),
        outputs=tuple(_job_output(name, place.pointer, targets.get(name)) for name in sorted(outputs)),
        environment=tuple(_variables(step, inner, at)),
        identity=text_of(step.below("identity", "type")) or place.identity,
        machines=_machines(step, inner, at),
        unjudged=tuple(_docker_arguments(step, inner, at)),
        runs=_runs(step) if place.kind == SWEEP else None,
        texts=(*_texts(step, at=None), *_literals(given)),
    )
    if definition.part is None:
        return replace(job, component=definition.reference)
    return _with_program(job, step, definition, given)


def _with_program(
    job: JobDefinition, step: JobPart, definition: Definition, given: Mapping[str, Given]
) -> JobDefinition:
    inner = inner_of(definition)
    at = definition.at if definition.is_file else None
    folder = definition.folder or Path(job.document.path).parent
    environment = environment_of(
        _below(inner, "environment"), folder, at
    )  # the step's own counts for nothing
    code = (_moved_to(text_of(_below(part, "code")), at) for part in (inner, definition.part))
    why = environment.unpinned
    return replace(
        job,
        image=environment.image,
        entry_point=_entry_point(
            inner, at, command_values(step, definition, given), output_names(step, definition)
        ),
        settings=tuple(_settings(inner, at)),
        code=tuple({text.pointer: text for text in code if text is not None}.values()),
        unjudged=(*job.unjudged, *([UnjudgedPart(at or job.pointer, why)] if why else [])),
    )


def _entry_point(
    inner: JobPart | None, at: str | None, values: Mapping[str, str], outputs: frozenset[str]
) -> JobWords | None:
    """The command as the platform gives it to a shell; None for a step that has none."""
    text = _moved_to(text_of(_below(inner, "command")), at)
    if text is None:
        return None
    shown = JobText(command_text(text.text, values, outputs), text.pointer)
    return JobWords((JobText("sh", text.pointer), JobText("-c", text.pointer), shown), text.pointer)


def command_values(step: JobPart, definition: Definition, given: Mapping[str, Given]) -> dict[str, str]:
    """What each input is in the command: its text, where it stands, or a hole.

    What a sweep tries counts more than what is given; it is there as `search_space.NAME`, too.
    """
    declared = _below(definition.part, "inputs")
    defaults = {
        name: _declared_text(name, part)
        for name, part in (declared.members() if declared is not None else ())
        if not is_optional(part) or part.member("default") is not None
    }
    searched = searched_values(step)
    return {
        **defaults,
        **{name: _given_text(name, each) for name, each in given.items()},
        **searched,
        **{f"{SEARCH}.{name}": value for name, value in searched.items()},
    }


def _runs(step: JobPart) -> JobCount:
    """How many trials a sweep makes at most."""
    most = step.below("limits", "max_total_trials")
    return JobCount(None, step.pointer) if most is None else most.count()


def searched_values(step: JobPart) -> dict[str, str]:
    """The settings that a sweep tries, by name: plain words, or what may be anything."""
    space = step.member("search_space")
    members = space.members() if space is not None else ()
    return {name: VALUE if _is_plain(part) else HOLE for name, part in members}


def _is_plain(part: JobPart) -> bool:
    """Whether all that a setting may be is a number, or a word that a shell takes as it is."""
    kind, values = text_of(part.member("type")), part.member("values")
    if kind is None or kind.text != "choice":
        return kind is not None and kind.text in _NUMBERS
    given = values.value if values is not None and isinstance(values.value, list) else [None]
    return all(isinstance(each, int | Decimal | str) and _WORD.fullmatch(str(each)) for each in given)


def is_optional(part: JobPart) -> bool:
    """Whether a declared input may be left out."""
    optional = part.member("optional")
    return optional is not None and optional.value is True


def _declared_text(name: str, part: JobPart) -> str:
    """What an input is that is not given; one of data stands where it stood if it were."""
    kind, default = text_of(part.member("type")), part.member("default")
    is_data = default is None and kind is not None and kind.text not in LITERALS
    return mount("inputs", name) if is_data else _default_text(default)


def _default_text(part: JobPart | None) -> str:
    value = None if part is None else part.value
    if isinstance(value, bool):
        return str(value)
    return HOLE if value is None or isinstance(value, dict | list) else plain_text(str(value))


def _given_text(name: str, given: Given) -> str:
    if given.literal is not None:
        return given.literal
    return mount("inputs", name) if given.is_data else HOLE


def _job_input(name: str, given: Given, document: Document) -> DefinedInput:
    source = next((origin.source for origin in given.origins if origin.source is not None), None)
    path = JobText(mount("inputs", name), given.pointer) if given.is_data else None
    named = source.text if source is not None else ""
    found, problem = read_classification(named, Path(document.path).parent)
    return DefinedInput(name, given.pointer, path, source, classification=found, problem=problem)


def _job_output(name: str, pointer: str, target: JobText | None) -> DefinedOutput:
    at = pointer if target is None else target.pointer
    return DefinedOutput(name, at, JobText(mount("outputs", name), at), target)


def _variables(step: JobPart, inner: JobPart | None, at: str | None) -> Iterator[JobVariable]:
    """Those of the step count more than those of what it is made of."""
    found: dict[str, JobVariable] = {}
    for part, moved in ((inner, at), (step, None)):
        block = _below(part, "environment_variables")
        for name, value in block.members() if block is not None else ():
            text = value.text() or JobText(str(value.value), value.pointer)
            shown = HOLE if "${{" in text.text else text.text
            found[name] = JobVariable(name, JobText(shown, moved or text.pointer))
    return iter(found.values())


def _docker_arguments(step: JobPart, inner: JobPart | None, at: str | None) -> Iterator[UnjudgedPart]:
    """What starts the container: another program, other variables, folders of the machine over the image."""
    parts = ((inner, at),) if inner is step else ((inner, at), (step, None))
    for part, moved in parts:
        for key in ("docker_args", "docker_args_list"):
            found = None if part is None else part.below("resources", key)
            given = [] if found is None else found.value
            words = given.split() if isinstance(given, str) else given
            is_harmless = isinstance(words, list) and all(str(word) in _HARMLESS_ARGUMENTS for word in words)
            if found is not None and not is_harmless:
                why = f"its container is started with {key}, which may change all of it"
                yield UnjudgedPart(moved or found.pointer, why)


def _machines(step: JobPart, inner: JobPart | None, at: str | None) -> JobMachines:
    count: JobCount | None = None
    shell: JobFlag | None = None
    processes: JobCount | None = None
    for part, moved in ((inner, at), (step, None)):
        found = None if part is None else part.below("resources", "instance_count")
        if found is not None:
            count = JobCount(found.count().value, moved or found.pointer)
        for key in ("process_count_per_instance", "worker_count"):
            found = None if part is None else part.below("distribution", key)
            if found is not None:
                processes = JobCount(found.count().value, moved or found.pointer)
        services = _below(part, "services")
        for _, service in services.members() if services is not None else ():
            kind = text_of(service.member("type")) or text_of(service.member("job_service_type"))
            if kind is None or kind.text.lower() in _SHELLS or not kind.is_known:
                shell = JobFlag(value=True, pointer=moved or service.pointer)
    return JobMachines(count=count, shell=shell, processes=processes)


def texts_of_reading(job: JobDefinition) -> Iterator[DataOrigin]:
    """Data that the command or the environment of a job names by itself, past its inputs."""
    words = job.entry_point.words if job.entry_point is not None else ()
    for text in (*words, *job.settings, *(variable.value for variable in job.environment)):
        for name in data_names(text.text):
            yield DataOrigin(source=JobText(name, text.pointer))


def _texts(step: JobPart, at: str | None) -> Iterator[JobText]:
    """What everybody reads who may list jobs."""
    for key in _TEXTS:
        part = step.member(key)
        for each in () if part is None else (part, *(inner for _, inner in part.members())):
            text = _moved_to(each.text(), at)
            if text is not None:
                yield text


def _settings(inner: JobPart | None, at: str | None) -> Iterator[JobText]:
    """What a step of another kind than a command is told, and may read."""
    for key in _SETTINGS:
        part = _below(inner, key)
        for each in () if part is None else (part, *part.items(), *(below for _, below in part.members())):
            text = _moved_to(each.text(), at)
            if text is not None:
                yield text


def _literals(given: Mapping[str, Given]) -> Iterator[JobText]:
    """Inputs that are values: everybody reads them, too, and their names say what they are."""
    for each in given.values():
        if each.literal is not None:
            yield JobText(each.literal, each.pointer)


def texts_of_pipeline(root: JobPart, at: str | None) -> Iterator[JobText]:
    """What everybody reads of a whole pipeline who may list jobs."""
    return _texts(root, at)


def _moved_to(text: JobText | None, at: str | None) -> JobText | None:
    """A text of a component's file, told where the step names that file."""
    return text if text is None or at is None else JobText(text.text, at)


def _below(part: JobPart | None, name: str) -> JobPart | None:
    return None if part is None else part.member(name)
