"""The page about several clouds: its jobs run as processes at the same time, on one ledger and on leases."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.declarations import GOOD, write
from tests.support.ledgers import postgres_place
from tests.support.postgres import cluster

PAGE = (Path(__file__).parents[2] / "docs/ledger-clouds.md").read_text("utf-8")
SHELL = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
JOBS: list[str] = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
CLOUDS = ("aws", "gcp", "azure")
ALL_OPEN = dict.fromkeys(CLOUDS, 0)
SHARED, PREPARE, LEND, SPEND, GIVE_BACK, SETTLE, PROVE = SHELL


@pytest.fixture(name="folder")
def folder_with_models(tmp_path: Path) -> Path:
    """A release for each cloud, and the program that publishes it."""
    for cloud in CLOUDS:
        model(tmp_path, cloud, scale=2)
    write(tmp_path, "#!/bin/sh\ntouch published-$(basename $1)\n", "publish").chmod(0o755)
    write(tmp_path / "programs", f'#!/bin/sh\nexec {sys.executable} -m gatecli "$@"\n', "gatecli").chmod(
        0o755
    )
    return tmp_path


@pytest.fixture(name="server", scope="module")
def running() -> Iterator[str]:
    with cluster() as url:
        yield url


def model(folder: Path, cloud: str, scale: int) -> None:
    text = GOOD.replace("name: good", f"name: churn-{cloud}").replace('"1.0"', '"1.0.0"')
    text = text.replace("scale: 1}", f"scale: {scale}}}").replace("epsilon: 1\n", f"epsilon: {1 / scale}\n")
    write(folder / "models" / cloud, text + "  datasets: [{name: customers-2026, records: 60000}]\n")


def environment(folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    path = f"{folder / 'programs'}{os.pathsep}{os.environ['PATH']}"
    return {
        "PATH": path,
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        **more,
    }


def start(script: str, folder: Path, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["bash", "-ec", script],
        cwd=folder,
        env=environment(folder, more),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def run(script: str, folder: Path, **more: str) -> str:
    process = start(script, folder, **more)
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    return out


def codes_of(scripts: Mapping[str, str], folder: Path, **more: str) -> dict[str, int]:
    """The exit code of each script; all of them run at the same time."""
    processes = {cloud: start(script, folder, CLOUD=cloud, **more) for cloud, script in scripts.items()}
    for process in processes.values():
        process.communicate(timeout=100)
    return {cloud: process.returncode for cloud, process in processes.items()}


def commands_of(job: str) -> str:
    """What a cloud runs of its job's file."""
    data: dict[str, Any] = yaml.safe_load(job)
    if "phases" in data:
        return "\n".join(data["phases"]["build"]["commands"])
    (step,) = data["steps"]
    return str(step.get("bash") or step["args"][1])


def held(folder: Path, **more: str) -> dict[str, Any]:
    shown = run("gatecli ledger show customers-2026 --format json", folder, **more)
    (dataset,) = json.loads(shown)["datasets"]
    assert isinstance(dataset, dict)
    return dataset


def new_ledger(server: str, name: str) -> str:
    return postgres_place(server, name).url


def test_the_jobs_of_the_page_spend_from_one_ledger(folder: Path, server: str) -> None:
    url = new_ledger(server, "one_ledger")
    run(SHARED, folder, GATECLI_LEDGER=url)
    jobs = dict(zip(CLOUDS, map(commands_of, JOBS), strict=True))
    assert codes_of(jobs, folder, GATECLI_LEDGER=url) == ALL_OPEN
    assert {each.name for each in folder.glob("published-*")} == {f"published-{each}" for each in CLOUDS}
    assert held(folder, GATECLI_LEDGER=url)["states"] == {"committed": 3}
    run("gatecli ledger verify", folder, GATECLI_LEDGER=url)


def test_of_three_jobs_at_once_those_that_fit_publish(folder: Path, server: str) -> None:
    """Each costs ε = 0.5."""
    url = new_ledger(server, "a_race")
    run(SHARED.replace("--epsilon 8", "--epsilon 1.2"), folder, GATECLI_LEDGER=url)
    jobs = dict(zip(CLOUDS, map(commands_of, JOBS), strict=True))
    codes = codes_of(jobs, folder, GATECLI_LEDGER=url)
    assert sorted(codes.values()) == [0, 0, 1]
    published = {each.name.removeprefix("published-") for each in folder.glob("published-*")}
    assert published == {cloud for cloud, code in codes.items() if code == 0}
    assert held(folder, GATECLI_LEDGER=url)["states"] == {"committed": 2}
    assert codes_of(jobs, folder, GATECLI_LEDGER=url) == codes


def test_the_leases_of_the_page_are_lent_spent_and_settled(folder: Path) -> None:
    for each in (PREPARE, LEND, SPEND, GIVE_BACK, SETTLE, PROVE):
        if "$CLOUD" in each:
            assert codes_of(dict.fromkeys(CLOUDS, each), folder) == ALL_OPEN
        else:
            run(each, folder)
        if each == LEND:
            assert held(folder)["heldPercent"] == 75
    assert 15 < held(folder)["heldPercent"] < 25
    assert held(folder)["leases"] == {"returned": 3}
    for ledger in ("ledger.db", *(f"{cloud}.db" for cloud in CLOUDS)):
        assert "unsigned" not in run(f"gatecli ledger verify --ledger {ledger}", folder)


def test_a_child_spends_no_more_than_it_was_lent(folder: Path) -> None:
    assert codes_of(dict.fromkeys(CLOUDS, PREPARE), folder) == ALL_OPEN
    run(LEND, folder)
    model(folder, "aws", scale=1)
    assert codes_of(dict.fromkeys(CLOUDS, SPEND), folder) == {"aws": 1, "gcp": 0, "azure": 0}
