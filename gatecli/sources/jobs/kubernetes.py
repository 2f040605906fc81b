"""Jobs of SageMaker as objects of a cluster, which the controller of AWS (ACK) submits.

Their members are those of the request, with other capitals (`imageURI`). Source: the API reference of AWS
Controllers for Kubernetes (sagemaker.services.k8s.aws).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from gatecli.model.document import Document, Position
from gatecli.model.job_definition import HOLE, JobDefinition
from gatecli.sources.interface import Loaded
from gatecli.sources.jobs.inner_text import inner_document
from gatecli.sources.jobs.interface import JobReader, invalid, together, unsupported_job
from gatecli.sources.jobs.nested import read_below
from gatecli.sources.jobs.parts import JobPart, name_of, text_of
from gatecli.sources.jobs.sagemaker_pipeline import read_steps
from gatecli.sources.jobs.sagemaker_request import PROCESSING, SHAPES, TRAINING, RequestPlace, read_call
from gatecli.sources.jobs.shapes import ListOf, MapOf, Shape

_GROUP = "sagemaker.services.k8s.aws/"
_ACTIONS: Mapping[str, str] = {"ProcessingJob": PROCESSING, "TrainingJob": TRAINING}
_OTHER_JOBS = ("Job", "JobDefinition", "MonitoringSchedule", "PipelineExecution")
"""How the names of kinds end that start jobs, too."""


def read_object(document: Document) -> Loaded[JobDefinition] | None:
    """The job of a document that is such an object, or a list of objects."""
    data = document.data
    if not isinstance(data, dict):
        return None
    if data.get("kind") == "List" and isinstance(data.get("items"), list):
        found = list(_read_items(document, data["items"]))
        return together(found) if found else None
    return _read(document, data, "")


def _read_items(document: Document, items: list[Any]) -> Iterator[Loaded[JobDefinition]]:
    """The jobs of a list: its objects, and definitions inside of objects of another kind."""
    for number, each in enumerate(items):
        loaded = _read(document, each, f"/items/{number}")
        yield from read_below(each, ("items", number), document) if loaded is None else (loaded,)


def _read(document: Document, data: Any, pointer: str) -> Loaded[JobDefinition] | None:
    if not (isinstance(data, dict) and str(data.get("apiVersion")).startswith(_GROUP)):
        return None
    kind = str(data.get("kind"))
    name = name_of(JobPart.of(data, pointer).below("metadata", "name"), document.path)
    action = _ACTIONS.get(kind)
    if action is not None:
        renamed = _with_own_names(document, data.get("spec"), f"{pointer}/spec", SHAPES[action])
        return read_call(action, JobPart.of(renamed.data, ""), RequestPlace(renamed, kind, name))
    if kind == "Pipeline":
        return _read_pipeline(document, data, pointer, name)
    if not kind.endswith(_OTHER_JOBS):
        return Loaded()
    problem = f"{name} is a job of a kind that no rule judges"
    mend = "write it as a ProcessingJob or a TrainingJob; or accept it: a waiver with an owner"
    return Loaded(findings=(unsupported_job(document, pointer, problem, mend, subject=name),))


def _read_pipeline(document: Document, data: Any, pointer: str, name: str) -> Loaded[JobDefinition]:
    """The steps of a pipeline, whose definition is a text."""
    text = text_of(JobPart.of(data, pointer).below("spec", "pipelineDefinition"))
    inner = None if text is None else inner_document(document, text.pointer, text.text)
    if inner is None:
        problem = f"the definition of {name} is not whole JSON, so no job in it was judged"
        return Loaded(findings=(invalid(document, pointer, problem, "fix its syntax", subject=name),))
    return read_steps(JobPart.of(inner.data, ""), inner, name)


def _with_own_names(document: Document, spec: Any, pointer: str, shape: Shape) -> Document:
    """The specification as a document of its own: the names of the API, each at its place in the file."""
    values: dict[str, Position] = {}
    roots: dict[str, str] = {}
    data = _rename(spec, shape)
    for new, old in _pairs(spec, shape, "", pointer):
        place = document.place(old)
        values[new] = Position(place.line or 1, place.column or 1)
        roots[new] = place.pointer or old
    return replace(document, data=data, values=values, keys={}, prefix=pointer, roots=roots)


def _rename(value: Any, shape: Shape) -> Any:
    match shape, value:
        case ListOf(item), list():
            return [_rename(each, item) for each in value]
        case Mapping(), dict():
            names = {name.lower(): name for name in shape}
            known = {str(key): str(names.get(str(key).lower(), key)) for key in value}
            times = Counter(known.values())
            return {
                known[key]: _rename(each, shape.get(known[key], {})) if times[known[key]] == 1 else HOLE
                for key, each in value.items()
            }
        case _:
            return value


def _pairs(value: Any, shape: Shape, new: str, old: str) -> Iterator[tuple[str, str]]:
    """Each pointer of the renamed document, and the one of the file."""
    yield new, old
    match shape, value:
        case ListOf(item), list():
            for number, each in enumerate(value):
                yield from _pairs(each, item, f"{new}/{number}", f"{old}/{number}")
        case MapOf(inner), dict():
            for key, each in value.items():
                yield from _pairs(each, inner, f"{new}/{_step(key)}", f"{old}/{_step(key)}")
        case Mapping(), dict():
            names = {name.lower(): name for name in shape}
            for key, each in value.items():
                name = str(names.get(key.lower(), key))
                yield from _pairs(each, shape.get(name, {}), f"{new}/{_step(name)}", f"{old}/{_step(key)}")


def _step(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


OBJECTS = JobReader(((_GROUP.encode(),),), read_object)
