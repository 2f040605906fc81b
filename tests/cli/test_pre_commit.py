"""Our hooks as the real pre-commit installs and runs them, from a repository on this machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.hooks import ROOT, Repository, configured, offered
from tests.support.reviews import SSN

CLEAN = "name: etl\n"
DIRTY = f"ssn: {SSN}\n"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, Path]:
    """What offers the hooks, its commit, and the home in which they are installed once."""
    home = tmp_path_factory.mktemp("home")
    return *offered(home), home


@pytest.fixture
def repository(source: tuple[Path, str, Path], tmp_path: Path) -> Repository:
    """A repository with our hooks, and one commit."""
    folder, revision, home = source
    made = Repository(tmp_path / "repository", home)
    configured(made, folder, revision, "gatecli-pii", "gatecli-release", "gatecli-audit-code")
    made.git("commit", "--quiet", "--no-verify", "-m", "a")
    return made


def test_a_clean_commit_is_made(repository: Repository) -> None:
    repository.write("deploy/pod.yaml", CLEAN)
    made, said = repository.commit()
    assert made, said
    assert "gatecli pii scan" in said
    assert "Passed" in said


def test_personal_data_stops_a_commit_and_is_not_shown(repository: Repository) -> None:
    repository.write("deploy/pod.yaml", DIRTY)
    made, said = repository.commit()
    assert not made
    assert "deploy/pod.yaml:1:6  error  pii-us-ssn" in said
    assert SSN not in said


def test_a_wrong_pattern_stops_a_commit(repository: Repository) -> None:
    example = ROOT / "tests" / "rules" / "audit-code-float-noise"
    repository.write("count.py", (example / "fail" / "program.py").read_text("utf-8"))
    made, said = repository.commit()
    assert not made
    assert "count.py:5:26  error  audit-code-float-noise" in said
    repository.write("count.py", (example / "pass" / "program.py").read_text("utf-8"))
    made, said = repository.commit()
    assert made, said


def test_what_is_dirty_only_in_the_working_tree_does_not_stop_a_commit(repository: Repository) -> None:
    repository.write("pod.yaml", CLEAN)
    repository.write("pod.yaml", DIRTY, staged=False)
    made, said = repository.commit()
    assert made, said
    assert (repository.folder / "pod.yaml").read_text("utf-8") == DIRTY


def test_what_is_clean_only_in_the_working_tree_stops_a_commit(repository: Repository) -> None:
    repository.write("pod.yaml", DIRTY)
    repository.write("pod.yaml", CLEAN, staged=False)
    made, said = repository.commit()
    assert not made
    assert "pii-us-ssn" in said
    assert (repository.folder / "pod.yaml").read_text("utf-8") == CLEAN


def test_only_what_is_committed_is_judged(repository: Repository) -> None:
    repository.write("old.yaml", DIRTY, staged=False)
    repository.write("new.yaml", CLEAN)
    made, said = repository.commit()
    assert made, said


def test_a_commit_of_unusual_files_is_made(repository: Repository) -> None:
    for name in ("empty.py", ".gitignore", "-v", "--policy=x.privacy.yaml.txt", "a b\n.txt", "数.md"):
        repository.write(name, "")
    made, said = repository.commit()
    assert made, said


def test_the_name_of_a_file_is_never_an_option(repository: Repository) -> None:
    repository.write("pod.yaml", DIRTY)
    repository.write("--exit-zero", CLEAN)
    assert not repository.commit()[0]


def test_every_gate_can_stand_before_a_commit(source: tuple[Path, str, Path], tmp_path: Path) -> None:
    folder, revision, home = source
    repository = Repository(tmp_path / "repository", home)
    configured(repository, folder, revision, "gatecli-check")
    assert repository.commit()[0]
    shutil.copytree(ROOT / "examples/churn-model", repository.folder / "model")
    repository.git("add", "--all")
    made, said = repository.commit()
    assert not made
    assert "dp-understated-epsilon" in said


def test_a_file_that_git_ignores_and_somebody_added_is_judged(repository: Repository) -> None:
    repository.write(".gitignore", "*.secret\n")
    repository.write("a.secret", DIRTY, staged=False)
    repository.git("add", "--force", "a.secret")
    made, said = repository.commit()
    assert not made
    assert "a.secret:1:6  error  pii-us-ssn" in said


def test_a_deletion_is_made(repository: Repository) -> None:
    repository.write("pod.yaml", CLEAN)
    repository.commit()
    repository.git("rm", "--quiet", "pod.yaml")
    assert repository.commit()[0]


def test_the_policy_of_the_repository_counts(repository: Repository) -> None:
    spec = "spec: {extends: default, pii: {entities: {US_SSN: warn}}}"
    head = "apiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\nmetadata: {name: p}\n"
    repository.write("gatecli.yaml", f"{head}{spec}\n")
    repository.write("pod.yaml", DIRTY)
    made, said = repository.commit()
    assert made, said


@pytest.mark.parametrize(("example", "held"), [("churn-model-mended", True), ("churn-model", False)])
def test_a_release_is_committed_only_with_a_promise_that_it_keeps(
    repository: Repository, example: str, *, held: bool
) -> None:
    shutil.copytree(ROOT / "examples" / example, repository.folder / "model")
    repository.git("add", "--all")
    made, said = repository.commit()
    assert made is held, said
    assert held or "dp-understated-epsilon" in said


def test_a_clean_file_costs_no_import_of_the_engine(tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text(CLEAN, "utf-8")
    program = (
        "import sys; from gatecli.cli.app import main; code = main(['pii', 'scan', 'pod.yaml']);"
        "heavy = {'presidio_analyzer', 'spacy', 'phonenumbers', 'numpy', 'ibis', 'dp_accounting'};"
        "sys.exit(code or ', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
