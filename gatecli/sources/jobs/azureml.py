"""Azure ML's jobs in YAML, as `az ml job create --file` takes them: pipelines, single jobs, schedules.

Source: the reference of the CLI (v2) YAML schemas; the schemas are named in `$schema`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from gatecli.model.document import Document
from gatecli.model.job_definition import HOLE, DataOrigin, JobDefinition, JobText
from gatecli.sources.interface import Loaded
from gatecli.sources.jobs.azureml_flow import FlowReader, FlowScope, kept_under
from gatecli.sources.jobs.azureml_inputs import Given, given_value
from gatecli.sources.jobs.azureml_steps import KINDS, PIPELINE
from gatecli.sources.jobs.interface import JobReader, invalid, unbound, unsupported_job
from gatecli.sources.jobs.parts import JobPart, name_of, text_of

_SCHEMA = re.compile(r"azuremlschemas[^/]*/.*?(?P<name>[A-Za-z0-9_]+)\.schema\.json", re.IGNORECASE)
_OF_COMPONENTS = frozenset({"version", "is_deterministic"})
"""Keys of a component that no job has."""
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
    if schema == "schedule":
        return _read_schedule(document, root)
    if schema is not None:
        return _read_job(document, root) if "job" in schema else Loaded()
    return _read_job(document, root) if _looks_like_a_job(root) else None


def _schema_name(root: JobPart) -> str | None:
    text = text_of(root.member("$schema"))
    match = None if text is None else _SCHEMA.search(text.text)
    return None if match is None else match["name"].lower()


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
        return Loaded()
    why = "a schedule starts a job that is not in a file here, so nothing of it is judged"
    return Loaded(findings=(unsupported_job(document, job.pointer, why, "name the file of its job"),))


def _read_job(document: Document, root: JobPart) -> Loaded[JobDefinition]:
    name = name_of(root.member("name"), "") or name_of(root.member("display_name"), Path(document.path).name)
    reader = FlowReader(document, name)
    identity = text_of(root.below("identity", "type"))
    folder = Path(document.path).parent
    if _is_pipeline(root):
        _read_pipeline(reader, root, identity, folder)
    else:
        reader.read({"": root}, FlowScope("", {}, {}, frozenset(), folder, identity=identity))
    return Loaded(tuple(reader.finish()), tuple(reader.findings))


def _is_pipeline(root: JobPart) -> bool:
    kind = text_of(root.member("type"))
    return (kind is not None and kind.text.lower() == PIPELINE) or root.member("jobs") is not None


def _read_pipeline(reader: FlowReader, root: JobPart, identity: JobText | None, folder: Path) -> None:
    reader.check_blocks(root, None)
    given = _pipeline_inputs(reader, root)
    outputs = root.member("outputs")
    parts = dict(outputs.members()) if outputs is not None else {}
    kept = {name: target for name, part in parts.items() if (target := kept_under(part)) is not None}
    jobs = root.member("jobs")
    if jobs is not None and isinstance(jobs.value, Mapping) and jobs.value:
        scope = FlowScope("", given, kept, frozenset(parts), folder, identity=identity)
        reader.read(dict(jobs.members()), scope)
        return
    if root.member("component") is not None:
        reader.read({"pipeline": root}, FlowScope("", {}, {}, frozenset(), folder, identity=identity))
        return
    problem = "a pipeline has no steps, so nothing of it can be judged"
    reader.findings.append(invalid(reader.document, root.pointer, problem, "write its steps under jobs"))


def _pipeline_inputs(reader: FlowReader, root: JobPart) -> dict[str, Given]:
    """What a pipeline is given. No expression has a meaning there."""

    def resolve(_expression: str, pointer: str) -> Given:
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
    ),
    read=read_azureml,
)
