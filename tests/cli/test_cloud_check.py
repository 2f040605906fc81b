"""`gatecli cloud check` as a process: what it prints, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.job_definitions import JOB, changed, write_job


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gatecli", "cloud", "check", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_job_that_passes_opens_the_gate(tmp_path: Path) -> None:
    write_job(tmp_path, JOB)
    done = run(tmp_path, "job.json")
    assert (done.returncode, done.stdout, done.stderr) == (0, "open · policy acme · checked 1 job\n", "")


def test_a_job_that_fails_closes_it_with_place_and_remedy(tmp_path: Path) -> None:
    write_job(tmp_path, changed(JOB, {"AppSpecification": {"ImageUri": "churn:1"}}))
    done = run(tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("job.json:5:15  error  cloud-unpinned-image\n")
    assert "\n  fix: name the image by its digest" in done.stdout


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("job.json", '{"AppSpecification": ', 4),
        ("job.json", "{}", 3),
        ("job.yaml", "AppSpecification: []\n", 4),
    ],
)
def test_each_end_has_its_exit_code(name: str, text: str, code: int, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    assert run(tmp_path, name).returncode == code


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    done = run(tmp_path, "missing.json")
    assert done.returncode == 2
    assert "missing.json: there is no such file or folder" in done.stderr


def test_the_report_names_platform_and_form(tmp_path: Path) -> None:
    write_job(tmp_path, JOB)
    report = json.loads(run(tmp_path, "--format", "json").stdout)
    assert report["gate"] == "cloud"
    (checked,) = report["checked"]
    assert checked["measures"] == {"form": "CreateProcessingJob", "platform": "sagemaker"}


def test_a_rule_is_explained(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gatecli", "explain", "cloud-open-network"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "EnableNetworkIsolation" in done.stdout
