"""gatecli's own way to Terraform: real plans, of the system's Terraform and of a newer one."""

from __future__ import annotations

import fcntl
import logging
import os
import shlex
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gatecli.errors import NothingToCheckError, UncheckableError, UsageError
from gatecli.model.plan_graph import depends_on
from gatecli.sources.plan.diagnostics import Failed, PlanFailure
from gatecli.sources.plan.reading import load_plan
from gatecli.sources.plan.snapshots import with_configuration
from gatecli.sources.plan.terraform import Planned, PlanRequest, plan_directory, show_saved_plan
from tests.support.plans import CONFIGURATION, at
from tests.support.terraform import QUIET, Terraform

CANARY = "canary-4711 'quoted' \"twice\" $HOME `x` \\ ü\n; end"
VARIABLE = 'variable "q" {\n  type = string\n}\nresource "terraform_data" "x" {\n  input = var.q\n}\n'


@pytest.fixture(name="request_of_root")
def request_with_a_private_temporary_folder(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> PlanRequest:
    """A request for an empty folder `root`; everything temporary is below `temporary`."""
    temporary, root = tmp_path / "temporary", tmp_path / "root"
    temporary.mkdir()
    root.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    program = tmp_path / "terraform"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
    program.chmod(0o755)
    environment = {**os.environ, **QUIET, "TMPDIR": str(temporary)}
    return PlanRequest(root, environment, str(program))


@pytest.fixture(name="variable")
def request_of_one_variable(request_of_root: PlanRequest) -> PlanRequest:
    (request_of_root.directory / "main.tf").write_text(VARIABLE)
    return request_of_root


def planned(request: PlanRequest) -> Planned:
    answer = plan_directory(request)
    assert isinstance(answer, Planned), answer
    return answer


def failed(request: PlanRequest) -> Failed:
    answer = plan_directory(request)
    assert isinstance(answer, Failed)
    return answer


def everything_below(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def value_of_q(answer: Planned) -> object:
    return at(load_plan(answer.content, "plan").values[0], "terraform_data.x").values["input"]


def test_a_directory_is_planned_and_left_as_it_was(
    request_of_root: PlanRequest, command: tuple[str, ...]
) -> None:
    root = request_of_root.directory
    shutil.copytree(CONFIGURATION, root, dirs_exist_ok=True)
    Terraform(command, root)("init").passed()
    before = list(everything_below(root))
    answer = planned(request_of_root)
    assert (answer.has_changes, answer.tool) == (True, "terraform")
    assert answer.snapshot is not None
    plan = with_configuration(load_plan(answer.content, "plan").values[0], answer.snapshot)
    assert len(plan.resources) == 12
    assert "module.gate.terraform_data.gate" in depends_on(plan, "terraform_data.local").addresses
    assert list(everything_below(root)) == before


def test_no_changes_is_no_error(variable: PlanRequest, command: tuple[str, ...]) -> None:
    request = replace(variable, variables=("q=1",))
    Terraform(command, request.directory)("apply", "-auto-approve", "-var=q=1").passed()
    assert planned(request).has_changes is False


def test_a_value_arrives_as_it_is_and_nothing_of_it_stays(
    variable: PlanRequest, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = planned(replace(variable, variables=(f"q={CANARY}",)))
    assert value_of_q(answer) == CANARY
    assert "canary" not in repr(answer) + caplog.text
    temporary = Path(tempfile.gettempdir())
    assert list(temporary.iterdir()) == []
    assert not [name for name, content in everything_below(variable.directory) if b"canary" in content]


def test_a_variable_wins_over_every_file(variable: PlanRequest, tmp_path: Path) -> None:
    (variable.directory / "terraform.tfvars").write_text('q = "default file"\n')
    given = tmp_path / "given.tfvars"
    given.write_text('q = "given file"\n')
    assert value_of_q(planned(variable)) == "default file"
    assert value_of_q(planned(replace(variable, var_files=(given,)))) == "given file"
    both = replace(variable, var_files=(given,), variables=("q=first", "q=last"))
    assert value_of_q(planned(both)) == "last"


def test_a_variable_may_be_a_list(request_of_root: PlanRequest) -> None:
    text = 'variable "q" {\n  type = list(string)\n}\nresource "terraform_data" "x" {\n  input = var.q\n}\n'
    (request_of_root.directory / "main.tf").write_text(text)
    assert value_of_q(planned(replace(request_of_root, variables=('q=["a", "b"]',)))) == ["a", "b"]


def test_the_callers_own_arguments_stay(variable: PlanRequest) -> None:
    environment = {**variable.environment, "TF_CLI_ARGS_plan": "-var=q=environment"}
    assert value_of_q(planned(replace(variable, environment=environment))) == "environment"
    both = replace(variable, environment=environment, variables=("q=option",))
    assert value_of_q(planned(both)) == "option"


def test_a_workspace_is_planned_without_being_selected(request_of_root: PlanRequest) -> None:
    text = 'resource "terraform_data" "x" {\n  input = terraform.workspace\n}\n'
    (request_of_root.directory / "main.tf").write_text(text)
    assert value_of_q(planned(replace(request_of_root, workspace="staging"))) == "staging"
    assert value_of_q(planned(request_of_root)) == "default"


def test_a_failed_condition_is_told_with_the_plan_that_was_left(
    request_of_root: PlanRequest, command: tuple[str, ...]
) -> None:
    shutil.copytree(CONFIGURATION, request_of_root.directory, dirs_exist_ok=True)
    Terraform(command, request_of_root.directory)("init").passed()
    answer = failed(replace(request_of_root, variables=("k=2",)))
    assert answer.reason is PlanFailure.CONDITION
    assert "k-anonymity 2 is below 3" in [said.detail for said in answer.diagnostics]
    assert answer.content is not None
    [plan] = load_plan(answer.content, "plan").values
    assert plan.errored
    assert answer.snapshot is not None


BROKEN = {
    "module": ('module "x" {\n  source = "./m"\n}\n', PlanFailure.NOT_INITIALISED),
    "provider": ('resource "null_resource" "x" {}\n', PlanFailure.NOT_INITIALISED),
    "backend": ('terraform {\n  backend "s3" {}\n}\n', PlanFailure.NOT_INITIALISED),
    "variable": (VARIABLE, PlanFailure.VARIABLE),
    "newer": ('terraform {\n  required_version = ">= 99"\n}\n', PlanFailure.VERSION),
    "syntax": ('resource "terraform_data" {\n', PlanFailure.OTHER),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_cannot_be_planned_has_a_reason(request_of_root: PlanRequest, case: str) -> None:
    text, reason = BROKEN[case]
    (request_of_root.directory / "main.tf").write_text(text)
    before = list(everything_below(request_of_root.directory))
    answer = failed(request_of_root)
    assert answer.reason is reason
    assert answer.diagnostics
    assert list(everything_below(request_of_root.directory)) == before
    if reason is PlanFailure.NOT_INITIALISED:
        assert "terraform init" in answer.advice


def test_a_variable_that_is_not_declared_is_told(variable: PlanRequest) -> None:
    assert failed(replace(variable, variables=("q=1", "zz=1"))).reason is PlanFailure.VARIABLE


def test_a_locked_state_is_told(variable: PlanRequest) -> None:
    with (variable.directory / "terraform.tfstate").open("w") as state:
        fcntl.lockf(state, fcntl.LOCK_EX)
        answer = failed(replace(variable, variables=("q=1",)))
    assert answer.reason is PlanFailure.LOCKED


def test_a_broken_state_is_told(variable: PlanRequest) -> None:
    (variable.directory / "terraform.tfstate").write_text("{broken")
    assert failed(replace(variable, variables=("q=1",))).reason is PlanFailure.BACKEND


def test_a_saved_plan_is_shown(variable: PlanRequest, command: tuple[str, ...], tmp_path: Path) -> None:
    saved = tmp_path / "plan.out"
    Terraform(command, variable.directory)("plan", "-var=q=1", f"-out={saved}").passed()
    answer = show_saved_plan(saved, variable)
    assert isinstance(answer, Planned)
    assert value_of_q(answer) == "1"


def test_what_is_no_saved_plan_is_told(variable: PlanRequest, tmp_path: Path) -> None:
    saved = tmp_path / "plan.out"
    saved.write_bytes(b"PK\x03\x04garbage")
    answer = show_saved_plan(saved, variable)
    assert isinstance(answer, Failed)
    assert answer.reason is PlanFailure.NO_PLAN


def test_a_part_is_planned_only_where_a_part_is_enough(variable: PlanRequest) -> None:
    request = replace(variable, variables=("q=1",), targets=("terraform_data.x",))
    with pytest.raises(UsageError, match="-target"):
        plan_directory(request)
    answer = planned(replace(request, allows_targets=True))
    assert load_plan(answer.content, "plan").values[0].targeted


@pytest.mark.parametrize(
    "argument", ["-target=a.b", "--target a.b", "-exclude=a.b", "-destroy", "-lock=false -refresh-only"]
)
def test_a_part_that_the_environment_asks_for_is_refused(tmp_path: Path, argument: str) -> None:
    (tmp_path / "main.tf").write_text(VARIABLE)
    for name in ("TF_CLI_ARGS", "TF_CLI_ARGS_plan"):
        with pytest.raises(UsageError, match=name):
            plan_directory(PlanRequest(tmp_path, {name: argument, "PATH": ""}))


@pytest.mark.parametrize("value", ["", "=x", "1a=x", "a", "a\0=x", "a=\0"])
def test_what_is_no_variable_is_refused_without_its_value(tmp_path: Path, value: str) -> None:
    (tmp_path / "main.tf").write_text(VARIABLE)
    with pytest.raises(UsageError, match="variable 1 is not NAME=VALUE"):
        plan_directory(PlanRequest(tmp_path, {}, variables=(value,)))


def test_variables_beyond_what_a_process_takes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(VARIABLE)
    with pytest.raises(UsageError, match="too long"):
        plan_directory(PlanRequest(tmp_path, {}, variables=("q=" + "x" * 200_000,)))


def test_no_directory_and_no_configuration_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(NothingToCheckError, match=r"holds no \.tf file"):
        plan_directory(PlanRequest(tmp_path, {}))
    with pytest.raises(UncheckableError, match="is not a directory"):
        plan_directory(PlanRequest(tmp_path / "none", {}))


def fake(tmp_path: Path, script: str) -> PlanRequest:
    """A request to a program that is no Terraform at all."""
    (tmp_path / "main.tf").write_text(VARIABLE)
    program = tmp_path / "fake"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return PlanRequest(tmp_path, {"PATH": os.environ["PATH"]}, str(program))


def test_without_terraform_it_is_said_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(VARIABLE)
    answer = failed(PlanRequest(tmp_path, {"PATH": str(tmp_path)}))
    assert (answer.reason, answer.message) == (PlanFailure.NOT_FOUND, "terraform is not on the PATH")
    assert "install Terraform" in answer.advice


def test_a_file_that_cannot_run_is_told(tmp_path: Path) -> None:
    request = fake(tmp_path, "")
    Path(request.binary).write_bytes(b"\x7fELFbroken")
    assert failed(request).reason is PlanFailure.NOT_FOUND


def test_a_plan_that_hangs_ends_with_all_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    request = fake(tmp_path, "trap '' INT; echo secret > $TMPDIR/left; sleep 60 & wait")
    answer = failed(replace(request, seconds=0.5, grace=0.1))
    assert answer.reason is PlanFailure.TIME
    assert "0.5 seconds" in answer.message
    assert list(temporary.iterdir()) == []


def test_a_run_that_writes_no_plan_is_no_plan(tmp_path: Path) -> None:
    assert failed(fake(tmp_path, "exit 0")).reason is PlanFailure.NO_PLAN


@pytest.mark.parametrize("end", ["exit 1", "exit 3", "kill -9 $$"])
def test_a_run_that_fails_without_a_word_is_a_failure(tmp_path: Path, end: str) -> None:
    assert failed(fake(tmp_path, end)).reason is PlanFailure.OTHER


def test_what_a_run_is_given(tmp_path: Path) -> None:
    request = fake(tmp_path, 'echo "$@" > arguments; env > environment; stat -c %a "$TMPDIR" > mode; exit 1')
    environment = {**request.environment, "TF_LOG": "trace", "TF_LOG_PATH": "/dev/null", "AWS_PROFILE": "me"}
    failed(replace(request, environment=environment, variables=("q=canary",), lock_seconds=7))
    arguments = (tmp_path / "arguments").read_text()
    assert arguments.startswith("plan ")
    assert {"-input=false", "-lock-timeout=7s", "-detailed-exitcode", "-json", "-no-color"} <= set(
        arguments.split()
    )
    assert "canary" not in arguments
    given = dict(line.split("=", 1) for line in (tmp_path / "environment").read_text().splitlines())
    assert {given[name] for name in ("CHECKPOINT_DISABLE", "TF_IN_AUTOMATION")} == {"1"}
    assert given["AWS_PROFILE"] == "me"
    assert not [name for name in given if name.startswith("TF_LOG")]
    assert stat.filemode(int((tmp_path / "mode").read_text(), 8)).endswith("rwx------")
