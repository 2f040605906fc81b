"""The page about jobs of three clouds: its script prints what the page shows, and each bad end is tried."""

from __future__ import annotations

import importlib
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gatecli.cli.app import main
from gatecli.cloud.azureml import read_job as read_azure_job
from gatecli.cloud.running import JobRequest, run_job
from gatecli.errors import GatecliError
from gatecli.gates.ledger_access import open_ledger
from gatecli.gates.ledger_actions import void
from gatecli.ledger.interface import Store
from gatecli.ledger.opening import open_store
from gatecli.model.job_files import DECLARATION, RECORD, RETURN, UNCOMMITTED
from gatecli.model.ledger import EntryKind, ReservationState
from gatecli.model.policy import CloudRules, DataLocation
from tests.cli.test_cloud_run import AZURE
from tests.support.jobs import (
    OUTPUT,
    PROMISE,
    RELEASE,
    Container,
    InProcess,
    account,
    declaration,
    during,
    job_files,
    ledger,
    left_in,
    s3_output,
    shell,
    terms_of_dataset,
)
from tests.support.postgres import cluster

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/clouds.md").read_text("utf-8")
NOW = "2026-12-01T12:00:00Z"
UNIT = 10**12
"""An ε of 1, as the ledger counts it."""
SCRIPT = ROOT / "examples/clouds/three_clouds.py"


@pytest.fixture(name="url", scope="module")
def empty_database() -> Iterator[str]:
    with cluster() as url:
        yield url


@pytest.fixture(name="printed", scope="module")
def what_the_script_prints(url: str) -> str:
    command = [sys.executable, str(SCRIPT), url]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_script_prints_what_the_page_shows(printed: str) -> None:
    shown = PAGE.partition("three_clouds.py postgresql://localhost/privacy\n```\n\n```\n")[2].partition(
        "```"
    )[0]
    assert printed == shown


def test_the_script_without_a_ledger_says_how_it_is_started() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("name an empty database")
    assert done.stderr.count("\n") == 1


def test_the_killed_job_is_charged_and_not_published(printed: str, url: str) -> None:
    assert "azure: killed" in printed
    store = open_store(url, read_only=True)
    try:
        runs = [
            each for each in store.entries("customers-2026") if each.subject.startswith("churn-azure@1.0.0")
        ]
    finally:
        store.close()
    charged = [each.amounts.basic_epsilon for each in runs if each.amounts.basic_epsilon]
    assert charged == [UNIT, UNIT]  # the killed run, and the one that took its place
    published = [each.subject for each in runs if each.kind is EntryKind.COMMIT]
    assert published.count("churn-azure@1.0.0") == 1


def test_every_file_that_the_page_lists_is_one_that_a_job_leaves() -> None:
    listed = set(re.findall(r"^\| `([a-z-]+\.jsonl?)` \|", PAGE, re.MULTILINE))
    assert listed == {DECLARATION, RECORD, RETURN}


@dataclass(slots=True)
class Stage:
    """Jobs of one ledger, and what is held of it before the last of them begins."""

    folder: Path
    store: Store
    before: float = 0

    @property
    def jobs(self) -> InProcess:
        return InProcess(self.folder, self.store)

    @property
    def held(self) -> float:
        return account(self.store).held.basic_epsilon / UNIT

    def lend(self, **terms: Any) -> None:
        """Put another ledger in the place of this one."""
        self.store.close()
        self.store = ledger(self.folder / "another.db", terms_of_dataset(**terms))

    def run(self, name: str = "train-1", declared: Any = None, script: str = "", **changes: Any) -> int:
        """The exit code of a job. `script` is the end of its command, which does its work before."""
        request = self.jobs.request(name, declared, **changes)
        if script:
            work = Container(self.folder / name, name).trainer()[-1]
            request = replace(request, command=shell(work + script))
        self.before = self.held
        return end_of(request)


def end_of(request: JobRequest) -> int:
    """The exit code; whatever ends it badly leaves nothing in the outputs."""
    before = left_in(request.output)
    try:
        code: int = run_job(request).verdict.exit_code
    except GatecliError as error:
        code = error.exit_code
    assert code == 0 or left_in(request.output) == before
    return code


def describe(stage: Stage, described: Any = None, resources: Any = None) -> int:
    """The exit code of a job that SageMaker describes like that."""
    Container(stage.folder / "train-1", "train-1").make(described, resources)
    try:
        return stage.run()
    except GatecliError as error:
        return error.exit_code


def lose_description(stage: Stage) -> int:
    container = Container(stage.folder / "train-1", "train-1").make()
    (container.config / "processingjobconfig.json").unlink()
    try:
        return stage.run()
    except GatecliError as error:
        return error.exit_code


def bring_code(stage: Stage) -> int:
    request = stage.jobs.request()
    brought = request.job.inputs[0].folder
    assert brought is not None
    return end_of(replace(request, command=("/bin/sh", str(brought / "train.sh"))))


def fill_output(stage: Stage) -> int:
    request = stage.jobs.request()
    (request.output / "old.bin").write_text("old")
    return end_of(request)


def fill_other_output(stage: Stage) -> int:
    outputs = [s3_output("model", OUTPUT), s3_output("logs", "/opt/ml/processing/logs")]
    container = Container(stage.folder / "train-1", "train-1").make(job_files("train-1", [], outputs))
    other = container.root / "opt/ml/processing/logs"
    other.mkdir()
    code = stage.run(script=f"echo row > {shlex.quote(str(other))}/row\n")
    assert left_in(other) == []
    return code


def lose_room(stage: Stage) -> int:
    stage.lend(epsilon="0.5")
    return stage.run()


def grow(stage: Stage) -> int:
    stage.lend(records=2_000_000)
    return stage.run()


def read_another(stage: Stage) -> int:
    request = stage.jobs.request()
    policy = request.terms.policy
    here = DataLocation(dataset="visits-2026", at=("s3://bucket",))
    rules = policy.spec.model_copy(update={"cloud": CloudRules(locations=(here,))})
    terms = replace(request.terms, policy=policy.model_copy(update={"spec": rules}))
    return end_of(replace(request, terms=terms))


def lend_for_another(stage: Stage) -> int:
    stage.lend(lease="4f5c9c1e/train-9")
    return stage.run()


def start_again(stage: Stage) -> int:
    assert stage.run(command=shell("exit 3")) == 4
    return stage.run()


def publish_twice(stage: Stage) -> int:
    assert stage.run() == 0
    return stage.run("train-2")


def run_until_it_is_spent(stage: Stage) -> int:
    stage.lend(epsilon=1)
    assert stage.run(command=shell("exit 3")) == 4
    return stage.run("train-2")


def lose_ledger(_stage: Stage) -> int:
    try:
        with open_ledger("postgresql://localhost:1/privacy"):
            return 0
    except GatecliError as error:
        return error.exit_code


def borrow_evidence(stage: Stage) -> int:
    container = Container(stage.folder / "train-1", "train-1").make()
    return stage.run(command=shell(f"GATECLI_JOB=another; {container.trainer()[-1]}"))


def spend(stage: Stage, epsilon: object) -> int:
    container = Container(stage.folder / "train-1", "train-1").make()
    return stage.run(command=container.trainer(epsilon))


def void_meanwhile(stage: Stage) -> int:
    request = stage.jobs.request()
    act = partial(void, stage.store, f"{RELEASE}+run:first", NOW, "cancelled", ["0" * 64])
    return end_of(during(request, stage.store, act))


def close_meanwhile(stage: Stage) -> int:
    request = stage.jobs.request()
    dearer = replace(request, command=Container(stage.folder / "train-1", "train-1").trainer(epsilon=3))
    return end_of(during(dearer, stage.store, partial(stage.store.close_dataset, "customers", NOW)))


CONTINUOUS = job_files("train-1", [], [s3_output("model", OUTPUT, S3UploadMode="Continuous")])
ENDS: Mapping[str, Callable[[Stage], int] | str] = {
    "no description of a job": lose_description,
    "a broken one": partial(describe, described="{"),
    "several instances": partial(describe, resources={"current_host": "a", "hosts": ["a", "b"]}),
    "an output that is uploaded while the job runs": partial(describe, described=CONTINUOUS),
    "no ledger is named": "tests.cli.test_cloud_run:test_nothing_turns_tracking_off_by_being_left_out",
    "declaration and promise differ": lambda stage: stage.run(
        promise=replace(PROMISE, epsilon=Fraction(1, 2))
    ),
    "code from an input": bring_code,
    "the output holds files": fill_output,
    "no room for the release": lose_room,
    "the policy refuses it": lambda stage: stage.run(declared=declaration(sensitivity="identity")),
    "δ too large": grow,
    "an input of a dataset that is not charged": read_another,
    "the dataset was lent for another job": lend_for_another,
    "the ledger does not answer": lose_ledger,
    "its clock and the job's are more than five minutes apart": (
        "tests.contract.test_job_ledgers:test_a_job_whose_clock_is_apart_gets_no_budget"
    ),
    "the job was started before": start_again,
    "the version is published": publish_twice,
    "no room for another run": run_until_it_is_spent,
    "the command fails": lambda stage: stage.run(script="exit 3"),
    "it leaves files in another output": fill_other_output,
    "no evidence": lambda stage: stage.run(command=shell("exit 0")),
    "evidence of another job": borrow_evidence,
    "the platform or Ctrl-C asks the job to end": (
        "tests.cli.test_cloud_run:test_a_job_that_the_platform_stops_leaves_nothing_and_keeps_the_spend"
    ),
    "the evidence costs more than the declaration says": partial(spend, epsilon=3),
    "somebody voids the run while it runs": void_meanwhile,
    "the evidence costs more, and the dataset was closed meanwhile": close_meanwhile,
    "the machine is gone, at any moment": (
        "tests.contract.test_job_ledgers:"
        "test_jobs_that_are_killed_at_any_moment_have_paid_and_publish_nothing_uncommitted"
    ),
}
"""How each end of the page's table is brought about, or which test does it."""


def rows_of_the_ends() -> dict[str, tuple[str, str]]:
    """Each end of the table, with its exit code and what becomes of the budget."""
    table = PAGE.partition("## When it ends badly")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+) \| (\d*) ?\| ([^|]+) \|$", table, re.MULTILINE)
    return {what: (code, budget) for cell, code, budget in rows for what in cell.split("; ")}


ROWS = rows_of_the_ends()


def test_each_end_of_the_page_is_tried() -> None:
    assert set(ROWS) == set(ENDS)


@pytest.fixture(name="stage")
def a_stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path, ledger(tmp_path / "ledger.db"))
    yield stage
    stage.store.close()


@pytest.mark.parametrize("what", sorted(each for each, end in ENDS.items() if not isinstance(end, str)))
def test_a_job_ends_as_the_page_says(stage: Stage, what: str) -> None:
    bring_about = ENDS[what]
    assert not isinstance(bring_about, str)
    code, budget = ROWS[what]
    assert bring_about(stage) == int(code)
    held = {
        "nothing is taken": 0,
        "nothing more is taken": stage.before,
        "stays spent": 1,
        "what it cost, as far as it fits": 3,
        "is taken again": 2,
    }[budget]
    assert stage.held == held
    assert held or budget == "nothing is taken"


@pytest.mark.parametrize("test", sorted(end for end in ENDS.values() if isinstance(end, str)))
def test_the_other_ends_are_tried_elsewhere(test: str) -> None:
    module, _, name = test.partition(":")
    assert callable(getattr(importlib.import_module(module), name))


def test_the_runs_of_a_release_are_called_what_the_page_says(stage: Stage) -> None:
    for name in ("train-1", "train-2"):
        assert stage.run(name, command=shell("exit 3")) == 4
    named = {each.subject for each in stage.store.reservations(ReservationState.HELD)}
    assert {RELEASE, f"{RELEASE}+run:first"} < named
    (other,) = named - {RELEASE, f"{RELEASE}+run:first"}
    assert re.fullmatch(rf"{re.escape(RELEASE)}\+run:[a-p]{{12}}", other)
    assert stage.held == 2


class Killed(BaseException):
    """What a killed process does not live to see."""


def test_what_a_killed_job_left_is_published_as_the_page_says(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise Killed

    request = stage.jobs.request()
    with monkeypatch.context() as patched:
        patched.setattr("gatecli.cloud.running.commit_run", die)
        patched.setattr("gatecli.cloud.running._end_unpublished", lambda *_: None)
        with pytest.raises(Killed):
            run_job(request)
    assert UNCOMMITTED in left_in(request.output)
    url = str(stage.folder / "ledger.db")
    monkeypatch.chdir(request.output.parent)
    block = PAGE.partition("leaves `uncommitted.json`, and the release held")[2].partition("```sh\n")[2]
    for line in block.partition("```")[0].splitlines():
        said = line.replace("postgresql://ledger.acme.example/privacy", url).replace("churn@1.0.0", RELEASE)
        words = shlex.split(re.sub(r"\brelease(?=/|\s(?!check)|$)", request.output.name, said))
        if words[0] == "gatecli":
            assert main(words[1:]) == 0, said
        else:
            subprocess.run(words, check=True)
    assert stage.store.reservation(RELEASE).state is ReservationState.COMMITTED  # type: ignore[union-attr]
    assert {each.subject for each in stage.store.reservations(ReservationState.HELD)} == set()


@pytest.mark.parametrize("name", ["outputs", "logs"])
def test_the_folders_that_azure_uploads_are_those_of_the_page(name: str, tmp_path: Path) -> None:
    assert f"`./{name}`" in PAGE
    assert tmp_path / name in read_azure_job(AZURE, tmp_path).uploaded
