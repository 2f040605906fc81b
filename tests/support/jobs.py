"""Managed jobs to test with: the files of a container, a declaration, commands, and a ledger that pays."""

from __future__ import annotations

import json
import os
import select
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

from gatecli.accounting.portfolio import limits_of
from gatecli.cloud.jobs import JobPromise
from gatecli.cloud.running import JobEnd, JobRequest, run_job
from gatecli.cloud.sagemaker import read_job
from gatecli.gates.judgement import JudgementTerms
from gatecli.ledger.interface import LedgerIdentity, Store
from gatecli.ledger.opening import create_store
from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.ledger import Account, DatasetTerms
from gatecli.sources.policy import default_policy

ACCOUNT = "arn:aws:sagemaker:eu-west-1:123456789012:processing-job"
RELEASE = "churn@1.0.0"
DATASET = "customers"
RECORDS = 60_000
PROMISE = JobPromise((DATASET,), Fraction(1), Fraction(1, 10**6))
NOW = datetime(2026, 12, 1, 12, 0, 0, tzinfo=UTC)

WRITE = """
echo model > {output}/model.bin
echo '{{"type": "PureDPBudget", "epsilon": {epsilon}, "job": "'"$GATECLI_JOB"'"}}' > {output}/spent.json
"""
"""What a trainer does: a model, and evidence of what it spent, in this job."""


def declaration(
    *, version: str = "1.0.0", epsilon: object = 1, delta: object = "1e-6", **spec: Any
) -> dict[str, Any]:
    """The release that a job makes: pure ε, and no artifact yet."""
    privacy = {
        "unit": "person",
        "neighbouring": "add-remove",
        "epsilon": epsilon,
        "delta": delta,
        "maxContributions": 1,
        "trustModel": "central",
        "compositionScope": "this release alone",
        "tuning": {"runs": 0, "accounted": True},
        "preprocessing": {"dataDependent": False},
        "mechanisms": [{"kind": "pure", "epsilon": epsilon}],
        "evidence": [{"format": "tumult", "path": "spent.json", "neighbouring": "add-remove"}],
    }
    datasets = [{"name": DATASET, "records": RECORDS}]
    return {
        "apiVersion": "gatecli.dev/v1",
        "kind": "ModelRelease",
        "metadata": {"name": "churn", "version": version},
        "spec": {"sensitivity": "behavioural", "privacy": privacy, "datasets": datasets, **spec},
    }


def job_files(name: str, inputs: Sequence[Mapping[str, Any]], outputs: Sequence[Mapping[str, Any]]) -> Any:
    """What SageMaker says of a job in its container."""
    return {
        "ProcessingJobArn": f"{ACCOUNT}/{name}",
        "ProcessingJobName": name,
        "AppSpecification": {"ImageUri": "registry.example/train@sha256:" + "0" * 64},
        "Environment": {},
        "ProcessingInputs": list(inputs),
        "ProcessingOutputConfig": {"Outputs": list(outputs), "KmsKeyId": None},
        "ProcessingResources": {"ClusterConfig": {"InstanceCount": 1, "VolumeSizeInGB": 30}},
        "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
    }


def s3_input(name: str, path: str, **more: Any) -> dict[str, Any]:
    described = {
        "LocalPath": path,
        "S3Uri": f"s3://bucket/{name}",
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
    }
    return {"InputName": name, "AppManaged": False, "S3Input": {**described, **more}}


def s3_output(name: str, path: str, **more: Any) -> dict[str, Any]:
    described = {"LocalPath": path, "S3Uri": f"s3://bucket/{name}", "S3UploadMode": "EndOfJob"}
    return {"OutputName": name, "AppManaged": False, "S3Output": {**described, **more}}


INPUT, OUTPUT = "/opt/ml/processing/input/data", "/opt/ml/processing/output/model"


@dataclass(frozen=True, slots=True)
class Container:
    """The file tree of a container of SageMaker Processing, below a folder."""

    root: Path
    name: str = "train-1"

    @property
    def input(self) -> Path:
        return self.root / INPUT.lstrip("/")

    @property
    def output(self) -> Path:
        return self.root / OUTPUT.lstrip("/")

    @property
    def config(self) -> Path:
        return self.root / "opt/ml/config"

    @property
    def message(self) -> Path:
        return self.root / "opt/ml/output/message"

    @property
    def declaration(self) -> Path:
        return self.root / "app/privacy.json"

    def make(self, described: Any = None, resources: Any = None, declared: Any = None) -> Container:
        """Write the files; `described` and `resources` are what the platform says."""
        for folder in (self.input, self.output, self.config, self.declaration.parent):
            folder.mkdir(parents=True, exist_ok=True)
        (self.input / "part-0.csv").write_text("age,spent\n31,12\n")
        usual = job_files(self.name, [s3_input("data", INPUT)], [s3_output("model", OUTPUT)])
        self.write("processingjobconfig.json", usual if described is None else described)
        alone = {"current_host": "algo-1", "hosts": ["algo-1"], "network_interface_name": "eth0"}
        self.write("resourceconfig.json", alone if resources is None else resources)
        self.declaration.write_text(json.dumps(declaration() if declared is None else declared))
        return self

    def write(self, name: str, data: Any) -> None:
        text = data if isinstance(data, str) else json.dumps(data)
        (self.config / name).write_bytes(text.encode("utf-8", "surrogatepass"))

    def trainer(self, epsilon: object = 1) -> list[str]:
        """The command of a job that keeps its promise."""
        return shell(WRITE.format(output=shlex.quote(str(self.output)), epsilon=epsilon))


def shell(script: str) -> list[str]:
    return ["/bin/sh", "-ec", script]


def terms_of_dataset(
    epsilon: object = 8, name: str = DATASET, records: int | None = RECORDS, **more: Any
) -> DatasetTerms:
    budget = Budget(Fraction(str(epsilon)), Fraction(1, 10**5))
    return DatasetTerms(name, "person", Neighbouring.ADD_REMOVE, budget, limits_of(budget), records, **more)


def ledger(url: Path | str, *datasets: DatasetTerms, identity: str = "4f5c9c1e") -> Store:
    """A new ledger with these datasets; with one of ε = 8 where none is named."""
    store = create_store(str(url), LedgerIdentity(identity, "acme", "2026-12-01T12:00:00Z"), replay=True)
    for terms in datasets or (terms_of_dataset(),):
        store.add_dataset(terms, "2026-12-01T12:00:00Z")
    return store


def account(store: Store, name: str = DATASET) -> Account:
    found = store.account(name)
    assert found is not None
    return found


@dataclass
class InProcess:
    """Jobs that are run in this process, on one ledger, each in a container of its own."""

    folder: Path
    store: Store
    now: datetime = NOW
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": "/usr/bin:/bin"})

    def request(self, name: str = "train-1", declared: Any = None, **changes: Any) -> JobRequest:
        container = Container(self.folder / name, name)
        if not container.root.exists():
            container.make(declared=declared)
        values: dict[str, Any] = {
            "job": read_job(container.root),
            "promise": PROMISE,
            "declaration": container.declaration,
            "output": container.output,
            "command": container.trainer(),
            "environment": self.environment,
            "terms": JudgementTerms(default_policy(), (), self.now.date()),
            "store": self.store,
            "clock": lambda: self.now,
        }
        return JobRequest(**{**values, **changes})

    def run(self, name: str = "train-1", **changes: Any) -> JobEnd:
        return run_job(self.request(name, **changes))


@dataclass(frozen=True, slots=True)
class Word:
    """What a command says to a test, through a named pipe: `echo > PATH`."""

    path: Path

    def __post_init__(self) -> None:
        os.mkfifo(self.path)

    def wait(self, seconds: float = 120) -> None:
        """Until it was said."""
        pipe = os.open(self.path, os.O_RDWR)
        ready, _, _ = select.select([pipe], [], [], seconds)
        os.close(pipe)
        assert ready, "nothing was said"


def left_in(folder: Path) -> list[str]:
    return sorted(each.relative_to(folder).as_posix() for each in folder.rglob("*"))


class Meanwhile:
    """A ledger in which something happens when the command has ended, before anybody asks it again."""

    def __init__(self, store: Store, request: JobRequest, act: Callable[[], object]) -> None:
        self._store, self._output, self._act = store, request.output, act
        self._done = False

    def __getattr__(self, name: str) -> Any:
        if not self._done and left_in(self._output):
            self._done = True
            self._act()
        return getattr(self._store, name)


def during(request: JobRequest, store: Store, act: Callable[[], object]) -> JobRequest:
    """The job, with what somebody does to the ledger while its command runs."""
    return replace(request, store=cast("Store", Meanwhile(store, request, act)))
