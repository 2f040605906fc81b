"""What the entry point refuses when the job starts, and its definition shows before."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.checks.cloud.declarations import declaration_of, unkept_promises
from gatecli.checks.cloud.interface import JobContext, finding_at
from gatecli.checks.cloud.rules import is_below, unknown_at
from gatecli.checks.cloud.run_call import CHOICES, FLAGS, RunCall, read_call
from gatecli.errors import UsageError
from gatecli.model.comma_list import split_list
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.job_definition import DefinedOutput, JobDefinition

REFUSED = Rule(
    "cloud-refused-run", Severity.ERROR, "The entry point refuses to run a job that is defined like this"
)

_JUDGING = ("--declaration", "--policy", "--waivers", "--baseline", "--ledger-key")
_SWITCHED = frozenset({"y", "yes", "t", "true", "on", "1", "n", "no", "f", "false", "off", "0"})
_RANKS = frozenset({"WORLD_SIZE", "OMPI_COMM_WORLD_SIZE", "AZUREML_NODE_COUNT"})


def find_refused_options(job: JobDefinition, context: JobContext) -> Iterator[Finding]:
    """Options and variables that the command line does not take."""
    call = read_call(job)
    if not isinstance(call, RunCall):
        return
    for option, choices in CHOICES.items():
        text = call.value(option)
        if text is not None and text.is_known and text.text not in choices:
            message = f"{option} is not one of {', '.join(sorted(choices))}, so the job ends at once"
            yield finding_at(REFUSED, job, text.pointer, message, f"leave {option} out", about=option)
    for text in call.values.get("--report", ()):
        name, separator, file = text.text.partition("=")
        if text.is_known and not (name and separator and file):
            message = "--report is not FORMAT=FILE, so the job ends at once"
            yield finding_at(REFUSED, job, text.pointer, message, "leave --report out", about="--report")
    declared = declaration_of(call, context.declared)
    if declared is not None:
        for why, mend in unkept_promises(declared.release):
            yield finding_at(REFUSED, job, job.pointer, f"{declared.path} {why}", mend, about=why)
    yield from _find_in_switches(job, call)
    yield from _find_in_words(job, call)


def _find_in_switches(job: JobDefinition, call: RunCall) -> Iterator[Finding]:
    """A switch that is typed is on; the text of a variable says what it is."""
    for flag, text in call.flags.items():
        is_typed = text.text.startswith("-")
        is_number = flag == "--verbose" and text.text.isascii() and text.text.isdecimal()
        if is_typed or is_number or not text.is_known or not text.text:
            continue
        if flag == "--verbose" or text.text.lower() not in _SWITCHED:
            wanted = "a number" if flag == "--verbose" else "true or false"
            message = f"{FLAGS[flag]} is not {wanted}, so the job ends at once"
            yield finding_at(REFUSED, job, text.pointer, message, "leave it out", about=flag)


def _find_in_words(job: JobDefinition, call: RunCall) -> Iterator[Finding]:
    """Words that no list of datasets and no program is written with."""
    for text in call.values.get("--dataset", ()):
        try:
            split_list([text.text])
        except UsageError:
            message = "the list of --dataset has a quote that is not closed, so the job ends at once"
            yield finding_at(REFUSED, job, text.pointer, message, 'write "a,b",c', about="--dataset")
    program = call.command[0]
    if not program.text or program.text.startswith("-"):
        message = "what stands after -- is not a program, so the job ends at once"
        yield finding_at(REFUSED, job, program.pointer, message, "write -- COMMAND", about="--")


def find_refused_places(job: JobDefinition, _context: JobContext) -> Iterator[Finding]:
    """Inputs and outputs of a job of SageMaker that could not be judged, and what judges in the midst."""
    call = read_call(job)
    if not isinstance(call, RunCall):
        return
    if job.is_training:
        message = "the entry point runs in processing jobs, and a training job has another container"
        mend = "define it as a processing job (CreateProcessingJob): the same image, inputs and outputs"
        yield finding_at(REFUSED, job, job.pointer, message, mend, about="training")
    for each in job.inputs:
        if each.mode is not None and not each.mode.is_known:
            message = "how an input is brought is known only when the job starts"
            yield unknown_at(job, each.mode.pointer, message, "write S3InputMode: File")
        elif each.mode is not None and each.mode.text == "Pipe":
            message = "an input comes through a pipe, which is read once, so nobody can tell what was read"
            yield finding_at(REFUSED, job, each.mode.pointer, message, "set its S3InputMode to File")
    for output in job.outputs:
        yield from _find_early_upload(job, output)
    yield from _find_nested(job, call)
    yield from find_judging_in_outputs(job, call)


def _find_early_upload(job: JobDefinition, output: DefinedOutput) -> Iterator[Finding]:
    mode = output.mode
    if mode is None or mode.text == "EndOfJob":
        return
    mend = "give it an S3Output with a LocalPath and S3UploadMode: EndOfJob, without AppManaged"
    if not mode.is_known:
        message = "when an output is uploaded is known only when the job starts"
        yield unknown_at(job, mode.pointer, message, mend)
    else:
        message = "an output is uploaded while the command runs, before its release is judged"
        yield finding_at(REFUSED, job, mode.pointer, message, mend, about=mode.text)


def _find_nested(job: JobDefinition, call: RunCall) -> Iterator[Finding]:
    """The folder of the release, with another in it or around it."""
    release = call.value("--output")
    if release is None or not release.is_known:
        return
    for path in (*(each.path for each in job.inputs), *(each.path for each in job.outputs)):
        if path is None or not path.is_known or _is_same(path.text, release.text):
            continue
        if is_below(path.text, [release.text]) or is_below(release.text, [path.text]):
            message = "the folder of the release and another of the job are one in the other"
            mend = "give each input and output of the job a folder of its own"
            yield finding_at(REFUSED, job, path.pointer, message, mend, about=path.text)


def _is_same(path: str, other: str) -> bool:
    return is_below(path, [other]) and is_below(other, [path])


def find_judging_in_outputs(job: JobDefinition, call: RunCall) -> Iterator[Finding]:
    """A file that judges the job, in a folder that the job writes."""
    folders = [each.path.text for each in job.outputs if each.path is not None and each.path.is_known]
    for option in _JUDGING:
        for text in call.values.get(option, ()):
            if is_below(text.text, folders):
                message = f"the file of {option} is in an output, and what judges a job must not be in one"
                mend = "put it into the image, which is pinned by its digest"
                yield finding_at(REFUSED, job, text.pointer, message, mend, about=option)


def find_refused_processes(job: JobDefinition, _context: JobContext) -> Iterator[Finding]:
    """A job of Azure ML in several processes, and variables that the platform alone sets."""
    call = read_call(job)
    if not isinstance(call, RunCall):
        return
    mend = "set process_count_per_instance to 1, or leave distribution out"
    count = job.machines.processes
    if count is not None and count.value is None:
        yield unknown_at(job, count.pointer, "in how many processes the job runs is not known", mend)
    elif count is not None and count.value != 1:
        message = f"the job runs in {count.value} processes, each of which would spend the budget of one run"
        yield finding_at(REFUSED, job, count.pointer, message, mend, about=str(count.value))
    for variable in job.environment:
        is_rank = variable.name in _RANKS and variable.value.text.strip() not in {"", "1"}
        if is_rank or variable.name.startswith("AZUREML_"):
            message = (
                "a variable that the platform sets is set by the definition, so another run would be charged"
            )
            yield finding_at(
                REFUSED, job, variable.value.pointer, message, "leave it out", about=variable.name
            )
    yield from find_judging_in_outputs(job, call)
