"""The real Terraform or OpenTofu, through python-terraform, with its traps closed.

python-terraform puts the options together; what it does with them is replaced. Its own `cmd` has no
time-out and waits on an open standard input, keeps variables in files under the temporary folder and in
debug logs, takes "there are changes" (2) for an error, and its constructor reads the state.
"""

from __future__ import annotations

import re
import shlex
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic

from python_terraform import IsFlagged, Terraform

from gatecli.errors import NothingToCheckError, UncheckableError, UsageError
from gatecli.sources.plan.diagnostics import (
    Diagnostic,
    Failed,
    PlanFailure,
    diagnostics_of,
    failure,
    version_of,
)
from gatecli.sources.plan.module_files import holds_configuration
from gatecli.sources.plan.processes import GRACE, Ended, TimedOut, run, terminable
from gatecli.sources.plan.snapshots import Snapshot, snapshot_of
from gatecli.sources.tree import shown_path

SECONDS = 600.0
"""How long a plan may take, all in all."""

_LOGS = frozenset({"TF_LOG", "TF_LOG_CORE", "TF_LOG_PROVIDER", "TF_LOG_PATH", "TF_CLI_ARGS_show"})
_ARGUMENTS = ("TF_CLI_ARGS", "TF_CLI_ARGS_plan")
_PARTIAL = re.compile(r"(?<![\w-])--?(target|exclude|destroy|refresh-only)(?![\w])")
_VARIABLE = re.compile(r"[^\W\d][\w-]*=", re.UNICODE)
_LONGEST = 100_000
"""Bytes of all -var values together: Linux takes 128 KiB of a variable of the environment."""


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What is to be planned, and how. `environment` is the caller's own.

    `variables` are `name=value`, as -var takes them; they come after `var_files` and win over them.
    `targets` make a plan of a part of the configuration, which says nothing about the rest: refused
    unless `allows_targets`. An empty `workspace` is the selected one.
    """

    directory: Path
    environment: Mapping[str, str] = field(repr=False)
    binary: str = "terraform"
    variables: tuple[str, ...] = field(default=(), repr=False)
    var_files: tuple[Path, ...] = ()
    targets: tuple[str, ...] = ()
    allows_targets: bool = False
    workspace: str = ""
    lock_seconds: int = 0
    seconds: float = SECONDS
    grace: float = GRACE


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan as `terraform show -json` gives it, and the configuration that is saved in it.

    `has_changes` is None where the exit code did not say.
    """

    content: bytes = field(repr=False)
    snapshot: Snapshot | None = field(default=None, repr=False)
    has_changes: bool | None = None
    tool: str = ""
    version: str = ""
    warnings: tuple[Diagnostic, ...] = ()


def plan_directory(request: PlanRequest) -> Planned | Failed:
    """The plan of a directory. Nothing is initialised, applied, written there or left behind.

    A state lock is taken and given back. Raises `UsageError` for -target and for variables that are none,
    `NothingToCheckError` where the directory holds no configuration, `UncheckableError` where there is no
    directory.
    """
    _check(request)
    with terminable(), tempfile.TemporaryDirectory(prefix="gatecli-") as private:
        session = _session(request, Path(private))
        return session if isinstance(session, Failed) else _make_plan(session, request, Path(private))


def show_saved_plan(plan: Path, request: PlanRequest) -> Planned | Failed:
    """The JSON of a saved plan, read in the directory that it was made in: its providers are there."""
    with terminable(), tempfile.TemporaryDirectory(prefix="gatecli-") as private:
        session = _session(request, Path(private))
        return session if isinstance(session, Failed) else _show_plan(session, plan.absolute(), request)


class _Session(Terraform):  # type: ignore[misc]  # python-terraform has no types
    """python-terraform with another way to run what it put together."""

    def __init__(self, program: str, request: PlanRequest, environment: Mapping[str, str]) -> None:
        super().__init__(working_dir=str(request.directory), terraform_bin_path=program)
        self.variables = None  # an empty dict would become a file under the temporary folder
        self._environment = environment
        self._request = request
        self._deadline = monotonic() + request.seconds

    def read_state_file(self, file_path: str | None = None) -> None:
        """The state is Terraform's own business; a corrupt one would raise here."""

    def cmd(self, cmd: str, *args: str, **options: object) -> Ended | TimedOut:
        """Run a subcommand; raises `OSError` where it cannot be started."""
        command = self.generate_cmd_string(cmd, *args, **options)
        request = self._request
        left = self._deadline - monotonic()
        ended = run(command, request.directory, self._environment, left, grace=request.grace)
        return TimedOut(request.seconds) if isinstance(ended, TimedOut) else ended


def _check(request: PlanRequest) -> None:
    where = shown_path(request.directory)
    if not request.directory.is_dir():
        raise UncheckableError(f"{where} is not a directory", advice="name the directory of a root module")
    if not holds_configuration(request.directory):
        raise NothingToCheckError(f"{where} holds no .tf file", advice="name the directory of a root module")
    if not request.allows_targets:
        _check_targets(request)
    for number, variable in enumerate(request.variables, 1):
        if _VARIABLE.match(variable) is None or "\0" in variable:
            raise UsageError(f"variable {number} is not NAME=VALUE", advice="write --var name=value")
    if sum(len(variable.encode("utf-8", "surrogateescape")) for variable in request.variables) > _LONGEST:
        raise UsageError("the variables are too long for a command", advice="put them into a --var-file")


def _check_targets(request: PlanRequest) -> None:
    advice = "plan the whole configuration, or say that a part is enough"
    if request.targets:
        raise UsageError("a plan with -target says nothing about the rest", advice=advice)
    for name in _ARGUMENTS:
        if partial := _PARTIAL.search(request.environment.get(name, "")):
            raise UsageError(
                f"{name} holds -{partial[1]}: such a plan says nothing about the rest", advice=advice
            )


def _session(request: PlanRequest, private: Path) -> _Session | Failed:
    program = shutil.which(request.binary, path=request.environment.get("PATH"))
    if program is None:
        return Failed(
            PlanFailure.NOT_FOUND,
            f"{shown_path(Path(request.binary))} is not on the PATH",
            "install Terraform (developer.hashicorp.com/terraform/install), name another program with "
            "--terraform-binary tofu, or give the JSON of a plan that was made elsewhere",
        )
    return _Session(str(Path(program).absolute()), request, _environment(request, private))


def _environment(request: PlanRequest, private: Path) -> dict[str, str]:
    """The caller's environment, quiet, and with the variables in it.

    Variables go through TF_CLI_ARGS_plan: only this user can read the environment of a process, where
    every user can read its arguments; and they mean exactly what -var means.
    """
    environment = {name: value for name, value in request.environment.items() if name not in _LOGS}
    environment |= {
        "CHECKPOINT_DISABLE": "1",
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "TMPDIR": str(private),
    }
    if request.workspace:
        environment["TF_WORKSPACE"] = request.workspace
    if given := _variable_arguments(request):
        before = environment.get("TF_CLI_ARGS_plan", "")
        environment["TF_CLI_ARGS_plan"] = " ".join([*([before] if before else []), *map(shlex.quote, given)])
    return environment


def _variable_arguments(request: PlanRequest) -> Sequence[str]:
    files = (f"-var-file={file.absolute()}" for file in request.var_files)
    return [*files, *(f"-var={variable}" for variable in request.variables)]


def _make_plan(session: _Session, request: PlanRequest, private: Path) -> Planned | Failed:
    saved = private / "plan"
    options = {"out": str(saved), "lock_timeout": f"{request.lock_seconds}s", "json": IsFlagged}
    session.targets = list(request.targets)
    ended = _answer(lambda: session.plan(**options), request)
    if isinstance(ended, Failed):
        return ended
    said = diagnostics_of(ended.out, ended.err)
    tool, version = version_of(ended.out)
    if ended.code not in {0, 2}:
        left = _show_plan(session, saved, request) if saved.exists() else None
        failed = failure(said, tool or _name(request), shown_path(request.directory))
        if not isinstance(left, Planned):
            return failed
        return replace(failed, content=left.content, snapshot=left.snapshot)
    if not saved.exists():
        return Failed(
            PlanFailure.NO_PLAN,
            f"{_name(request)} plan wrote no plan",
            "unset TF_CLI_ARGS and TF_CLI_ARGS_plan",
        )
    shown = _show_plan(session, saved, request)
    if isinstance(shown, Failed):
        return shown
    return Planned(shown.content, shown.snapshot, ended.code == 2, tool, version, said)


def _show_plan(session: _Session, plan: Path, request: PlanRequest) -> Planned | Failed:
    ended = _answer(lambda: session.cmd("show", str(plan), json=IsFlagged, no_color=IsFlagged), request)
    if isinstance(ended, Failed):
        return ended
    if ended.code != 0:
        said = diagnostics_of(b"", ended.err)
        return failure(said, _name(request), shown_path(request.directory))
    return Planned(ended.out, snapshot_of(plan))


def _answer(ask: Callable[[], Ended | TimedOut], request: PlanRequest) -> Ended | Failed:
    try:
        ended = ask()
    except OSError as error:
        problem = f"{_name(request)} cannot be started: {(error.strerror or 'unknown error').lower()}"
        return Failed(PlanFailure.NOT_FOUND, problem, "check --terraform-binary")
    if isinstance(ended, TimedOut):
        return Failed(
            PlanFailure.TIME,
            f"{_name(request)} did not plan {shown_path(request.directory)} within {ended.seconds:g} seconds",
            "give it more time, or find out what it waits for",
        )
    return ended


def _name(request: PlanRequest) -> str:
    return shown_path(Path(Path(request.binary).name))
