"""What the entry points of all platforms share: from options to a job that ran, or the reason why not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Annotated, cast

import typer
from pydantic import TypeAdapter

from gatecli.cli.numbers import exact
from gatecli.cloud.jobs import Job, JobPromise
from gatecli.cloud.running import JobEnd, JobRequest, run_job
from gatecli.errors import GatecliError, UsageError
from gatecli.frontdoor.console import err
from gatecli.frontdoor.options import LedgerKey, LedgerUrl, option, whole_environment
from gatecli.frontdoor.publish import write_lines
from gatecli.frontdoor.session import GateOptions, begin
from gatecli.gates.concealment import without_values
from gatecli.gates.ledger_access import moment, open_ledger
from gatecli.ledger.leases import return_lease
from gatecli.ledger.opening import file_of
from gatecli.ledger.signing_keys import read_key
from gatecli.model.comma_list import split_list
from gatecli.model.job_files import RETURN, UNCOMMITTED
from gatecli.model.ledger import Account
from gatecli.model.number import BelowOne, Positive

JOB = "Job"

_EPSILON: TypeAdapter[Fraction] = TypeAdapter(Positive)
_DELTA: TypeAdapter[Fraction] = TypeAdapter(BelowOne)

Command = Annotated[
    list[str], typer.Argument(metavar="-- COMMAND ...", help="What the job runs, with its arguments.")
]
Publish = Callable[[Sequence[Account]], None]
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class JobOptions:
    """What the definition of every job says of it."""

    dataset: Annotated[
        list[str],
        option(
            "--dataset",
            panel=JOB,
            variable="JOB_DATASET",
            metavar="NAME,...",
            help="The datasets that the job reads, as the ledger names them; repeatable.",
        ),
    ]
    epsilon: Annotated[
        str,
        option(
            "--epsilon",
            panel=JOB,
            variable="JOB_EPSILON",
            metavar="NUMBER",
            help="The most ε that it spends.",
        ),
    ]
    delta: Annotated[
        str,
        option(
            "--delta", panel=JOB, variable="JOB_DELTA", metavar="NUMBER", help="The most δ that it spends."
        ),
    ]
    release_folder: Annotated[
        Path,
        option(
            "--output",
            panel=JOB,
            variable="JOB_OUTPUT",
            metavar="DIR",
            help="The empty folder that the command writes its release into; emptied again where that fails.",
        ),
    ]
    declaration: Annotated[
        Path,
        option(
            "--declaration",
            panel=JOB,
            variable="JOB_DECLARATION",
            metavar="FILE",
            help="What the job makes, a document of kind ModelRelease.",
        ),
    ] = Path("privacy.yaml")
    ledger: LedgerUrl = None
    ledger_key: LedgerKey = None


def run(
    given: JobOptions, gate: GateOptions, command: Sequence[str], job: Callable[[], Job], publish: Publish
) -> None:
    """Run a job within its budget; ends with the exit code of the verdict on its release."""
    ledger = _require_ledger(given, gate)
    promise, described = _promise(given), job()
    session = begin(gate, given.declaration.parent)
    with open_ledger(ledger, key=given.ledger_key) as store:
        request = JobRequest(
            described,
            promise,
            given.declaration,
            given.release_folder,
            tuple(command),
            whole_environment(),
            session.terms,
            store,
            _now,
            law=tuple(filter(None, (gate.policy, *(gate.waivers or ()), gate.baseline))),
            lent=tuple(filter(None, (file_of(ledger), given.ledger_key))),
        )
        _require_key(request, given.ledger_key)
        end = _run(request, publish)
        _tell(end, publish, given.declaration)
        if end.verdict.passed:
            _give_back(request, end, given.ledger_key)
    raise session.end(end.verdict)


def _require_ledger(given: JobOptions, gate: GateOptions) -> str:
    """The ledger that pays. Raises UsageError without one, and where a failure would be hidden."""
    if gate.exit_zero:
        raise UsageError(
            "--exit-zero would make a job whose release did not pass look like one that ended well",
            advice="leave it out",
        )
    if not given.ledger:
        raise UsageError(
            "a job needs a ledger: no run is free", advice="--ledger URL, or the variable GATECLI_LEDGER"
        )
    return given.ledger


def _run(request: JobRequest, publish: Publish) -> JobEnd:
    """How the job ended; where it failed, what is left of the budget is told all the same."""
    try:
        return run_job(request)
    except GatecliError:
        _tell_left(request, publish)
        raise


def _require_key(request: JobRequest, key: Path | None) -> None:
    """Raise UsageError, before anything is spent, where what was lent could not be given back."""
    for name in request.promise.datasets:
        account = request.store.account(name)
        if key is None and account is not None and account.terms.lease:
            raise UsageError(
                f"{name} was lent to this ledger, and what is left is given back signed",
                advice="--ledger-key FILE, the key of this ledger",
            )


def _give_back(request: JobRequest, end: JobEnd, key: Path | None) -> None:
    """What a ledger that was lent to it sends back: this job is the only one that it was lent for."""
    lent = [each.terms.name for each in end.accounts if each.terms.lease]
    for number, name in enumerate(lent, 1):
        file = request.output / (RETURN if len(lent) == 1 else f"{number}-{RETURN}")
        write_lines(file, return_lease(request.store, read_key(cast("Path", key)), name, moment(_now())))
        err(f"{file}: what is left of {name}, for gatecli ledger lease settle\n")


def _promise(given: JobOptions) -> JobPromise:
    datasets = split_list(given.dataset)
    if not datasets:
        raise UsageError("--dataset names no dataset", advice="name those that the job reads")
    return JobPromise(
        datasets, exact(given.epsilon, "--epsilon", _EPSILON), exact(given.delta, "--delta", _DELTA)
    )


def _tell(end: JobEnd, publish: Publish, declaration: Path) -> None:
    """Say what became of the release and the budget."""
    if end.release and end.verdict.passed:
        err(f"{end.release} is committed\n")
    elif end.release:
        err(
            f"{end.release} is not published: its folder was emptied, and its budget stays spent; findings "
            f"in {UNCOMMITTED} are about {declaration} and what the command left\n"
        )
    _publish(end.accounts, publish)


def _tell_left(request: JobRequest, publish: Publish) -> None:
    """What a job that failed has left of the budget; a ledger that is gone tells nothing."""
    with suppress(GatecliError):
        found = map(request.store.account, dict.fromkeys(request.promise.datasets))
        _publish([each for each in found if each is not None], publish)


def _publish(accounts: Sequence[Account], publish: Publish) -> None:
    """A metric that cannot be published takes nothing back."""
    if not accounts:
        return
    try:
        publish(accounts)
    except GatecliError as error:
        err(f"gatecli: the metric is not published: {error.message}\n")


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def reasons_told(report: Report) -> Iterator[None]:
    """Tell the platform, too, why a job failed, without personal data."""
    try:
        yield
    except GatecliError as error:
        report(without_values(f"gatecli: {error.message}; {error.advice}"))
        raise
    except KeyboardInterrupt:
        report("gatecli: the job was asked to end; what it held of the budget stays spent")
        raise
    except typer.Exit as ending:
        if ending.exit_code:
            report(f"gatecli: the privacy gate is closed (exit code {ending.exit_code}); the log says why")
        raise
    except BaseException as error:
        report(
            f"gatecli: the job was ended by {type(error).__name__}; what it held of the budget stays spent"
        )
        raise
