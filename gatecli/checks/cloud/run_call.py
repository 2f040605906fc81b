"""What a job starts: a call of `gatecli cloud PLATFORM run OPTIONS -- COMMAND`, or why it is none."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from gatecli.checks.cloud.shell_text import shell_words
from gatecli.checks.cloud.transform_call import TransformCall, read_transform_options
from gatecli.errors import UsageError
from gatecli.model.comma_list import split_list
from gatecli.model.job_definition import HOLE, JobDefinition, JobPlatform, JobText, JobWords

OPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "--dataset": "GATECLI_JOB_DATASET",
        "--epsilon": "GATECLI_JOB_EPSILON",
        "--delta": "GATECLI_JOB_DELTA",
        "--declaration": "GATECLI_JOB_DECLARATION",
        "--output": "GATECLI_JOB_OUTPUT",
        "--root": "GATECLI_JOB_ROOT",
        "--ledger": "GATECLI_LEDGER",
        "--ledger-key": "GATECLI_LEDGER_KEY",
        "--policy": "GATECLI_POLICY",
        "--policy-from": "GATECLI_POLICY_FROM",
        "--waivers": "GATECLI_WAIVERS",
        "--baseline": "GATECLI_BASELINE",
        "--fail-on": "GATECLI_FAIL_ON",
        "--format": "GATECLI_FORMAT",
        "--report": "GATECLI_REPORT",
        "--color": "GATECLI_COLOR",
    }
)
"""Options that take a value, and the variable of each."""
FLAGS: Mapping[str, str] = MappingProxyType(
    {"--exit-zero": "GATECLI_EXIT_ZERO", "--verbose": "GATECLI_VERBOSE", "--quiet": "GATECLI_QUIET"}
)
CHOICES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "--fail-on": frozenset({"error", "warning", "note"}),
        "--color": frozenset({"auto", "always", "never"}),
    }
)
"""Options that take one of few words; the formats of reports are not known here."""
SEPARATORS: Mapping[str, str | None] = MappingProxyType(
    {"--dataset": None, "--waivers": os.pathsep, "--report": None}
)
"""Options that may be repeated, and what parts the values in the variable of each; None is any blank."""
SHORT: Mapping[str, str] = MappingProxyType({"-f": "--format", "-v": "--verbose", "-q": "--quiet"})
"""Short names of options."""
_SHORT_FLAGS = re.compile("-[vq]+")
_SHELL_FLAGS = re.compile(r"-[aeuxl]*c|-[aeuxl]+")
_PYTHON_FLAGS = re.compile(r"-[EIsPuBO]+")
_DEEPEST = 3
_TRANSFORM = ("cloud", "azureml", "transform")


@dataclass(frozen=True, slots=True)
class RunCall:
    """A call of the entry point, as far as the definition says it.

    `values` are those of its options, by the option's name; the text of each is a HOLE where it is not known.
    `flags` are those that are set. `command` is what it runs.
    """

    values: Mapping[str, tuple[JobText, ...]] = field(default_factory=dict)
    flags: Mapping[str, JobText] = field(default_factory=dict)
    command: tuple[JobText, ...] = ()

    def value(self, option: str) -> JobText | None:
        """The last value of an option, which counts; None where it has none."""
        values = self.values.get(option, ())
        return values[-1] if values else None

    @property
    def datasets(self) -> tuple[JobText, ...]:
        """The names of the datasets, one by one; none of a list that cannot be read."""
        return tuple(
            JobText(name, text.pointer)
            for text in self.values.get("--dataset", ())
            for name in _names_in(text.text)
        )


def _names_in(text: str) -> Sequence[str]:
    try:
        return split_list([text])
    except UsageError:
        return ()


@dataclass(frozen=True, slots=True)
class CallFault:
    """Why what a job starts is not the entry point; `is_unknown` where that is known only at the start."""

    pointer: str
    why: str
    is_unknown: bool = False


JobCall: TypeAlias = RunCall | TransformCall | CallFault


def read_call(job: JobDefinition) -> JobCall | None:
    """What a job starts, with what its variables add; None where the definition says no entry point."""
    if job.entry_point is None:
        return None
    for part in (job.entry_point, job.arguments):
        if part is not None and not part.is_whole:
            return CallFault(part.pointer, "its command is known only when it starts", is_unknown=True)
    words = (*job.entry_point.words, *(job.arguments or JobWords((), "")).words)
    call = _call_in(words, job, 0) if words else CallFault(job.entry_point.pointer, "its command is empty")
    return _with_variables(call, job) if isinstance(call, RunCall) else call


def _call_in(words: Sequence[JobText], job: JobDefinition, depth: int) -> JobCall:
    """The call that words are, or that a shell, an init or Python makes of them."""
    if not words or depth > _DEEPEST:
        pointer = words[0].pointer if words else job.pointer
        return CallFault(pointer, "it starts the entry point by too many others")
    program = words[0]
    if not program.is_known:
        return CallFault(program.pointer, "its program is known only when it starts", is_unknown=True)
    name = posixpath.basename(program.text)
    start = next((start for pattern, start in _STARTERS if pattern.fullmatch(name)), None)
    if start is None or (start is _by_exec and not depth):  # a word of the shell, and no program
        return CallFault(program.pointer, "its program is not gatecli")
    return start(words, job, depth)


def _by_init(words: Sequence[JobText], job: JobDefinition, depth: int) -> JobCall:
    return _call_in(_after_options(words[1:]), job, depth + 1)


def _by_exec(words: Sequence[JobText], job: JobDefinition, depth: int) -> JobCall:
    return _call_in(words[1:], job, depth + 1)


def _after_options(words: Sequence[JobText]) -> Sequence[JobText]:
    rest = list(words)
    while rest and rest[0].text.startswith("-"):
        if rest.pop(0).text == "--":
            break
    return rest


def _by_shell(words: Sequence[JobText], job: JobDefinition, depth: int) -> JobCall:
    rest = list(words[1:])
    while rest and _SHELL_FLAGS.fullmatch(rest[0].text):
        if rest.pop(0).text.endswith("c"):
            return _in_shell_text(rest, words[0], job, depth)
    where = rest[0].pointer if rest else words[0].pointer
    return CallFault(where, "it starts a script by a shell, and what stands in it is not seen")


def _in_shell_text(rest: Sequence[JobText], shell: JobText, job: JobDefinition, depth: int) -> JobCall:
    if not rest:
        return CallFault(shell.pointer, "its shell is given no command")
    text = rest[0]
    if not text.is_known:
        why = "a part of the command of its shell is known only when it starts, and may be another command"
        return CallFault(text.pointer, why, is_unknown=True)
    read = shell_words(text.text)
    ends = read.words.index("--") if "--" in read.words else len(read.words)
    if any(number < ends for number in read.loose):
        why = "a variable or a pattern without quotes may be several words, such as other options"
        return CallFault(text.pointer, why, is_unknown=True)
    if read.fault:
        return CallFault(text.pointer, f"the command of its shell is more than the entry point: {read.fault}")
    inner = [JobText(word, text.pointer) for word in read.words]
    if inner and "=" in inner[0].text.partition("/")[0]:
        return CallFault(text.pointer, "the command of its shell sets a variable before the entry point")
    return _call_in(inner, job, depth + 1) if inner else CallFault(text.pointer, "its shell runs nothing")


def _by_python(words: Sequence[JobText], job: JobDefinition, depth: int) -> JobCall:
    rest = list(words[1:])
    while rest and _PYTHON_FLAGS.fullmatch(rest[0].text):
        rest.pop(0)
    if len(rest) >= 2 and rest[0].text == "-m" and rest[1].text == "gatecli":
        return _own_call(rest[1:], job, depth)
    where = rest[0].pointer if rest else words[0].pointer
    return CallFault(where, "it starts another program of Python")


def _own_call(words: Sequence[JobText], job: JobDefinition, _depth: int) -> JobCall:
    wanted = ("cloud", job.platform.value, "run")
    own = tuple(word.text for word in words[1:4])
    if own == _TRANSFORM and job.platform is JobPlatform.AZUREML:
        given = {variable.name: variable.value for variable in job.environment}
        read = read_transform_options(words[4:], given)
        return read if isinstance(read, TransformCall) else CallFault(read[0].pointer, read[1])
    if own != wanted:
        is_unknown = any(HOLE in word for word in own)
        where = words[1].pointer if len(words) > 1 else words[0].pointer
        return CallFault(
            where, f"it calls gatecli, and not gatecli {' '.join(wanted)}", is_unknown=is_unknown
        )
    return _with_options(words[4:], words[0])


_Starter = Callable[[Sequence[JobText], JobDefinition, int], JobCall]
_STARTERS: Sequence[tuple[re.Pattern[str], _Starter]] = (
    (re.compile("gatecli"), _own_call),
    (re.compile("sh|bash|dash|ash|zsh|ksh"), _by_shell),
    (re.compile("tini|dumb-init"), _by_init),
    (re.compile(r"python(?:3(?:\.\d+)?)?"), _by_python),
    (re.compile("exec"), _by_exec),
)
"""Programs that are the entry point, or may start it."""


def _with_options(words: Sequence[JobText], program: JobText) -> RunCall | CallFault:
    """The options up to `--`, and the command after it."""
    ends = next((number for number, word in enumerate(words) if word.text == "--"), None)
    if ends is None or ends + 1 == len(words):
        where = words[-1].pointer if words else program.pointer
        return CallFault(where, "it names no command after --")
    values: dict[str, tuple[JobText, ...]] = {}
    flags: dict[str, JobText] = {}
    rest = iter(words[:ends])
    for word in rest:
        fault = _take_option(word, rest, values, flags)
        if fault is not None:
            return fault
    return RunCall(values, flags, tuple(words[ends + 1 :]))


def _take_option(
    word: JobText,
    rest: Iterator[JobText],
    values: dict[str, tuple[JobText, ...]],
    flags: dict[str, JobText],
) -> CallFault | None:
    name, has_value, text = word.text.partition("=")
    if word.text in SHORT:
        name, has_value = SHORT[word.text], ""
    if name in OPTIONS:
        value = JobText(text, word.pointer) if has_value else next(rest, None)
        if value is None:
            return CallFault(word.pointer, f"its option {name} has no value")
        values[name] = (*values.get(name, ()), value)
        return None
    if word.text in FLAGS:
        flags[word.text] = word
        return None
    if _SHORT_FLAGS.fullmatch(word.text):
        flags.update({SHORT[f"-{letter}"]: word for letter in word.text[1:]})
        return None
    if not word.is_known:
        return CallFault(word.pointer, "one of its options is known only when it starts", is_unknown=True)
    return CallFault(word.pointer, "it has an option before -- that this release does not know")


def _in_variable(option: str, value: JobText) -> tuple[JobText, ...]:
    """The values that a variable holds: of an option that may be repeated, several."""
    texts = value.text.split(SEPARATORS[option]) if option in SEPARATORS else [value.text]
    return tuple(JobText(text, value.pointer) for text in texts)


def _with_variables(call: RunCall, job: JobDefinition) -> RunCall:
    """The call with what variables say of options that are not typed; an empty variable says nothing."""
    given = {variable.name: variable.value for variable in job.environment}
    values = {
        option: _in_variable(option, given[variable])
        for option, variable in OPTIONS.items()
        if option not in call.values and variable in given and given[variable].text
    }
    flags = {flag: given[variable] for flag, variable in FLAGS.items() if variable in given}
    return RunCall({**values, **call.values}, {**flags, **call.flags}, call.command)
