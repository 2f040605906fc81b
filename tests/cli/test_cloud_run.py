"""`gatecli cloud sagemaker|azureml|flower run` as processes: exit codes, messages, what is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gatecli.ledger.opening import open_store
from tests.cli.conftest import Run
from tests.support.jobs import (
    DATASET,
    INPUT,
    OUTPUT,
    RELEASE,
    Container,
    Word,
    declaration,
    job_files,
    ledger,
    left_in,
    s3_input,
    s3_output,
    shell,
    terms_of_dataset,
)

Job = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def container(tmp_path: Path) -> Container:
    ledger(tmp_path / "ledger.db").close()
    return Container(tmp_path / "root").make()


@pytest.fixture
def job(container: Container, run: Run) -> Job:
    """Run a job of SageMaker; `without` leaves options out."""

    def start(
        *command: str, without: tuple[str, ...] = (), **variables: str
    ) -> subprocess.CompletedProcess[str]:
        options = {name: value for name, value in options_of(container).items() if name not in without}
        words = [word for pair in options.items() for word in pair]
        return run("cloud", "sagemaker", "run", *words, "--", *(command or container.trainer()), **variables)

    return start


def options_of(container: Container) -> dict[str, str]:
    return {
        "--root": str(container.root),
        "--dataset": DATASET,
        "--epsilon": "1",
        "--delta": "1e-6",
        "--output": str(container.output),
        "--declaration": str(container.declaration),
        "--ledger": str(container.root.parent / "ledger.db"),
    }


def held(container: Container) -> float:
    store = open_store(str(container.root.parent / "ledger.db"), read_only=True)
    account = store.account(DATASET)
    store.close()
    assert account is not None
    return account.held.basic_epsilon / 10**12


def test_a_job_publishes_its_release_and_what_is_left_of_the_budget(container: Container, job: Job) -> None:
    done = job()
    assert done.returncode == 0
    assert f"{RELEASE} is committed" in done.stderr
    (line,) = [json.loads(each) for each in done.stderr.splitlines() if each.startswith("{")]
    assert (line["Dataset"], line["BudgetRemaining"]) == (DATASET, 87.5)
    assert left_in(container.output) == ["job.json", "model.bin", "privacy.json", "spent.json"]
    assert not container.message.exists()
    assert held(container) == 1


def test_what_a_job_published_passes_the_gate_with_the_ledger(
    container: Container, job: Job, run: Run
) -> None:
    assert job().returncode == 0
    judged = run("release", "check", container.output, "--ledger", container.root.parent / "ledger.db")
    assert judged.returncode == 0, judged.stdout
    verified = run("ledger", "verify", "--ledger", container.root.parent / "ledger.db")
    assert verified.returncode == 0, verified.stdout


def test_a_crash_keeps_the_spend_and_tells_the_platform_why(container: Container, job: Job) -> None:
    done = job(*shell(f"echo half > {container.output}/half.bin; exit 3"))
    assert done.returncode == 4
    assert "the command ended with 3" in done.stderr
    assert container.message.read_text().startswith("gatecli: the command ended with 3, so")
    (line,) = [json.loads(each) for each in done.stderr.splitlines() if each.startswith("{")]
    assert line["BudgetRemaining"] == 87.5
    assert left_in(container.output) == []
    assert held(container) == 1


def test_a_closed_gate_tells_the_platform_so(container: Container, job: Job) -> None:
    done = job(*container.trainer(epsilon=4))
    assert done.returncode == 1
    assert "the privacy gate is closed (exit code 1)" in container.message.read_text()
    assert f"{RELEASE} is not published: its folder was emptied" in done.stderr
    assert f"are about {container.declaration} and what the command left" in done.stderr
    assert left_in(container.output) == []


def test_a_job_that_never_read_is_taken_back_in_two_steps_that_are_told(
    container: Container, job: Job, run: Run
) -> None:
    assert job(*shell("exit 3")).returncode == 4
    (container.root / "job.log").write_text("cancelled")
    ledger_file = container.root.parent / "ledger.db"

    def void(subject: str) -> subprocess.CompletedProcess[str]:
        shown = ("--reason", "cancelled", "--evidence", container.root / "job.log", "--ledger", ledger_file)
        return run("ledger", "void", subject, *shown)

    refused = void(RELEASE)
    assert refused.returncode == 2
    assert f"gatecli ledger void {RELEASE}+run:first" in refused.stderr
    assert f"{RELEASE} keeps its budget, for another run" in void(f"{RELEASE}+run:first").stderr
    assert held(container) == 1
    assert "its budget is free" in void(RELEASE).stderr
    assert held(container) == 0


def test_a_job_that_is_started_again_is_refused(container: Container, job: Job) -> None:
    assert job(*shell("exit 3")).returncode == 4
    done = job()
    assert done.returncode == 1
    assert "took its budget for churn@1.0.0 before" in container.message.read_text()
    assert held(container) == 1


def test_a_job_without_configuration_files_is_told_where_the_platform_looks(
    container: Container, job: Job
) -> None:
    (container.config / "processingjobconfig.json").unlink()
    done = job()
    assert done.returncode == 4
    assert "this is not a container of SageMaker Processing" in container.message.read_text()
    assert held(container) == 0


@pytest.mark.parametrize(
    ("without", "says"),
    [
        ("--epsilon", "--epsilon"),
        ("--delta", "--delta"),
        ("--dataset", "--dataset"),
        ("--output", "--output"),
        ("--ledger", "a job needs a ledger: no run is free"),
    ],
)
def test_nothing_turns_tracking_off_by_being_left_out(
    container: Container, job: Job, without: str, says: str
) -> None:
    done = job(without=(without,))
    assert done.returncode == 2
    assert says in done.stderr
    assert says in container.message.read_text()
    assert left_in(container.output) == []
    assert held(container) == 0


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"GATECLI_EXIT_ZERO": "1"}, "--exit-zero would make a job"),
        ({"GATECLI_JOB_EPSILON": "nan"}, "--epsilon"),
    ],
)
def test_no_variable_makes_a_job_look_well(
    container: Container, job: Job, variables: dict[str, str], says: str
) -> None:
    left = ("--epsilon",) if "GATECLI_JOB_EPSILON" in variables else ()
    done = job(without=left, **variables)
    assert done.returncode == 2
    assert says in done.stderr
    assert held(container) == 0


def test_a_message_is_cut_between_characters_and_masks_personal_data(container: Container, job: Job) -> None:
    name = f"{'ε' * 100} anna.svensson@nordlund.se {'ε' * 900}"
    declared = declaration(datasets=[{"name": DATASET, "records": 60000}, {"name": name, "records": 3}])
    container.declaration.write_text(json.dumps(declared))
    assert job().returncode == 2
    content = container.message.read_bytes()
    assert 1000 < len(content) <= 1024
    assert "εεεε" in content.decode()
    assert b"svensson" not in content


def test_a_message_is_not_written_through_what_stands_in_its_place(container: Container, job: Job) -> None:
    container.message.parent.mkdir(parents=True)
    os.mkfifo(container.message)
    done = job(*shell("exit 3"))
    assert done.returncode == 4
    assert "could not be written for the platform" in done.stderr


def test_a_machine_without_such_a_place_gets_no_folder(tmp_path: Path, run: Run) -> None:
    done = run("cloud", "sagemaker", "run", "--root", tmp_path / "nothing", "--", "true")
    assert done.returncode == 2
    assert not (tmp_path / "nothing").exists()


def test_a_root_may_be_given_by_a_variable_when_options_are_missing(container: Container, run: Run) -> None:
    done = run("cloud", "sagemaker", "run", "--", "true", GATECLI_JOB_ROOT=str(container.root))
    assert done.returncode == 2
    assert "Missing option" in container.message.read_text()


def test_the_command_is_told_its_job_and_not_the_ledger(container: Container, job: Job) -> None:
    script = f"env > {container.root}/told; exit 1"
    job(*shell(script), GATECLI_LEDGER_KEY="", PGPASSWORD="secret", GATECLI_SERVE_KEY="secret")
    told = (container.root / "told").read_text()
    assert "GATECLI_JOB=" in told
    assert "secret" not in told
    assert "GATECLI_LEDGER" not in told


def start_process(container: Container, *command: str) -> subprocess.Popen[str]:
    words = [word for pair in options_of(container).items() for word in pair]
    return subprocess.Popen(
        [sys.executable, "-m", "gatecli", "cloud", "sagemaker", "run", *words, "--", *command],
        cwd=container.root.parent,
        env={"PATH": os.environ["PATH"], "HOME": str(container.root), "LANG": "C.UTF-8"},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        preexec_fn=heed_requests,  # noqa: PLW1509 - no thread of these tests holds a lock
    )


def heed_requests() -> None:
    """A shell in the background lets what it starts ignore some of them."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_job_that_the_platform_stops_leaves_nothing_and_keeps_the_spend(
    container: Container, number: signal.Signals
) -> None:
    ready = Word(container.root / "ready")
    # exec: dash loses a SIGINT to the group while it starts a program beside itself
    script = f"echo half > {container.output}/half.bin; echo > {ready.path}; exec sleep 600"
    process = start_process(container, *shell(script))
    ready.wait()
    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "was asked to end" in stderr
    assert "was asked to end" in container.message.read_text()
    assert left_in(container.output) == []
    assert held(container) == 1


AZURE = {
    "AZUREML_RUN_ID": "calm_pear_1",
    "AZUREML_ARM_SUBSCRIPTION": "4f5c9c1e-0000-4000-8000-000000000000",
    "AZUREML_ARM_RESOURCEGROUP": "ml",
    "AZUREML_ARM_WORKSPACE_NAME": "training",
}


def azure(
    run: Run, container: Container, *command: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    options = {name: value for name, value in options_of(container).items() if name != "--root"}
    words = [word for pair in options.items() for word in pair]
    given = {name: value for name, value in {**AZURE, **variables}.items() if value}
    return run("cloud", "azureml", "run", *words, "--", *(command or container.trainer()), **given)


def test_a_job_of_azure_machine_learning_is_named_by_its_run(container: Container, run: Run) -> None:
    done = azure(run, container)
    assert done.returncode == 0, done.stderr
    record = json.loads((container.output / "job.json").read_text())
    assert record["job"]["resource"].endswith("/ml/training/calm_pear_1")
    assert azure(run, container).returncode == 2


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("AZUREML_RUN_ID", "", "does not name a run"),
        ("AZUREML_ARM_WORKSPACE_NAME", "", "is not set"),
        ("WORLD_SIZE", "4", "runs in several processes"),
    ],
)
def test_a_job_that_azure_does_not_name_is_refused(
    container: Container, run: Run, name: str, value: str, says: str
) -> None:
    done = azure(run, container, **{name: value})
    assert done.returncode == 4
    assert says in done.stderr
    assert held(container) == 0


@pytest.mark.parametrize("name", ["outputs", "logs"])
def test_what_azure_uploads_while_a_job_runs_is_not_a_release(
    container: Container, run: Run, name: str
) -> None:
    done = azure(run, container, *shell(f"mkdir {name}; echo row > {name}/row; {container.trainer()[-1]}"))
    assert done.returncode == 4
    assert "are not part of the release" in done.stderr
    assert left_in(container.output) == []


def test_a_metric_that_cannot_be_published_takes_nothing_back(container: Container, run: Run) -> None:
    done = azure(run, container, MLFLOW_TRACKING_URI="unknown://nowhere")
    assert done.returncode == 0
    assert "the metric is not published" in done.stderr
    assert "privacy.json" in left_in(container.output)


def test_a_federated_run_is_called_what_its_caller_says(container: Container, run: Run) -> None:
    options = {name: value for name, value in options_of(container).items() if name != "--root"}
    words = [word for pair in options.items() for word in pair]
    start = ("cloud", "flower", "run", *words)
    named = run(*start, "--run", "a b", "--", *container.trainer())
    assert (named.returncode, "--run is not the name of a run" in named.stderr) == (2, True)
    assert run(*start, "--run", "8123456789", "--", *shell("exit 1")).returncode == 4
    again = run(*start, "--run", "8123456789", "--", *container.trainer())
    assert again.returncode == 1
    other = run(*start, "--run", "8123456790", "--", *container.trainer())
    assert other.returncode == 0, other.stderr
    assert held(container) == 2


def test_outputs_that_are_uploaded_meanwhile_are_refused(container: Container, job: Job) -> None:
    streamed = s3_output("model", OUTPUT, S3UploadMode="Continuous")
    container.make(job_files("train-1", [s3_input("data", INPUT)], [streamed]))
    done = job()
    assert done.returncode == 4
    assert "set its S3UploadMode to EndOfJob" in container.message.read_text()


def test_a_dataset_that_was_lent_needs_a_key_before_anything_is_spent(container: Container, job: Job) -> None:
    lent = container.root.parent / "ledger.db"
    lent.unlink()
    ledger(lent, terms_of_dataset(lease="4f5c9c1e/train-1")).close()
    done = job()
    assert done.returncode == 2
    assert "--ledger-key" in container.message.read_text()
    assert held(container) == 0
