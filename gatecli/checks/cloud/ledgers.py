"""Where a job finds its budget and leaves its release, and whether it can reach both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from urllib.parse import parse_qsl, urlsplit

from gatecli.checks.cloud.interface import JobContext, finding_at
from gatecli.checks.cloud.rules import is_below, unknown_at
from gatecli.checks.cloud.run_call import RunCall, read_call
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.job_definition import JobDefinition, JobPlatform, JobText

UNSEEN_LEDGER = Rule(
    "cloud-unseen-ledger", Severity.WARNING, "A job does not say which ledger pays: the image may"
)
PASSWORD = Rule(
    "cloud-password-in-ledger", Severity.ERROR, "The address of a ledger holds a password in plain text"
)
UNREACHABLE = Rule(
    "cloud-unreachable-ledger", Severity.ERROR, "A job without a network names a ledger on a server"
)
LOST_LEDGER = Rule(
    "cloud-lost-ledger", Severity.ERROR, "What a job spends of a ledger in a file is lost when it ends"
)
LOST_RELEASE = Rule(
    "cloud-lost-release", Severity.ERROR, "A job writes its release where nothing is kept when it ends"
)
RULES = (UNSEEN_LEDGER, PASSWORD, UNREACHABLE, LOST_LEDGER, LOST_RELEASE)

_SERVER = re.compile(r"postgres(?:ql)?://", re.IGNORECASE)
_SECRET_PARAMETERS = frozenset({"password", "sslpassword", "passwd"})


_OUTPUT = {
    JobPlatform.SAGEMAKER: "the LocalPath of an output",
    JobPlatform.AZUREML: "an output of the step: ${{outputs.NAME}}",
}


class LedgerPlace(Enum):
    """Where a ledger is, as far as its name says."""

    SERVER = auto()
    FILE = auto()
    UNSEEN = auto()
    UNKNOWN = auto()


def ledger_place(call: RunCall) -> LedgerPlace:
    """Where the ledger of a job is."""
    ledger = call.value("--ledger")
    if ledger is None:
        return LedgerPlace.UNSEEN
    if _SERVER.match(ledger.text):
        return LedgerPlace.SERVER
    return LedgerPlace.FILE if ledger.is_known else LedgerPlace.UNKNOWN


def find_ledger_faults(job: JobDefinition, _context: JobContext) -> Iterator[Finding]:
    """Of every platform: whether the ledger is named, without what opens it."""
    call = read_call(job)
    if not isinstance(call, RunCall):
        return
    ledger = call.value("--ledger")
    mend = "name it by --ledger before --, or by the variable GATECLI_LEDGER"
    if ledger is None:
        message = "the job names no ledger, so unless its image does, no budget pays and it ends at once"
        yield finding_at(UNSEEN_LEDGER, job, job.pointer, message, mend)
    elif has_password(ledger.text):
        yield finding_at(
            PASSWORD,
            job,
            ledger.pointer,
            "the address of the ledger holds a password, for everybody who may describe the job",
            "leave it out, and let the job's role or a file (PGPASSFILE) open the ledger",
        )
    elif ledger_place(call) is LedgerPlace.UNKNOWN:
        yield unknown_at(job, ledger.pointer, "which ledger pays is known only when the job starts", mend)


def has_password(url: str) -> bool:
    """Whether the address of a ledger holds a password, or what may become one when the job starts."""
    if not _SERVER.match(url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return True
    names = {name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    return parts.password is not None or bool(names & _SECRET_PARAMETERS)


def find_lost(job: JobDefinition, _context: JobContext) -> Iterator[Finding]:
    """Of a job whose folders its definition lists: whether they bring the ledger, and keep what it leaves."""
    call = read_call(job)
    if not isinstance(call, RunCall):
        return
    yield from _find_lost_release(job, call)
    if ledger_place(call) is LedgerPlace.FILE:
        yield from _find_lost_ledger(job, call)


def _find_lost_release(job: JobDefinition, call: RunCall) -> Iterator[Finding]:
    output = call.value("--output")
    kept = [each.path.text for each in job.outputs if each.path is not None and each.path.is_known]
    mend = f"write --output as {_OUTPUT[job.platform]}"
    if output is None:
        message = "the job does not say by --output where its release goes"
        yield finding_at(LOST_RELEASE, job, job.pointer, message, mend)
    elif not output.is_known:
        yield unknown_at(
            job, output.pointer, "where its release goes is known only when the job starts", mend
        )
    elif not any(is_below(output.text, [folder]) and is_below(folder, [output.text]) for folder in kept):
        message = (
            "the job writes its release into a folder that is no output, so it is lost when the job ends"
        )
        yield finding_at(LOST_RELEASE, job, output.pointer, message, mend, about=output.text)


def _find_lost_ledger(job: JobDefinition, call: RunCall) -> Iterator[Finding]:
    ledger = call.value("--ledger")
    if ledger is None:
        return
    brought = [each.path.text for each in job.inputs if each.path is not None and each.path.is_known]
    if not is_below(_file_of(ledger), brought):
        yield finding_at(
            LOST_LEDGER,
            job,
            ledger.pointer,
            "the ledger is a file that no input brings, so every run begins with the image's budget",
            "lend the job a ledger of its own (gatecli ledger lease), and bring it by an input",
        )
    elif call.value("--ledger-key") is None:
        yield finding_at(
            LOST_LEDGER,
            job,
            ledger.pointer,
            "the ledger is a file that ends with the job, and without a key nothing of it is given back",
            "name the ledger's key by --ledger-key: the job then leaves a signed return beside its release",
        )


def _file_of(ledger: JobText) -> str:
    """The path of a ledger in a file: `sqlite:////FILE` is absolute."""
    return ledger.text.removeprefix("sqlite:///")


def find_unreachable(job: JobDefinition, _context: JobContext) -> Iterator[Finding]:
    """A job without a network that would ask a server."""
    call, isolated = read_call(job), job.network.isolated
    if not isinstance(call, RunCall) or isolated is None or isolated.value is not True:
        return
    ledger = call.value("--ledger")
    if ledger is not None and ledger_place(call) is LedgerPlace.SERVER:
        yield finding_at(
            UNREACHABLE,
            job,
            ledger.pointer,
            "the job reaches no network, and its ledger is on a server: it would read nothing",
            "give the job a VpcConfig in place of EnableNetworkIsolation, or lend it a ledger in a file",
        )
