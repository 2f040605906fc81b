"""Three jobs on three platforms, one ledger: they run at once, one is killed, and the ledger adds up.

    python three_clouds.py postgresql://HOST/DATABASE

Each job is a process of its own, started as its platform starts it. Everything else is in a folder that is
gone afterwards, so it can be tried on a laptop; a file in place of the URL is a ledger, too.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
GATECLI = (sys.executable, "-m", "gatecli")
DATASET = "customers-2026"
BUDGET = 4
"""The ε of the customers; each run of a job costs 1."""
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:processing-job/"
WORKSPACE = {
    "AZUREML_ARM_SUBSCRIPTION": "5f0a2c4e-0000-4000-8000-000000000000",
    "AZUREML_ARM_RESOURCEGROUP": "acme",
    "AZUREML_ARM_WORKSPACE_NAME": "churn",
}
WAITING = "trained"
"""What a job prints that waits to be killed."""


@dataclass(frozen=True)
class Job:
    """How a platform starts a job: the arguments of its entry point, and what it tells it."""

    cloud: str
    arguments: tuple[str, ...]
    output: Path
    environment: dict[str, str]


@dataclass(frozen=True)
class Scene:
    """Where it all happens."""

    root: Path
    ledger: str

    def job(self, cloud: str, run: str, version: str = "1.0.0") -> Job:
        """The place in which a job finds itself: a new container."""
        here = Path(tempfile.mkdtemp(prefix=f"{cloud}-", dir=self.root))
        output = here / "opt/ml/processing/output"
        output.mkdir(parents=True)
        declaration = here / "privacy.yaml"
        declaration.write_text((HERE / f"{cloud}.yaml").read_text().replace("1.0.0", version))
        shared = ("--declaration", str(declaration), "--output", str(output))
        if cloud == "aws":
            describe_processing_job(here, run)
            return Job(cloud, ("sagemaker", "run", "--root", str(here), *shared), output, {})
        if cloud == "azure":
            told = {**WORKSPACE, "AZUREML_RUN_ID": run}
            return Job(cloud, ("azureml", "run", *shared), output, told)
        return Job(cloud, ("flower", "run", "--run", run, *shared), output, {})

    def start(self, job: Job, *more: str) -> subprocess.Popen[str]:
        """The job's entry point, as a process."""
        promise = ("--dataset", DATASET, "--epsilon", "1", "--delta", "0")
        data = str(self.root / "customers.csv")
        train = (sys.executable, str(HERE / "train.py"), data, str(job.output), *more)
        return subprocess.Popen(
            (*GATECLI, "cloud", *job.arguments, *promise, "--quiet", "--", *train),
            env={**os.environ, **job.environment, "GATECLI_LEDGER": self.ledger},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def ask(self, *command: str) -> str:
        """What a command of the ledger prints."""
        asked = (*GATECLI, "ledger", *command, "--ledger", self.ledger)
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(done.stderr)
        return done.stdout

    def budget_line(self) -> str:
        """What is held of the budget."""
        return "  " + self.ask("show", DATASET).splitlines()[0] + "\n"


def play(scene: Scene) -> Iterator[str]:
    """What happens, line by line."""
    rows = "".join(f"{'left' if number % 5 == 0 else 'stayed'}\n" for number in range(1000))
    (scene.root / "customers.csv").write_text("end\n" + rows)
    scene.ask("init")
    budget = ("--epsilon", str(BUDGET), "--delta", "1e-6")
    scene.ask("dataset", "add", DATASET, "--unit", "person", "--records", "1000", *budget)

    yield "Three jobs at once; the one on Azure is killed before it commits:"
    running = {
        "aws": scene.start(scene.job("aws", "churn-1")),
        "azure": scene.start(scene.job("azure", "churn-1"), "--wait"),
        "federated": scene.start(scene.job("federated", "churn-1")),
    }
    kill_when_waiting(running["azure"])
    for cloud, process in running.items():
        yield ending(cloud, process)
    yield scene.budget_line()

    yield "Azure starts the killed job again, by its name:"
    yield ending("azure", scene.start(scene.job("azure", "churn-1")))
    yield scene.budget_line()

    yield "Then as another job:"
    yield ending("azure", scene.start(scene.job("azure", "churn-2")))
    yield scene.budget_line()

    yield "One more, for which nothing is left:"
    yield ending("federated", scene.start(scene.job("federated", "churn-2", version="1.1.0")))
    yield scene.budget_line()
    scene.ask("verify")
    yield "Every entry of the ledger is as it was written."


def describe_processing_job(root: Path, name: str) -> None:
    """The files that SageMaker puts into a container."""
    kept = {"LocalPath": "/opt/ml/processing/output", "S3UploadMode": "EndOfJob"}
    outputs = [{"OutputName": "model", "S3Output": kept}]
    job = {
        "ProcessingJobName": name,
        "ProcessingJobArn": ARN + name,
        "ProcessingOutputConfig": {"Outputs": outputs},
    }
    config = root / "opt/ml/config"
    config.mkdir(parents=True)
    (config / "processingjobconfig.json").write_text(json.dumps(job))
    (config / "resourceconfig.json").write_text('{"current_host": "algo-1", "hosts": ["algo-1"]}')


def kill_when_waiting(process: subprocess.Popen[str]) -> None:
    """End a job as a machine that fails does, after its evidence and before its commit."""
    for line in process.stdout or ():
        if line.strip() == WAITING:
            process.kill()
            return
    sys.exit(f"the job that was to be killed ended with {process.wait()}")


def ending(cloud: str, process: subprocess.Popen[str]) -> str:
    """How a job ended, and why."""
    said, _ = process.communicate()
    told = re.search(r"^(gatecli: .*|churn.*)$|ledger-[a-z-]+", said, re.MULTILINE)
    ended = "killed" if process.returncode < 0 else f"exit code {process.returncode}"
    return f"  {cloud}: {ended}{f': {told[0]}' if told else ''}"


def main(ledger: str) -> None:
    """Play it, and show it."""
    with tempfile.TemporaryDirectory(prefix="three-clouds-") as folder:
        for line in play(Scene(Path(folder), ledger)):
            print(line, flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("name an empty database, or a file that is not there yet: three_clouds.py LEDGER")
    main(sys.argv[1])
