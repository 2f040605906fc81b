"""The environment of a job: variables that weaken its run, and secrets that everybody can read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gatecli.checks.cloud.interface import JobContext, finding_at
from gatecli.checks.cloud.rules import unknown_at
from gatecli.checks.cloud.run_call import FLAGS, OPTIONS, RunCall, read_call
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.job_definition import HOLE, JobDefinition, JobText, JobWords
from gatecli.model.secret_text import SECRET as SECRET_TEXT

WEAKENED = Rule("cloud-weakened-run", Severity.ERROR, "An option or a variable weakens the run of a job")
SECRET = Rule("cloud-plaintext-secret", Severity.ERROR, "A definition holds a secret in plain text")
RULES = (WEAKENED, SECRET)

_WEAKENING = {
    "--exit-zero": "makes a job whose release did not pass look like one that ended well",
    "--root": "takes the description of the job from other files than the platform's",
    "--policy-from": "judges by a policy of another revision, which no image holds",
}
_HARMLESS = frozenset({*OPTIONS.values(), *FLAGS.values()} - {"GATECLI_EXIT_ZERO"})
_SECRET_NAME = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|PGPASSWORD|SECRET|SECRET_?KEY|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|TOKEN|CREDENTIALS?)$",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"arn:aws[a-z-]*:(?:secretsmanager|ssm):.*|/[^\s]*|https://[^/\s]+\.vault\.[^/\s]+/.*|ssm:.*|"
    r"(?:true|false|none|no|yes|0|1)?",
    re.IGNORECASE | re.DOTALL,
)
"""What names a secret, and is none: an ARN, a file, an address of a key vault."""


def find_weakened_run(job: JobDefinition, _context: JobContext) -> Iterator[Finding]:
    """Options and variables of ours that a job must not have."""
    call = read_call(job)
    if isinstance(call, RunCall):
        given = {**call.flags, **{name: texts[-1] for name, texts in call.values.items()}}
        for name, why in _WEAKENING.items():
            if name in given and not _is_off(name, given[name]):
                mend = f"leave {name} out, and the variable {({**OPTIONS, **FLAGS})[name]}"
                yield finding_at(WEAKENED, job, given[name].pointer, f"{name} {why}", mend)
    for variable in job.environment:
        yield from _find_in_variable(job, variable.name, variable.value)


def _is_off(name: str, text: JobText) -> bool:
    """Whether a variable of a switch says that it is off."""
    return name in FLAGS and text.text.lower() in {"", "0", "false", "no", "off", "n", "f"}


def _find_in_variable(job: JobDefinition, name: str, value: JobText) -> Iterator[Finding]:
    mend = "write the variables out, each by its name"
    if HOLE in name:
        message = "which variables the job has is known only when it starts"
        yield unknown_at(job, value.pointer, message, mend)
    elif name.upper().startswith("GATECLI_") and name not in _HARMLESS and name != "GATECLI_EXIT_ZERO":
        message = f"{name if name.isascii() else 'a variable'} is a setting of gatecli that no job needs"
        yield finding_at(WEAKENED, job, value.pointer, message, "leave it out", about=name)


def find_secrets(job: JobDefinition, _context: JobContext) -> Iterator[Finding]:
    """Everybody who may describe the job reads its environment, its command and its tags."""
    mend = "let the job fetch it while it runs (a secret's ARN, a file), and replace what was written here"
    for variable in job.environment:
        if _is_secret(variable.name, variable.value.text):
            message = "a variable holds a secret, for everybody who may describe the job"
            yield finding_at(SECRET, job, variable.value.pointer, message, mend)
    words = [
        *(job.entry_point or JobWords((), "")).words,
        *(job.arguments or JobWords((), "")).words,
        *job.texts,
    ]
    call = read_call(job)
    ledger = call.value("--ledger") if isinstance(call, RunCall) else None  # another rule asks about it
    for text in words:
        is_ledger = ledger is not None and text.pointer == ledger.pointer
        if SECRET_TEXT.search(text.text) and not is_ledger:
            message = "a word of the definition is a secret, for everybody who may describe the job"
            yield finding_at(SECRET, job, text.pointer, message, mend)


def _is_secret(name: str, value: str) -> bool:
    if name == "GATECLI_LEDGER":  # another rule asks about its password
        return False
    if SECRET_TEXT.search(value):
        return True
    return _SECRET_NAME.search(name) is not None and not _REFERENCE.fullmatch(value)
