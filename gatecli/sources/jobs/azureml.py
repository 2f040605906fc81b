"""Azure ML's jobs in YAML, as `az ml job create --file` takes them: pipelines, single jobs, schedules.

Source: the reference of the CLI (v2) YAML schemas; the schemas are named in `$schema`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from gatecli.model.document import Document
from gatecli.model.job_definition import HOLE, VALUE, DataOrigin, JobDefinition, JobText
from gatecli.sources.interface import Loaded
from gatecli.sources.jobs.azureml_components import read_mapping
from gatecli.sources.jobs.azureml_expressions import data_names
from gatecli.sources.jobs.azureml_flow import FlowReader, FlowScope
from gatecli.sources.jobs.azureml_inputs import Given, given_value
from gatecli.sources.jobs.azureml_outputs import kept_under
from gatecli.sources.jobs.azureml_steps import KINDS, PIPELINE, texts_of_pipeline
from gatecli.sources.jobs.interface import JobReader, invalid, unbound, unsupported_job
from gatecli.sources.jobs.parts import JobPart, name_of, text_of

_SCHEMA = re.compile(r"azuremlschemas[^/]*/.*?(?P<name>[A-Za-z0-9_]+)\.schema\.json", re.IGNORECASE)
_OF_COMPONENTS = frozenset({"version", "is_deterministic"})
"""Keys of a component that no job has."""
_OF_JOBS_ALONE = frozenset(
    {"compute", "experiment_name", "identity", "services", "queue_settings", "settings"}
)
"""Keys of a job that no component has."""
_OF_JOBS = frozenset({"compute", "experiment_name", "inputs", "outputs"})
"""Keys of which a job without a schema and a type has one: others have commands and environments, too."""


def read_azureml(document: Document) -> Loaded[JobDefinition] | None:
    """The jobs of a document of Azure ML's; None for a document of another kind.

    A component by itself runs nothing: it is judged in each step that uses it.
    """
    data = document.data
    if not isinstance(data, Mapping):
        return None
    root = JobPart.of(data, "")
    schema = _schema_name(root)
    if schema == "schedule" or (schema is None and {"create_job", "trigger"} <= {*root.value}):
        return _read_schedule(document, root)
    if schema is not None:
        is_job = "job" in schema or _is_a_job_after_all(root)
        return _read_job(document, root) if is_job else Loaded()
    return _read_job(document, root) if _looks_like_a_job(root) else None


def _schema_name(root: JobPart) -> str | None:
    text = text_of(root.member("$schema"))
    match = None if text is None else _SCHEMA.search(text.text)
    return None if match is None else match["name"].lower()


def _is_a_job_after_all(root: JobPart) -> bool:
    """Whether a document is a job whatever its schema says, which nobody reads when it is submitted."""
    keys, inputs = {*root.value}, root.member("inputs")
    holds = keys & {"jobs", "component"} if _is_pipeline(root) else keys & {"command", "trial", "entry"}
    if not holds or keys & _OF_COMPONENTS:
        return False
    parts = [part for _, part in inputs.members()] if inputs is not None else []
    is_given = any(not isinstance(part.value, Mapping) or "path" in part.value for part in parts)
    command = text_of(root.member("command"))
    names_data = command is not None and bool(data_names(command.text))
    return bool(keys & _OF_JOBS_ALONE) or is_given or names_data or (_is_pipeline(root) and not parts)


def _looks_like_a_job(root: JobPart) -> bool:
    """Whether a document without a schema is a job: a pipeline, or a command with what only a job has."""
    kind, keys = text_of(root.member("type")), {*root.value}
    if keys & _OF_COMPONENTS or "apiVersion" in keys:
        return False
    if kind is not None and kind.text.lower() == PIPELINE:
        return isinstance(root.value.get("jobs"), Mapping) or "component" in keys
    if not keys & {"command", "trial", "entry", "component"}:
        return False
    if kind is not None and kind.text.lower() in KINDS:
        return bool(keys & {*_OF_JOBS, "environment"})
    is_plain = isinstance(root.value.get("command"), str) and "environment" in keys
    return is_plain and bool(keys & _OF_JOBS)


def _read_schedule(document: Document, root: JobPart) -> Loaded[JobDefinition]:
    """A schedule has its job in it, or names a file, which is judged as one."""
    job = root.member("create_job") or root.member("create_monitor")
    if job is None:
        return Loaded(
            findings=(invalid(document, "", "a schedule has no create_job", "write what it starts"),)
        )
    inner = job.member("job") if isinstance(job.value, Mapping) else job
    text = None if inner is None else inner.text()
    if isinstance(job.value, Mapping) and inner is None and job.member("type") is not None:
        return _read_job(document, job)
    if text is not None and not text.text.startswith("azureml:") and text.is_known:
        return _read_scheduled_file(document, job, text)
    why = "a schedule starts a job that is not in a file here, so nothing of it is judged"
    return Loaded(findings=(unsupported_job(document, job.pointer, why, "name the file of its job"),))


def _read_scheduled_file(document: Document, job: JobPart, file: JobText) -> Loaded[JobDefinition]:
    """The job of a file with what the schedule gives it instead; all of it is told where it is named."""
    path = Path(os.path.normpath(Path(document.path).parent / file.text.removeprefix("file:")))
    data, problem = read_mapping(path)
    if problem:
        found = invalid(document, file.pointer, f"the schedule {problem}", "name the file of its job")
        return Loaded(findings=(found,))
    own = job.value if isinstance(job.value, Mapping) else {}
    changed = {key: value for key, value in own.items() if key not in {"type", "job"}}
    blocks = {
        key: {**data[key], **value}
        for key, value in changed.items()
        if isinstance(value, Mapping) and isinstance(data.get(key), Mapping)
    }
    scheduled = JobPart.of({**data, **changed, **blocks}, "")
    return _read_job(document, scheduled, path.parent, file.pointer)


def _read_job(
    document: Document, root: JobPart, folder: Path | None = None, at: str | None = None
) -> Loaded[JobDefinition]:
    """The jobs of a document; of another one in `folder` everything is told `at` a place in it."""
    name = name_of(root.member("name"), "") or name_of(root.member("display_name"), Path(document.path).name)
    reader = FlowReader(document, name)
    identity = text_of(root.below("identity", "type"))
    outside = FlowScope("", {}, {}, frozenset(), folder or Path(document.path).parent, at, identity)
    if _is_pipeline(root):
        _read_pipeline(reader, root, outside)
    else:
        reader.read({"": root}, outside)
    return Loaded(tuple(reader.finish()), tuple(reader.findings))


def _is_pipeline(root: JobPart) -> bool:
    kind = text_of(root.member("type"))
    return (kind is not None and kind.text.lower() == PIPELINE) or root.member("jobs") is not None


def _read_pipeline(reader: FlowReader, root: JobPart, outside: FlowScope) -> None:
    reader.check_blocks(root, outside.at)
    reader.texts = tuple(texts_of_pipeline(root, outside.at))
    given = _pipeline_inputs(reader, root, outside.at)
    outputs = root.member("outputs")
    parts = dict(outputs.members()) if outputs is not None else {}
    kept = {name: target for name, part in parts.items() if (target := kept_under(part)) is not None}
    jobs = root.member("jobs")
    if jobs is not None and isinstance(jobs.value, Mapping) and jobs.value:
        scope = replace(outside, given=given, targets=kept, outputs=frozenset(parts))
        reader.read(dict(jobs.members()), scope)
        return
    if root.member("component") is not None:
        reader.read({"pipeline": root}, outside)
        return
    problem = "a pipeline has no steps, so nothing of it can be judged"
    where = outside.at or root.pointer
    reader.findings.append(invalid(reader.document, where, problem, "write its steps under jobs"))


def _pipeline_inputs(reader: FlowReader, root: JobPart, at: str | None) -> dict[str, Given]:
    """What a pipeline is given. No expression has a meaning there but the time of a schedule."""

    def resolve(expression: str, pointer: str) -> Given:
        pointer = at or pointer
        if expression == "creation_context.trigger_time":
            return Given(pointer, VALUE)
        problem = "an input of a pipeline is bound to an expression, which has no meaning there"
        reader.findings.append(unbound(reader.document, pointer, problem, "write its value"))
        return Given(pointer, None, (DataOrigin(source=JobText(HOLE, pointer)),))

    inputs = root.member("inputs")
    members = inputs.members() if inputs is not None else ()
    return {name: given_value(part, resolve) for name, part in members}


AZUREML = JobReader(
    marks=(
        (b"azuremlschemas",),
        (b"type", b"pipeline", b"jobs"),
        (b"type", b"pipeline", b"component"),
        (b"command", b"environment"),
        (b"trial", b"search_space"),
        (b"create_job", b"trigger"),
    ),
    read=read_azureml,
)
