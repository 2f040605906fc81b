"""Where a job's code comes from: the image is pinned by its digest, an input is not."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from gatecli.checks.cloud.interface import JobContext, finding_at
from gatecli.checks.cloud.programs import SEARCHED, code_words, search_entries
from gatecli.checks.cloud.rules import is_below, unknown_at
from gatecli.checks.cloud.run_call import RunCall, read_call
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.job_definition import HOLE, DefinedInput, JobDefinition, JobPlatform, JobText

LOADED = Rule("cloud-code-from-input", Severity.ERROR, "A job runs code that its image does not hold")

_ROOMS = {JobPlatform.SAGEMAKER: ("/opt/ml/processing", "/opt/ml/input/data")}
"""Below which the inputs of a platform stand, and no image keeps its code."""
_MEND = "put the code into the image, which is pinned by its digest"


def find_loaded_code(job: JobDefinition, _context: JobContext) -> Iterator[Finding]:
    """Code that the platform brings, inputs over the image's folders, and paths of code below an input."""
    for text in job.code:
        message = "the platform brings code into the container, which no digest of an image pins"
        yield finding_at(LOADED, job, text.pointer, message, _MEND)
    yield from _find_misplaced_inputs(job)
    folders = [each.path.text for each in job.inputs if each.path is not None and each.path.is_known]
    for what, text, paths in _sources(job):
        if any(HOLE in path for path in paths):
            message = f"{what} is known only when the job starts, so it may be what an input brings"
            yield unknown_at(job, text.pointer, message, "write it out: a path in the image")
        elif any(is_below(path, folders) for path in paths):
            message = f"{what} is below an input, and what an input brings is not the code of the image"
            yield finding_at(LOADED, job, text.pointer, message, _MEND, about=what)


def _find_misplaced_inputs(job: JobDefinition) -> Iterator[Finding]:
    rooms = _ROOMS.get(job.platform)
    for each in job.inputs:
        if each.path is None:
            continue
        if not each.path.is_known:
            message = (
                "where an input stands is known only when the job starts, so it may cover the image's code"
            )
            yield unknown_at(job, each.path.pointer, message, "write the LocalPath out")
        elif rooms is not None and _covers_image(each, rooms):
            message = (
                "an input stands outside of the platform's own folders, where it may cover the image's code"
            )
            mend = f"write a LocalPath below {rooms[0]}/"
            yield finding_at(LOADED, job, each.path.pointer, message, mend, about=each.path.text)


def _covers_image(each: DefinedInput, rooms: Sequence[str]) -> bool:
    path = each.path.text if each.path is not None else ""
    return not is_below(path, rooms) or posixpath.normpath(path) in rooms


def _sources(job: JobDefinition) -> Iterator[tuple[str, JobText, Sequence[str]]]:
    """What code may come from: in words, where it is said, and the paths that are named there."""
    call = read_call(job)
    program = job.entry_point.words[:1] if job.entry_point is not None else ()
    command = call.command if isinstance(call, RunCall) else ()
    for text in program if all(text.is_known for text in program) else ():  # who reads the call tells that
        yield "the program of the job", text, (text.text,)
    words = [text.text for text in command]
    for number, text in enumerate(command):
        yield "a program or script of the command", text, code_words(words, number, _is_path)
    for variable in job.environment:
        name = variable.name.upper()
        if name in SEARCHED and variable.value.is_known:  # another check tells the others
            yield f"an entry of {name}", variable.value, search_entries(variable.value.text)
    if isinstance(call, RunCall):
        for option in ("--policy", "--waivers", "--baseline", "--declaration"):
            for text in call.values.get(option, ()):
                yield f"the file of {option}", text, (text.text,)


def _is_path(word: str) -> bool:
    """Whether a word is a file or a folder for certain, as far as a definition shows it."""
    return "/" in word or word == "."


def find_unknown_searches(job: JobDefinition, _context: JobContext) -> Iterator[Finding]:
    """A path that code is searched by, and that is known only when the job starts."""
    for variable in job.environment:
        if variable.name.upper() in SEARCHED and not variable.value.is_known:
            message = f"{variable.name.upper()}, by which code is found, is known only when the job starts"
            yield unknown_at(job, variable.value.pointer, message, "write it out, or leave it to the image")
