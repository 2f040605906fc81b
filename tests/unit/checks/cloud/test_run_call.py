"""Which commands are a call of the entry point, and what each says."""

from __future__ import annotations

from typing import Any

import pytest

from gatecli.checks.cloud.run_call import CallFault, RunCall, read_call
from gatecli.model.document import Document
from gatecli.model.job_definition import HOLE, JobDefinition, JobPlatform, JobText, JobVariable, JobWords

RUN = ["gatecli", "cloud", "sagemaker", "run"]
REST = ["--epsilon", "1", "--", "python", "train.py"]
TEXT = "gatecli cloud sagemaker run --epsilon 1 -- python train.py"


def words(*texts: str) -> JobWords:
    return JobWords(tuple(JobText(text, f"/{number}") for number, text in enumerate(texts)), "")


def job(entry: JobWords | None, arguments: JobWords | None = None, **environment: str) -> JobDefinition:
    variables = tuple(
        JobVariable(name, JobText(value, f"/env/{name}")) for name, value in environment.items()
    )
    more: dict[str, Any] = {"entry_point": entry, "arguments": arguments, "environment": variables}
    return JobDefinition(JobPlatform.SAGEMAKER, "test", "a", Document("job.json", {}), "", **more)


GOOD = [
    [*RUN, *REST],
    ["/usr/local/bin/gatecli", *RUN[1:], *REST],
    ["python", "-m", *RUN, *REST],
    ["python3.12", "-u", "-I", "-m", *RUN, *REST],
    ["sh", "-c", TEXT],
    ["/bin/bash", "-eu", "-c", TEXT],
    ["bash", "-ec", f"exec {TEXT}"],
    ["sh", "-c", TEXT, "sh", "ignored"],
    ["sh", "-c", TEXT.replace("--epsilon", '--color "$X" --epsilon')],
    ["tini", "-g", "--", *RUN, *REST],
    ["dumb-init", "--", "sh", "-c", TEXT],
]


@pytest.mark.parametrize("command", GOOD, ids=" ".join)
def test_the_entry_point_is_known_however_it_is_started(command: list[str]) -> None:
    call = read_call(job(words(*command)))
    assert isinstance(call, RunCall)
    assert [word.text for word in call.command] == ["python", "train.py"]
    value = call.value("--epsilon")
    assert value is not None
    assert value.text == "1"


BAD = [
    ["python", "train.py"],
    ["python", "-m", "train"],
    ["python", "-c", "import os"],
    ["env", "-u", "GATECLI_LEDGER", *RUN, *REST],
    ["gatecli", "check", "."],
    ["gatecli", "cloud", "azureml", "run", *REST],
    ["gatecli", "--help", *RUN[1:], *REST],
    [*RUN, "--epsilon", "1"],
    [*RUN, "--epsilon", "1", "--"],
    [*RUN, "--unknown", "1", *REST],
    [*RUN, "python", "train.py"],
    ["sh", "/opt/program/start.sh"],
    ["sh", "-c"],
    ["sh", "-c", ""],
    ["sh", "-c", f"{TEXT} || python train.py"],
    ["sh", "-c", f"A=1 {TEXT}"],
    ["sh", "-c", f"env -u GATECLI_LEDGER {TEXT}"],
    ["sh", "-c", f"{TEXT}; true"],
    ["bash", "-lc", f"cd /tmp && {TEXT}"],
    ["exec", *RUN, *REST],
    ["nice", *RUN, *REST],
    ["sh", "-c", "sh -c 'sh -c \"sh -c a\"'"],
    [],
]


@pytest.mark.parametrize("command", BAD, ids=" ".join)
def test_nothing_else_is_the_entry_point(command: list[str]) -> None:
    call = read_call(job(words(*command)))
    assert isinstance(call, CallFault)
    assert not call.is_unknown


@pytest.mark.parametrize(
    "command",
    [
        [HOLE],
        [f"{HOLE}/gatecli", *RUN[1:], *REST],
        ["gatecli", HOLE, "sagemaker", "run", *REST],
        [*RUN, HOLE, *REST],
        ["sh", "-c", "gatecli cloud sagemaker run $OPTIONS -- python train.py"],
        ["sh", "-c", "gatecli cloud sagemaker run --color $X -- python train.py"],
        ["sh", "-c", "gatecli cloud sagemaker run --color a?to -- python train.py"],
        ["sh", "-c", f"{TEXT} --lr {HOLE}"],
        ["sh", "-c", f"{TEXT} --lr '{HOLE}'"],
    ],
    ids=repr,
)
def test_what_only_the_start_knows_is_unknown(command: list[str]) -> None:
    call = read_call(job(words(*command)))
    assert isinstance(call, CallFault)
    assert call.is_unknown


def test_a_list_that_may_be_longer_is_unknown() -> None:
    whole, open_ = words(*RUN), JobWords((), "/arguments", is_whole=False)
    call = read_call(job(whole, open_))
    assert isinstance(call, CallFault)
    assert (call.is_unknown, call.pointer) == (True, "/arguments")


def test_without_an_entry_point_there_is_no_call() -> None:
    assert read_call(job(None, words(*REST))) is None


def test_arguments_follow_the_entry_point() -> None:
    assert isinstance(read_call(job(words(*RUN), words(*REST))), RunCall)


def test_a_variable_says_what_is_not_typed_and_only_that() -> None:
    call = read_call(
        job(words(*RUN, *REST), GATECLI_JOB_EPSILON="9", GATECLI_JOB_DATASET="a, b c", GATECLI_LEDGER="")
    )
    assert isinstance(call, RunCall)
    value = call.value("--epsilon")
    assert value is not None
    assert value.text == "1"
    assert [text.text for text in call.datasets] == ["a", "b", "c"]
    assert call.value("--ledger") is None


def test_the_last_of_several_values_counts_and_all_datasets() -> None:
    command = [*RUN, "--dataset=a", "--dataset", "b,c", "--epsilon=1", "--epsilon", "2", "--", "x"]
    call = read_call(job(words(*command)))
    assert isinstance(call, RunCall)
    assert [text.text for text in call.datasets] == ["a", "b", "c"]
    value = call.value("--epsilon")
    assert value is not None
    assert value.text == "2"
