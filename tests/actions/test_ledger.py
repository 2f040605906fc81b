"""The ledger action: a kept checkpoint shows what was rewritten, and a new one takes its place."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

import pytest

from gatecli.ledger.interface import Store
from tests.support.actions import BIN, ROOT, run_workflow
from tests.support.charged_ledgers import add, ledger
from tests.support.repositories import git

SCRIPT = ROOT / "github_actions/ledger/run.sh"
JOB = "on: pull_request\njobs:\n  it:\n    runs-on: ubuntu-latest\n"
WORKFLOW = """\
on: [pull_request]
jobs:
  ledger:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683
      - id: ledger
        uses: OWNER/REPO/github_actions/ledger@<sha>
        with: {ledger: LEDGER, checkpoint: kept/ledger.checkpoint}
      - env:
          CHECKPOINT: ${{ steps.ledger.outputs.checkpoint }}
          CHANGED: ${{ steps.ledger.outputs.changed }}
        run: echo "saw=$CHECKPOINT,$CHANGED"
"""


@dataclass(frozen=True)
class Step:
    """What a run of the action's script left."""

    code: int
    output: str
    summary: str
    results: str


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with ledger(tmp_path) as made:
        add(made)
        yield made


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A clone, and the repository that it pushes to."""
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
    git(tmp_path, "clone", "--quiet", "origin.git", "work")
    root = tmp_path / "work"
    git(root, "checkout", "--quiet", "-b", "main")
    git(
        root,
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@b.example",
        "commit",
        "--quiet",
        "--allow-empty",
        "-m",
        "x",
    )
    git(root, "push", "--quiet", "--set-upstream", "origin", "main")
    return root


def step(repository: Path, **inputs: str) -> Step:
    folder = repository.parent
    files = {name: folder / name for name in ("summary", "results")}
    for file in files.values():
        file.write_text("", "utf-8")
    environment = {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "RUNNER_TEMP": str(folder),
        "GITHUB_STEP_SUMMARY": str(files["summary"]),
        "GITHUB_OUTPUT": str(files["results"]),
        "GATECLI_LEDGER": str(folder / "ledger.db"),
        "INPUT_CHECKPOINT": "ledger.checkpoint",
        "INPUT_KEY": "",
        "INPUT_COMMIT": "false",
        **inputs,
    }
    done = subprocess.run(
        ["bash", SCRIPT], cwd=repository, env=environment, capture_output=True, text=True, check=False
    )
    told = {name: file.read_text("utf-8") for name, file in files.items()}
    return Step(done.returncode, done.stdout + done.stderr, told["summary"], told["results"])


def test_the_first_run_keeps_a_checkpoint_and_prints_it(store: Store, repository: Path) -> None:
    done = step(repository)
    assert done.code == 0, done.output
    kept = (repository / "ledger.checkpoint").read_text("utf-8")
    assert kept.startswith("test.example/ledger\n1\n")
    assert "    test.example/ledger\n    1\n" in done.summary
    assert done.results.splitlines() == ["checkpoint=ledger.checkpoint", "changed=true"]


def test_a_ledger_that_did_not_grow_changes_nothing(store: Store, repository: Path) -> None:
    step(repository)
    kept = (repository / "ledger.checkpoint").read_bytes()
    assert "changed=false" in step(repository).results
    assert (repository / "ledger.checkpoint").read_bytes() == kept


def test_a_ledger_that_grew_begins_with_what_was_kept(store: Store, repository: Path) -> None:
    step(repository)
    add(store, "visits")
    done = step(repository)
    assert (done.code, "changed=true" in done.results) == (0, True), done.output


def test_another_ledger_in_its_place_fails_the_job(store: Store, repository: Path, tmp_path: Path) -> None:
    step(repository)
    kept = (repository / "ledger.checkpoint").read_bytes()
    store.close()
    (tmp_path / "ledger.db").unlink()
    with ledger(tmp_path) as other:
        add(other, epsilon="100")
    done = step(repository)
    assert done.code == 1
    assert "ledger-chain-broken" in done.output
    assert (repository / "ledger.checkpoint").read_bytes() == kept


def test_a_changed_row_fails_the_job(store: Store, repository: Path, tmp_path: Path) -> None:
    step(repository)
    connection = sqlite3.connect(tmp_path / "ledger.db")
    with connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE entry SET content = replace(content, '2', '3')")
    connection.close()
    assert step(repository).code == 1


def test_the_checkpoint_is_committed_and_pushed(store: Store, repository: Path, tmp_path: Path) -> None:
    (repository / "left.txt").write_text("not mine\n", "utf-8")
    assert step(repository, INPUT_COMMIT="true").code == 0
    assert git(tmp_path / "origin.git", "show", "--name-only", "--format=%s", "main").splitlines() == [
        "Keep the ledger's checkpoint",
        "",
        "ledger.checkpoint",
    ]
    assert step(repository, INPUT_COMMIT="true").code == 0


@pytest.mark.parametrize(
    "inputs",
    [
        {"GATECLI_LEDGER": ""},
        {"INPUT_CHECKPOINT": "/etc/passwd"},
        {"INPUT_CHECKPOINT": "../outside"},
        {"INPUT_CHECKPOINT": "a/../../outside"},
        {"INPUT_CHECKPOINT": ""},
        {"INPUT_COMMIT": "yes"},
    ],
)
def test_a_bad_input_is_told(store: Store, repository: Path, inputs: dict[str, str]) -> None:
    done = step(repository, **inputs)
    assert done.code == 2
    assert "::error title=gatecli::" in done.output


def test_the_snippet_of_its_page_keeps_a_checkpoint(store: Store, repository: Path, tmp_path: Path) -> None:
    page = (ROOT / "github_actions/ledger/README.md").read_text("utf-8")
    steps = page.partition("```yaml\n")[2].partition("```")[0]
    place = str(tmp_path / "ledger.db")
    snippet = steps.replace("${{ secrets.LEDGER_URL }}", place).replace(
        "actions/checkout@<sha>", "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683"
    )
    assert place in snippet
    snippet = snippet.replace("commit: true", "commit: false")  # the runner has no remote to push to
    ran = run_workflow(repository, JOB + indent(snippet, "    "))
    assert ran.code == 0, ran.log + ran.runner
    assert "### Checkpoint of the ledger" in ran.log


def test_the_action_runs_in_a_workflow(store: Store, repository: Path, tmp_path: Path) -> None:
    ran = run_workflow(repository, WORKFLOW.replace("LEDGER", str(tmp_path / "ledger.db")))
    assert ran.code == 0, ran.log
    assert ran.saw == ["kept/ledger.checkpoint", "true"]
