"""Fuzz the readers of job definitions: `python tests/fuzz/jobs.py` with atheris, or a bounded run by pytest.

Whatever the bytes: no exception, no endless finding, and each job is judged.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path

from gatecli.checks.cloud.interface import JobContext
from gatecli.checks.cloud.registry import find_in_job
from gatecli.sources.jobs.registry import read_jobs
from gatecli.sources.policy import default_policy

NAMES = ("job.json", "job.yaml", "job.template")
CONTEXT = JobContext(default_policy())


def judge(file: Path) -> int:
    """How many jobs a file defines; raises AssertionError where a reader or a check broke its word."""
    loaded = read_jobs(file)
    findings = [*loaded.findings, *(each for job in loaded.values for each in find_in_job(job, CONTEXT))]
    for finding in findings:
        assert len(finding.message) < 2000
        assert finding.remediation
        assert finding.place.path == file.as_posix()
        assert finding.message.encode("utf-8")
    return len(loaded.values)


def one_input(content: bytes) -> None:
    """The same bytes as every kind of file."""
    with tempfile.TemporaryDirectory() as folder:
        for name in NAMES:
            file = Path(folder, name)
            file.write_bytes(content)
            judge(file)


def main() -> None:
    atheris = importlib.import_module("atheris")
    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
