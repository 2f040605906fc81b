"""A job without a network: a lease for it, a ledger among its inputs, a signed return in its output."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from gatecli.cli.app import main
from gatecli.errors import UncheckableError
from gatecli.ledger.opening import open_store
from tests.support.jobs import (
    DATASET,
    INPUT,
    OUTPUT,
    Container,
    account,
    job_files,
    left_in,
    s3_input,
    s3_output,
    shell,
)

LENT = "/opt/ml/processing/ledger"
ONE = 10**12


@dataclass(frozen=True, slots=True)
class Office:
    """The ledger that lends, and the files that go back and forth."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def ledger(self, *words: str, by: str = "office") -> str:
        """What a command of the ledger of `by` says; it ends well."""
        self.capsys.readouterr()
        where = ["--ledger", self.path(f"{by}.db")] if words[:2] != ("key", "new") else []
        assert main(["ledger", *words, *where]) == 0, self.capsys.readouterr().err
        return self.capsys.readouterr().out.strip()

    def keyed(self, *words: str, by: str = "office") -> str:
        return self.ledger(*words, "--key", self.path(f"{by}.pem"), by=by)

    def lend(self, job: str) -> None:
        """A ledger of its own for a job: with a key, and a lease of ε = 2."""
        for by in ("office", "child"):
            self.ledger("key", "new", self.path(f"{by}.pem"))
            self.keyed("init", "--name", f"acme.example/{by}", by=by)
        budget = ["--unit", "person", "--epsilon", "8", "--delta", "1e-5", "--records", "60000"]
        self.keyed("dataset", "add", DATASET, *budget)
        self.keyed("lease", "request", "--output", self.path("request"), by="child")
        lent = ["--epsilon", "2", "--delta", "2.5e-6", "--by", "basic", "--output", self.path("lease")]
        self.keyed("lease", "grant", DATASET, "--name", job, "--to", self.path("request"), *lent)
        key = self.ledger("key", "show")
        self.keyed("lease", "accept", self.path("lease"), "--from", key, by="child")

    def held(self) -> int:
        store = open_store(self.path("office.db"), read_only=True)
        found = account(store).held.basic_epsilon
        store.close()
        return found

    def settle(self, file: Path) -> int:
        office = ["--ledger", self.path("office.db"), "--key", self.path("office.pem")]
        return main(["ledger", "lease", "settle", str(file), *office])


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    made = Office(tmp_path / "office", capsys)
    made.folder.mkdir()
    made.lend("train-1")
    return made


def container_with(office: Office, name: str = "train-1") -> Container:
    """The tree of a container, with the ledger and its key below an input."""
    container = Container(office.folder.parent / name, name)
    inputs = [s3_input("data", INPUT), s3_input("ledger", LENT)]
    container.make(job_files(name, inputs, [s3_output("model", OUTPUT)]))
    lent = container.root / LENT.lstrip("/")
    lent.mkdir(parents=True)
    for file in ("child.db", "child.pem"):
        shutil.copy(office.folder / file, lent)
    return container


def run(container: Container, command: Sequence[str] = ()) -> int:
    lent = container.root / LENT.lstrip("/")
    options = {
        "--root": container.root,
        "--dataset": DATASET,
        "--epsilon": 1,
        "--delta": "1e-6",
        "--output": container.output,
        "--declaration": container.declaration,
        "--ledger": lent / "child.db",
        "--ledger-key": lent / "child.pem",
    }
    words = [str(word) for pair in options.items() for word in pair]
    return main(["cloud", "sagemaker", "run", *words, "--", *(command or container.trainer())])


def test_a_lent_ledger_pays_comes_back_and_is_settled(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    container = container_with(office)
    assert office.held() == 2 * ONE
    assert run(container) == 0, capsys.readouterr().err
    names = ["job.json", "lease-return.jsonl", "model.bin", "privacy.json", "spent.json"]
    assert left_in(container.output) == names
    assert office.settle(container.output / "lease-return.jsonl") == 0, capsys.readouterr().err
    assert office.held() == ONE
    assert main(["ledger", "verify", "--ledger", office.path("office.db")]) == 0


def test_a_return_that_cannot_be_written_is_told_after_what_was_committed(
    office: Office, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise UncheckableError("the ledger is gone")

    monkeypatch.setattr("gatecli.cli.cloud_run.return_lease", fail)
    container = container_with(office)
    assert run(container) == 4
    said = capsys.readouterr().err
    assert said.index("churn@1.0.0 is committed") < said.index("the ledger is gone")
    assert "privacy.json" in left_in(container.output)
    assert office.held() == 2 * ONE


def test_the_record_digests_the_data_and_not_the_ledger_that_is_written_meanwhile(office: Office) -> None:
    container = container_with(office)
    assert run(container) == 0
    record = json.loads((container.output / "job.json").read_text())
    assert [each["name"] for each in record["inputs"]] == ["data"]
    assert {each["name"] for each in record["job"]["inputs"]} == {"data", "ledger"}


def test_a_return_is_settled_once(office: Office) -> None:
    container = container_with(office)
    assert run(container) == 0
    for _ in range(2):
        assert office.settle(container.output / "lease-return.jsonl") == 0
        assert office.held() == ONE


def test_a_ledger_that_was_lent_for_another_job_pays_for_none(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    other = container_with(office, "train-2")
    assert run(other) == 1
    assert "customers was lent for train-1, and this job is train-2" in capsys.readouterr().err
    assert left_in(other.output) == []


def test_a_copy_of_the_ledger_pays_for_no_second_job(office: Office) -> None:
    first, second = container_with(office), container_with(office, "train-2")
    assert run(first) == 0
    shutil.copy(first.root / LENT.lstrip("/") / "child.db", second.root / LENT.lstrip("/"))
    assert run(second) == 1
    assert left_in(second.output) == []


def test_the_lease_of_a_job_that_fails_stays_spent(office: Office) -> None:
    container = container_with(office)
    assert run(container, shell("exit 3")) == 4
    assert left_in(container.output) == []
    assert office.held() == 2 * ONE


def test_a_key_in_the_output_would_be_published_and_is_refused(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    container = container_with(office)
    lent = container.root / LENT.lstrip("/")
    (lent / "child.pem").unlink()
    (lent / "child.pem").symlink_to(container.output / "child.pem")
    shutil.copy(office.folder / "child.pem", container.output)
    assert run(container) == 2
    assert "is in" in capsys.readouterr().err
