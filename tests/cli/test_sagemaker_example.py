"""examples/sagemaker-processing: the gate is open for it, closes for every change, and its job runs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gatecli.cli.app import main
from tests.support.job_definitions import changed
from tests.unit.sources.jobs.test_sagemaker_model import faults

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "sagemaker-processing"
JOB = json.loads((EXAMPLE / "job.json").read_text("utf-8"))
WORDS: list[str] = JOB["AppSpecification"]["ContainerArguments"]
INPUT = JOB["ProcessingInputs"][0]["S3Input"]["LocalPath"]
README = (EXAMPLE / "README.md").read_text("utf-8")


@pytest.fixture(name="folder")
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "example"))


def rules_of(folder: Path, capsys: pytest.CaptureFixture[str], *only: str) -> tuple[int, set[str]]:
    """The exit code of `gatecli check`, and the rules that were broken."""
    capsys.readouterr()
    gates = [word for gate in only for word in ("--only", gate)]
    code = main(["check", str(folder), "--no-cache", "--format", "json", *gates])
    findings = json.loads(capsys.readouterr().out)["findings"]
    return code, {finding["rule"] for finding in findings if finding["severity"] != "note"}


def words(**values: str | None) -> dict[str, Any]:
    """The change to an option of the job's command; None leaves it out."""
    before = WORDS[: WORDS.index("--")]
    own: dict[str, str | None] = dict(zip(before[::2], before[1::2], strict=True))
    own |= {f"--{name}": value for name, value in values.items()}
    options = [word for name, value in own.items() if value is not None for word in (name, value)]
    return {"AppSpecification": {"ContainerArguments": [*options, *WORDS[WORDS.index("--") :]]}}


def command(*program: str) -> dict[str, Any]:
    return {"AppSpecification": {"ContainerArguments": [*WORDS[: WORDS.index("--") + 1], *program]}}


def test_the_gate_is_open(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert rules_of(folder, capsys) == (0, set())


CHANGES: dict[str, tuple[Any, str]] = {
    "the image by a tag": ({"AppSpecification": {"ImageUri": "churn:1"}}, "cloud-unpinned-image"),
    "no entry point": ({"AppSpecification": {"ContainerEntrypoint": None}}, "cloud-unseen-entry-point"),
    "another entry point": (
        {"AppSpecification": {"ContainerEntrypoint": ["python", "train.py"]}},
        "cloud-other-entry-point",
    ),
    "more ε than the tier": (words(epsilon="5"), "cloud-promise-over-tier"),
    "less ε than the declaration": (words(epsilon="0.5"), "cloud-declaration-differs"),
    "another dataset": (words(dataset="visits-2026"), "cloud-declaration-differs"),
    "no δ": (words(delta=None), "cloud-missing-promise"),
    "no ledger": (words(ledger=None), "cloud-unseen-ledger"),
    "a password": (words(ledger="postgresql://a:b@c/d"), "cloud-password-in-ledger"),
    "a release that is lost": (words(output="/opt/release"), "cloud-lost-release"),
    "code of an input": (command("python", f"{INPUT}/train.py"), "cloud-code-from-input"),
    "no network settings": ({"NetworkConfig": {"VpcConfig": None}}, "cloud-open-network"),
    "isolated": ({"NetworkConfig": {"EnableNetworkIsolation": True}}, "cloud-unreachable-ledger"),
    "two machines": (
        {"ProcessingResources": {"ClusterConfig": {"InstanceCount": 2}}},
        "cloud-several-machines",
    ),
    "no key of the disks": (
        {"ProcessingResources": {"ClusterConfig": {"VolumeKmsKeyId": None}}},
        "cloud-volume-without-key",
    ),
    "no key of the outputs": ({"ProcessingOutputConfig": {"KmsKeyId": None}}, "cloud-output-without-key"),
    "a default key": ({"ProcessingOutputConfig": {"KmsKeyId": "alias/aws/s3"}}, "cloud-shared-key"),
    "a secret": ({"Environment": {"API_TOKEN": "abc"}}, "cloud-plaintext-secret"),
    "exit zero": ({"Environment": {"GATECLI_EXIT_ZERO": "1"}}, "cloud-weakened-run"),
    "a searched input": ({"Environment": {"PYTHONPATH": INPUT}}, "cloud-code-from-input"),
}


@pytest.mark.parametrize(("change", "rule"), CHANGES.values(), ids=CHANGES.keys())
def test_every_change_is_told(
    change: Any, rule: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rules_of(folder, capsys, "cloud") == (0, set())
    (folder / "job.json").write_text(json.dumps(changed(JOB, change)), "utf-8")
    code, found = rules_of(folder, capsys, "cloud")
    assert rule in found
    assert code == int(rule != "cloud-unseen-ledger")


@pytest.mark.parametrize("rule", re.findall(r"\[(cloud-[a-z-]+)\]", README))
def test_the_readme_names_changes_that_are_tried(rule: str) -> None:
    assert rule in {rule for _, rule in CHANGES.values()}


def test_the_job_is_a_request_of_the_api() -> None:
    assert faults("CreateProcessingJob", JOB) == ""


def container_of(root: Path) -> None:
    """The folder tree that SageMaker makes of the definition."""
    config = root / "opt/ml/config"
    config.mkdir(parents=True)
    arn = f"arn:aws:sagemaker:eu-central-1:123456789012:processing-job/{JOB['ProcessingJobName']}"
    (config / "processingjobconfig.json").write_text(json.dumps({**JOB, "ProcessingJobArn": arn}), "utf-8")
    (config / "resourceconfig.json").write_text('{"current_host": "algo-1", "hosts": ["algo-1"]}', "utf-8")
    customers = root / INPUT.lstrip("/")
    customers.mkdir(parents=True)
    lines = ["end", *("left" if number % 5 == 0 else "stayed" for number in range(1000))]
    (customers / "part.csv").write_text("\n".join(lines) + "\n", "utf-8")
    (output,) = JOB["ProcessingOutputConfig"]["Outputs"]
    (root / output["S3Output"]["LocalPath"].lstrip("/")).mkdir(parents=True)
    program = root / "opt/program"
    program.mkdir()
    copied = re.search(r"^COPY (train.*) /", (EXAMPLE / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert copied is not None
    for name in copied[1].split():
        shutil.copy(EXAMPLE / name, program)


def test_the_job_runs_in_the_tree_of_its_container(tmp_path: Path) -> None:
    root, ledger = tmp_path / "root", str(tmp_path / "ledger.db")
    container_of(root)
    budget = ["--unit", "person", "--records", "1000", "--epsilon", "4", "--delta", "1e-6"]
    for told in (["init"], ["dataset", "add", "customers-2026", *budget]):
        assert main(["ledger", *told, "--ledger", ledger]) == 0
    placed = [f"{root}{word}" if word.startswith("/opt/") else word for word in WORDS]
    placed[placed.index("--ledger") + 1] = ledger
    placed[placed.index("python")] = sys.executable
    entry = [sys.executable, "-m", "gatecli", *JOB["AppSpecification"]["ContainerEntrypoint"][1:]]
    done = subprocess.run(
        [*entry, "--root", str(root), *placed],
        capture_output=True,
        text=True,
        check=False,
        cwd=root / "opt/program",
    )
    assert done.returncode == 0, done.stderr
    assert "churn@1.0.0 is committed" in done.stderr
    release = root / "opt/ml/processing/output/release"
    assert 0 <= json.loads((release / "model.json").read_text())["churn"] <= 1
    assert main(["release", "check", str(release)]) == 0
