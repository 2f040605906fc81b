"""Code from an input: the gate of definitions and the entry point of the job refuse the same commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatecli.checks.cloud.code_sources import find_loaded_code
from gatecli.checks.cloud.interface import JobContext
from gatecli.checks.cloud.programs import SEARCHED
from gatecli.cloud.commands import require_own_code
from gatecli.cloud.jobs import Job, JobInput
from gatecli.errors import UsageError
from gatecli.model.document import Document
from gatecli.model.job_definition import (
    DefinedInput,
    JobDefinition,
    JobPlatform,
    JobText,
    JobVariable,
    JobWords,
)
from gatecli.sources.policy import default_policy

INPUT = "/opt/ml/processing/input/data"
RUN = ("gatecli", "cloud", "sagemaker", "run", "--")

CODE = [
    ("python", "-W", "ignore", f"{INPUT}/train"),
    ("torchrun", "--nproc-per-node", "1", f"{INPUT}/train"),
    ("env", "A=1", f"{INPUT}/train"),
    ("timeout", "60", f"{INPUT}/train"),
    ("xargs", f"{INPUT}/train"),
    ("tini", f"{INPUT}/train"),
    ("bash", "-c", f"source {INPUT}/setup && python /app/train.py"),
    ("spark-submit", "/app/train.py", "--py-files", f"/app/a.py,{INPUT}/more.zip"),
    ("java", "-cp", f"/app/a.jar:{INPUT}/more.class", "Main"),
    ("train", f"--plugin={INPUT}/plugin.so.1.2"),
    ("train", f"{INPUT}/plugin.mjs"),
    ("python", f"{INPUT}/train.pyw"),
    ("ash", f"{INPUT}/train"),
    (f"{INPUT}/train",),
]
DATA = [
    ("python", "/app/train.py", INPUT),
    ("python", "/app/train.py", "--data", f"{INPUT}/a.csv"),
    ("python", "-m", "trainer", INPUT),
    ("python", "-c", "print()", INPUT),
    ("train", INPUT, f"--data={INPUT}/part-0.parquet"),
    ("flwr", "run", ".", INPUT),
]


def gate_refuses(command: tuple[str, ...], **variables: str) -> bool:
    job = JobDefinition(
        JobPlatform.SAGEMAKER,
        "test",
        "a",
        Document("job.json", {}),
        "",
        entry_point=JobWords(tuple(JobText(word, "/a") for word in (*RUN, *command)), "/a"),
        environment=tuple(JobVariable(name, JobText(text, "/e")) for name, text in variables.items()),
        inputs=(DefinedInput("data", "/i", JobText(INPUT, "/i")),),
    )
    return bool(list(find_loaded_code(job, JobContext(default_policy()))))


def entry_point_refuses(command: tuple[str, ...], **variables: str) -> bool:
    job = Job("sagemaker", "train-1", "arn", (JobInput("data", "0" * 64, Path(INPUT)),))
    try:
        require_own_code(command, job, {"PATH": "/usr/bin:/bin", **variables}, Path("/"))
    except UsageError:
        return True
    return False


@pytest.mark.parametrize("command", CODE, ids=" ".join)
def test_both_refuse_code_of_an_input(command: tuple[str, ...]) -> None:
    assert (gate_refuses(command), entry_point_refuses(command)) == (True, True)


@pytest.mark.parametrize("command", DATA, ids=" ".join)
def test_both_take_data_of_an_input(command: tuple[str, ...], tmp_path: Path) -> None:
    assert gate_refuses(command) is False
    (tmp_path / "app").mkdir()
    (tmp_path / "app/train.py").write_text("")
    placed = tuple(word.replace("/app", f"{tmp_path}/app") for word in command)
    assert entry_point_refuses(placed) is False


@pytest.mark.parametrize("name", sorted(SEARCHED))
@pytest.mark.parametrize("text", [f"/lib:{INPUT}", f"-I{INPUT} {INPUT}", f"/a;{INPUT}/b", f"--path={INPUT}"])
def test_both_refuse_a_variable_by_which_code_is_found(name: str, text: str) -> None:
    assert (gate_refuses(("train",), **{name: text}), entry_point_refuses(("train",), **{name: text})) == (
        True,
        True,
    )


@pytest.mark.parametrize("name", ["TRAINING_PATH", "DATA"])
def test_neither_refuses_another_variable(name: str) -> None:
    assert (gate_refuses(("train",), **{name: INPUT}), entry_point_refuses(("train",), **{name: INPUT})) == (
        False,
        False,
    )
