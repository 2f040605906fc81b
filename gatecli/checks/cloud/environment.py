"""The environment of a job: variables that weaken its run, and secrets that everybody can read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gatecli.checks.cloud.interface import JobContext, finding_at
from gatecli.checks.cloud.rules import unknown_at
from gatecli.checks.cloud.run_call import FLAGS, OPTIONS, RunCall, read_call
from gatecli.checks.cloud.secret_values import is_secret, secret_words
from gatecli.checks.cloud.transform_call import TRANSFORM_OPTIONS, TransformCall
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.job_definition import HOLE, JobDefinition, JobText

WEAKENED = Rule("cloud-weakened-run", Severity.ERROR, "An option or a variable weakens the run of a job")
SECRET = Rule("cloud-plaintext-secret", Severity.ERROR, "A definition holds a secret in plain text")
RULES = (WEAKENED, SECRET)

_WEAKENING = {
    "--exit-zero": "makes a job whose release did not pass look like one that ended well",
    "--root": "takes the description of the job from other files than the platform's",
    "--policy-from": "judges by a policy of another revision, which no image holds",
}
TRANSFORM_VARIABLES = frozenset(TRANSFORM_OPTIONS.values())
_STARTING = re.compile(r"BASH_ENV|BASH_FUNC_.*|BASHOPTS|SHELLOPTS|PS4", re.DOTALL)
"""Variables by which a shell runs commands before the one that it is given, or in its place."""
_LEDGER_SERVER = re.compile(r"PG(?:HOST|HOSTADDR|PORT|DATABASE|SERVICE|SERVICEFILE|SYSCONFDIR)")
"""Variables of PostgreSQL's client that may lead to another server than the address of a ledger."""
_HARMLESS = frozenset({*OPTIONS.values(), *FLAGS.values()} - {"GATECLI_EXIT_ZERO"})


def find_weakened_run(job: JobDefinition, _context: JobContext) -> Iterator[Finding]:
    """Options and variables of ours that a job must not have."""
    call = read_call(job)
    if isinstance(call, RunCall):
        given = {**call.flags, **{name: texts[-1] for name, texts in call.values.items()}}
        for name, why in _WEAKENING.items():
            if name in given and not _is_off(name, given[name]):
                mend = f"leave {name} out, and the variable {({**OPTIONS, **FLAGS})[name]}"
                yield finding_at(WEAKENED, job, given[name].pointer, f"{name} {why}", mend)
    known = TRANSFORM_VARIABLES if isinstance(call, TransformCall) else frozenset[str]()
    for variable in job.environment:
        if variable.name not in known:
            yield from _find_in_variable(job, variable.name, variable.value)


def _is_off(name: str, text: JobText) -> bool:
    """Whether a variable of a switch says that it is off."""
    return name in FLAGS and text.text.lower() in {"", "0", "false", "no", "off", "n", "f"}


def _find_in_variable(job: JobDefinition, name: str, value: JobText) -> Iterator[Finding]:
    mend = "write the variables out, each by its name"
    if HOLE in name:
        message = "which variables the job has is known only when it starts"
        yield unknown_at(job, value.pointer, message, mend)
    elif _STARTING.fullmatch(name):
        message = "a variable makes the shell run commands before the entry point, or in its place"
        yield finding_at(WEAKENED, job, value.pointer, message, "leave it out", about=name)
    elif _LEDGER_SERVER.fullmatch(name):
        message = f"{name} may lead to another ledger than the one that the job names"
        mend = "write the host, the port and the database into the address of the ledger"
        yield finding_at(WEAKENED, job, value.pointer, message, mend, about=name)
    elif name.upper().startswith("GATECLI_") and name not in _HARMLESS and name != "GATECLI_EXIT_ZERO":
        message = f"{name if name.isascii() else 'a variable'} is a setting of gatecli that no job needs"
        yield finding_at(WEAKENED, job, value.pointer, message, "leave it out", about=name)


def find_secrets(job: JobDefinition, _context: JobContext) -> Iterator[Finding]:
    """Everybody who may describe the job reads its environment, its command and its tags."""
    mend = "let the job fetch it while it runs (a secret's ARN, a file), and replace what was written here"
    for variable in job.environment:  # another rule asks about the ledger's password
        if variable.name != "GATECLI_LEDGER" and is_secret(variable.name, variable.value.text):
            message = "a variable holds a secret, for everybody who may describe the job"
            yield finding_at(SECRET, job, variable.value.pointer, message, mend)
    call = read_call(job)
    ledger = call.value("--ledger") if isinstance(call, RunCall) else None
    parts = [part.words for part in (job.entry_point, job.arguments) if part is not None]
    words = [word for part in parts for word in part]
    found = [words[number] for number in secret_words([word.text for word in words])]
    found += [text for text in job.texts if is_secret(text.pointer.rpartition("/")[2], text.text)]
    for text in found:
        if ledger is None or text.pointer != ledger.pointer:
            message = "a word of the definition is a secret, for everybody who may describe the job"
            yield finding_at(SECRET, job, text.pointer, message, mend)
