"""A job from its description to its evidence: budget, command, verdict, commit, in this order alone.

    the platform's description → the declaration → judged → budget held → inputs digested → the command
        → its evidence judged as everybody's → bound to the ledger → what is left of the budget is told

Whatever ends it before it is bound leaves the budget spent and the folders of the outputs empty; what ends
it later takes nothing back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from gatecli.attestation.model_digest import folder_hash
from gatecli.checks.cloud.declarations import unkept_promises
from gatecli.cloud.commands import (
    ended_by_hangup,
    environment_of,
    is_program,
    put_off,
    require_own_code,
    run_command,
)
from gatecli.cloud.emptying import empty
from gatecli.cloud.jobs import Job, JobPromise, is_folder, real
from gatecli.cloud.leases import (
    JobLease,
    accounts_of,
    commit_run,
    refuse_published,
    require_charged,
    require_own_lease,
    require_plain_names,
    require_small_delta,
    take_run,
)
from gatecli.cloud.recorded_cost import charge_recorded, with_evidence
from gatecli.cloud.release_folder import (
    digests_of,
    input_digests,
    read_beside,
    refuse_own_names,
    require_empty,
    require_own_evidence,
    write_declaration,
    write_record,
)
from gatecli.errors import GatecliError, UncheckableError, UsageError
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.ledger_access import moment
from gatecli.gates.ledger_actions import published_content
from gatecli.gates.release import ReleaseRequest, judge_releases, request_for
from gatecli.gates.reserving import LedgerUse
from gatecli.ledger.interface import Store
from gatecli.model.job_files import DECLARATION
from gatecli.model.ledger import Account
from gatecli.model.release import ReleaseSubject
from gatecli.model.verdict import Verdict
from gatecli.sources.interface import Loaded
from gatecli.sources.release import read_releases

Clock = Callable[[], Any]
"""Gives the time, with its zone."""


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A job to run, and by what it is judged. `environment` is what the command inherits."""

    job: Job
    promise: JobPromise
    declaration: Path
    output: Path
    command: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    terms: JudgementTerms
    store: Store
    clock: Clock
    law: tuple[Path, ...] = ()
    """The files that it is judged by: policy, waivers, baseline."""
    lent: tuple[Path, ...] = ()
    """The ledger's file and its key. An input may bring them; they are not data."""

    @property
    def release_folder(self) -> Path:
        """The folder of --output as it is at the start, whatever a link in its place leads to later."""
        return real(self.output)

    @property
    def others(self) -> tuple[Path, ...]:
        """Every other folder that the platform keeps."""
        folders = dict.fromkeys(real(each) for each in (*self.job.outputs, *self.job.uploaded))
        return tuple(each for each in folders if each != self.release_folder)


@dataclass(frozen=True, slots=True)
class JobEnd:
    """How a job ended: the verdict on its release, and what is held of each dataset."""

    verdict: Verdict
    accounts: tuple[Account, ...] = ()
    release: str = ""


def run_job(request: JobRequest) -> JobEnd:
    """The verdict that the job's release passed by; a verdict that failed is one before or after the run.

    Raises GatecliError for what is judged by nobody: a description, a command that fails, evidence of
    another job. Then, as where the verdict failed, nothing is left in the folders of the outputs.
    """
    request = replace(request, output=request.release_folder)
    subject = _read_declaration(request.declaration)
    others = request.others
    _require_runnable(request, others)
    with ended_by_hangup():
        held = _take_budget(request, subject)
        if isinstance(held, Verdict):
            return JobEnd(held)
        is_bound = False
        try:
            inputs = _digest_inputs(request)
            _run(request, held)
            judged = _judge_made(request, others, subject, held, inputs)
            if judged.verdict.passed:
                published = published_content(request.store, held.release, judged.releases)
                with put_off():
                    commit_run(request.store, held, moment(request.clock()), published, [judged.record])
                    is_bound = True
                    _name_declaration(judged.declaration)
        except BaseException as error:
            if not is_bound:
                _end_unpublished(request, others, subject, held, error)
            raise
        if not is_bound:
            _end_unpublished(request, others, subject, held)
    accounts = tuple(filter(None, map(request.store.account, held.datasets)))
    return JobEnd(judged.verdict, accounts, held.release)


def _end_unpublished(
    request: JobRequest,
    others: Sequence[Path],
    subject: ReleaseSubject,
    lease: JobLease,
    error: BaseException | None = None,
) -> None:
    """Empty the folders of the outputs, and charge what the evidence in them showed, whatever else fails.

    Raises UncheckableError where either cannot be done; it tells of `error` as well.
    """
    told = [error.message] if isinstance(error, GatecliError) else []
    failed: list[UncheckableError] = []
    with put_off():
        try:
            recorded = _with_own_evidence(request, subject)
        finally:
            left = empty((request.output, *others))
        if left is not None:
            what = f"{left} could not be emptied, so what stands there is not a release"
            failed.append(UncheckableError(what, advice="do not use what this job left"))
        use = LedgerUse(request.store, moment(request.clock()), reserves=True)
        try:
            charge_recorded(recorded, lease, request.terms, use)
        except GatecliError as other:
            what = f"what the run cost beyond what it holds could not be charged: {other.message}"
            failed.append(UncheckableError(what, advice=other.advice))
    if failed:
        message = "; and ".join((*told, *(each.message for each in failed)))
        raise UncheckableError(message, advice=failed[0].advice) from error


def _with_own_evidence(request: JobRequest, subject: ReleaseSubject) -> ReleaseSubject:
    """The release with the evidence that the run left; without it where that is of another job."""
    try:
        require_own_evidence(request.output, subject, request.job)
    except UncheckableError:
        return subject
    return with_evidence(subject, request.output)


def _name_declaration(uncommitted: Path) -> None:
    try:
        uncommitted.replace(uncommitted.with_name(DECLARATION))
    except OSError as error:
        raise UncheckableError(
            f"the release is committed, and {uncommitted.name} could not be renamed: {error.strerror}",
            advice=f"rename it to {DECLARATION}",
        ) from None


def _read_declaration(path: Path) -> ReleaseSubject:
    """The release that the job makes; its artifacts and evidence are not there yet. Raises UsageError."""
    read = read_releases([path], lambda *_: Loaded())
    for finding in read.findings:
        raise UsageError(f"{finding.place}: {finding.message}", advice=finding.remediation)
    if len(read.values) != 1:
        raise UsageError(
            f"{path} declares {len(read.values)} releases, and a job makes one",
            advice="give each release a file",
        )
    (subject,) = read.values
    data = subject.document.data
    if not isinstance(data, Mapping) or data.get("kind") != "ModelRelease":
        raise UsageError(
            f"{path} is not a document of kind ModelRelease alone, so it cannot be completed",
            advice="write it in YAML or JSON",
        )
    for why, mend in unkept_promises(subject.release):
        raise UsageError(f"{path} {why}", advice=mend)
    return subject


def _require_runnable(request: JobRequest, others: Sequence[Path]) -> None:
    if not request.command:
        raise UsageError("there is no command to run", advice="write it after --, as in -- python train.py")
    if not is_program(request.command[0], request.environment):
        raise UsageError(
            "the program of the command is not there, or may not be run", advice="check its name after --"
        )
    require_own_code(request.command, request.job, request.environment, Path.cwd())
    if request.job.outputs and request.output not in set(map(real, request.job.outputs)):
        raise UsageError(
            f"{request.output}, the folder of --output, is not an output of the job, so it is lost",
            advice="name the LocalPath of an output",
        )
    if request.output in set(map(real, request.job.uploaded)):
        raise UsageError(
            f"{request.output}, the folder of --output, is uploaded while the command runs, before its "
            "release is judged",
            advice="name an output of the job, as in --output ${{outputs.release}}",
        )
    require_apart(request, others)
    require_empty(request.output, others)


def require_apart(request: JobRequest, others: Sequence[Path]) -> None:
    """Raise UsageError where an output is in another, or in an input; or what judges in either."""
    inputs = [real(each.folder) for each in request.job.inputs if each.folder is not None]
    for other in (*others, *inputs):
        if other.is_relative_to(request.output) or request.output.is_relative_to(other):
            raise UsageError(
                f"{request.output}, the folder of --output, and {other} overlap: one is in the other",
                advice="give each input and output of the job a folder of its own",
            )
    judging = (request.declaration, *request.law)
    for folder, files in (
        *((folder, judging) for folder in inputs),
        *((folder, (*judging, *request.lent)) for folder in (*others, request.output)),
    ):
        for file in files:
            if real(file).is_relative_to(folder):
                raise UsageError(
                    f"{file} is in {folder}, and what judges a job must not come with its inputs or outputs",
                    advice="put it into the image, which is pinned by its digest",
                )


def _take_budget(request: JobRequest, subject: ReleaseSubject) -> JobLease | Verdict:
    """The budget that the run holds; the verdict where the gate is closed before it."""
    store, at = request.store, moment(request.clock())
    accounts = accounts_of(subject, request.promise, store, request.terms.policy.spec.ledger.public)
    require_charged(request.promise, request.job, request.terms.policy.spec.cloud.locations)
    require_own_lease(accounts, request.job)
    require_small_delta(subject, accounts)
    refuse_published(subject, store)
    require_plain_names(subject, request.job, accounts, at)
    read_beside(subject, request.declaration.parent)
    use = LedgerUse(store, at, reserves=True)
    judged = judge_releases(ReleaseRequest(_before_evidence(request.terms), [subject], ledger=use))
    if not judged.verdict.passed:
        return judged.verdict
    days = request.terms.policy.spec.ledger.lapse_after_days
    lapses = (request.terms.today + timedelta(days=days)).isoformat()
    return take_run(subject, judged.costs[0], accounts, request.job, use, lapses)


def _before_evidence(terms: JudgementTerms) -> JudgementTerms:
    """The same terms, for a run that has no evidence yet: it is demanded when the run is over."""
    spec = terms.policy.spec
    rules = spec.release.model_copy(update={"require_evidence": False})
    policy = terms.policy.model_copy(update={"spec": spec.model_copy(update={"release": rules})})
    return replace(terms, policy=policy)


def _digest_inputs(request: JobRequest) -> list[dict[str, str]]:
    """What stands in each input: one digest over the digests of its files. A ledger changes meanwhile, and is
    not data: an input that brings nothing else has no digest.
    """
    lent = tuple(map(real, request.lent))
    read = [
        (each, input_digests(each.folder, lent))
        for each in request.job.inputs
        if each.folder is not None and is_folder(each.folder)
    ]
    return [
        {"name": each.name, "description": each.description, "sha256": folder_hash(digests)}
        for each, digests in read
        if digests or not any(file.is_relative_to(real(each.folder or Path())) for file in lent)
    ]


def _run(request: JobRequest, lease: JobLease) -> None:
    code = run_command(request.command, environment_of(request.job, request.environment))
    if code != 0:
        raise UncheckableError(
            f"the command ended with {code}, so {lease.release} is not published; its budget of "
            f"{', '.join(lease.datasets)} stays spent",
            advice="mend it, and run it as another job, which is charged again",
        )


@dataclass(frozen=True, slots=True)
class _MadeRelease:
    """What a run made: the verdict, what is bound to the ledger, the declaration by its first name."""

    verdict: Verdict
    releases: Sequence[ReleaseSubject]
    declaration: Path
    record: str


def _judge_made(
    request: JobRequest,
    others: Sequence[Path],
    before: ReleaseSubject,
    lease: JobLease,
    inputs: Sequence[Mapping[str, str]],
) -> _MadeRelease:
    """Judge what the run left, as the release gate judges a folder."""
    folder = request.output
    _require_untouched(request, others, before)
    refuse_own_names(folder)
    require_own_evidence(folder, before, request.job)
    declaration = write_declaration(folder, before, request.declaration.parent)
    record = write_record(folder, _record(request, lease, inputs))
    use = LedgerUse(request.store, moment(request.clock()), reserves=True)
    asked = request_for([folder, declaration], request.terms, use)
    return _MadeRelease(judge_releases(asked).verdict, asked.releases, declaration, record)


def _require_untouched(request: JobRequest, others: Sequence[Path], before: ReleaseSubject) -> None:
    """Raise UncheckableError where the run changed its own declaration, or left something unjudged."""
    if _read_declaration(request.declaration).document.sha256 != before.document.sha256:
        raise UncheckableError(
            f"{request.declaration} was changed while the job ran",
            advice="the budget was taken for what it said before: leave it as it is in the image",
        )
    for folder in others:
        if is_folder(folder) and digests_of(folder):
            raise UncheckableError(
                f"the command left files in {folder}, which are not part of the release",
                advice="write all that is kept into the folder of --output",
            )


def _record(request: JobRequest, lease: JobLease, inputs: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    return {
        "schema": "gatecli/job/v1",
        "job": {**request.job.as_data(), "digest": request.job.digest},
        "release": lease.release,
        "lease": {"entry": lease.run, "datasets": list(lease.datasets), "at": lease.at},
        "ledger": request.store.identity.id,
        "inputs": [dict(each) for each in inputs],
        "command": len(request.command),
    }
