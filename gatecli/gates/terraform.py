"""The Terraform gate: nothing is published or served by a plan that the gates have not passed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO

from gatecli.checks.cloud.interface import PlacedRelease
from gatecli.checks.personal_data import Search
from gatecli.checks.served_models import GivenAttestations, Serving, is_of_cluster
from gatecli.checks.tables.stated_questions import StatedQuestion
from gatecli.checks.terraform.carried_evidence import GateEvidence, Stated, gate_instances
from gatecli.checks.terraform.plan_findings import PlanSubject, find_in_evidence, find_in_plan
from gatecli.checks.terraform.tagged_evidence import TaggedReports
from gatecli.errors import GatecliError, UsageError
from gatecli.gates import TERRAFORM
from gatecli.gates.evidence_reports import read_gate_evidence
from gatecli.gates.failed_runs import (
    UNKNOWN_RUN,
    Mask,
    PlanRun,
    errors_beside_gates,
    find_failures,
    find_without_plan,
)
from gatecli.gates.gate_attestations import attested_reports, judge_gate_attestations
from gatecli.gates.job_declarations import digest_of, placed_releases
from gatecli.gates.judgement import JudgementTerms, judge
from gatecli.gates.local_digests import local_digests
from gatecli.gates.named_plans import named_plans
from gatecli.gates.notices import Notify, Remark, ignore
from gatecli.gates.plan_input import (
    PlanRead,
    configuration_folder,
    place_in_configuration,
    places_beside,
    read_plan,
)
from gatecli.gates.served_models import serving_demands
from gatecli.gates.stated_tables import place_of, stated_tables
from gatecli.gates.static_terraform import StaticRequest, examine_static, planned_folders
from gatecli.model.finding import Finding, is_of_families
from gatecli.model.plan import Plan
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.verdict import Checked, Examined, Verdict, together
from gatecli.pii.redaction import redact_text
from gatecli.pii.scanning import scan
from gatecli.sources.files import MissingFileError, ReadError, read_start
from gatecli.sources.plan.jobs import jobs_in_plan
from gatecli.sources.plan.reading import load_plan
from gatecli.sources.plan.rules import unreadable
from gatecli.sources.plan.terraform import PlanRequest
from gatecli.sources.plan.text import read_content
from gatecli.sources.tree import shown_path

if TYPE_CHECKING:
    from gatecli.cache.store import Shelf
    from gatecli.gates.folder import Folder

_HEAD = 4096
_PLAN_KEYS = (b'"terraform_version"', b'"planned_values"', b'"resource_changes"', b'"prior_state"')
_LONGEST_REMARK = 400
_LONGEST_SENTENCE = 4000


class Origin(Enum):
    """Who names a plan: the caller, a policy, or nobody, where it was found in a folder."""

    GIVEN = auto()
    NAMED = auto()
    FOUND = auto()


@dataclass(frozen=True, slots=True)
class PlanSource:
    """Where a plan is: a folder to plan, a saved plan, its JSON; or a stream that `target` names.

    `asked` is how Terraform is asked. What the caller gives raises errors; what a policy names, or was
    found, ends as a finding. What was found and is not a plan is passed over.
    """

    target: str
    asked: PlanRequest
    origin: Origin = Origin.GIVEN
    stream: BinaryIO | None = None

    @property
    def path(self) -> Path:
        return Path(self.target)


@dataclass(frozen=True, slots=True)
class TerraformRequest:
    """The plans to check; `search` is of the policy of `terms`, `evidence` what tags in plans may name."""

    terms: JudgementTerms
    search: Search
    sources: Sequence[PlanSource]
    evidence: TaggedReports = field(default_factory=TaggedReports)
    problems: Sequence[Examined] = ()
    shelf: Shelf | None = None
    notify: Notify = ignore
    base: Path | None = None
    """What paths in the policy are relative to, beside its own folder and this one."""
    declared: tuple[PlacedRelease, ...] = ()
    """Declarations that what jobs of a plan promise is compared with."""


def check_folder(folder: Folder) -> Verdict:
    """What changed or not: plans are made, not written, and git seldom knows them."""
    named = named_plans(folder)
    found = [file for file in _candidates(folder) if file not in named.files]
    environment = folder.plans_with or {}
    folders = named.folders if folder.plans_with is not None else ()
    sources = [
        *(PlanSource(str(path), PlanRequest(path, environment), Origin.NAMED) for path in folders),
        *(PlanSource(str(file), PlanRequest(file.parent, {}), Origin.NAMED) for file in named.files),
        *(PlanSource(str(file), PlanRequest(file.parent, {}), Origin.FOUND) for file in found),
    ]
    # The age of evidence depends on the time, and trust in it on no digest: what they decide is kept nowhere.
    aging = folder.evidence.reports or folder.policy.spec.attestation.are_demanded_of_workloads
    declared = placed_releases(folder.declared.values())
    shelf = folder.cache.shelf("terraform", folder.policy_digest, digest_of(declared), kept=not aging)
    request = TerraformRequest(
        folder.terms,
        folder.search,
        sources,
        folder.evidence,
        named.problems,
        shelf,
        folder.notify,
        folder.base,
        declared,
    )
    plans = _examine_all(request)
    planned = planned_folders(plans)
    static = StaticRequest(folder.tree.files, planned, folder.policy, folder.evidence, declared)
    return judge(TERRAFORM, together([*plans, *examine_static(static)]), folder.terms)


def check_plans(request: TerraformRequest) -> Verdict:
    """The verdict over Terraform plans and states.

    Raises what `read_plan` does for a plan that is given; of several, UsageError alone: what else is wrong
    with one of them is a finding, beside those of the others.
    """
    return judge(TERRAFORM, together(_examine_all(request)), request.terms)


def _examine_all(request: TerraformRequest) -> list[Examined]:
    return [*request.problems, *(_examine(source, request) for source in request.sources)]


def _candidates(folder: Folder) -> Iterator[Path]:
    """JSON files; and links to such that are not among them, which nothing else would read."""
    files = [file for file in folder.tree.files if _is_json(file)]
    yield from files
    links = [link for link in folder.tree.links if _is_json(link)]
    known = {os.path.realpath(file) for file in files} if links else set()
    yield from (link for link in links if os.path.realpath(link) not in known)


def _is_json(file: Path) -> bool:
    return file.suffix.lower() == ".json"


def _examine(source: PlanSource, request: TerraformRequest) -> Examined:
    is_given = source.origin is Origin.GIVEN
    if is_given and len(request.sources) == 1:
        return _examine_read(read_plan(source.target, source.asked, source.stream), request)
    if is_given or (source.origin is Origin.NAMED and source.path.is_dir()):
        return _examine_one(source, request)
    return _examine_file(source, request)


def _examine_one(source: PlanSource, request: TerraformRequest) -> Examined:
    """One plan of several. That of a folder is made again each time: it depends on the state of the cloud."""
    try:
        read = read_plan(source.target, source.asked, source.stream)
    except GatecliError as error:
        if isinstance(error, UsageError) and source.origin is Origin.GIVEN:
            raise
        refused = ReadError(f"has no plan: {error.message}", error.advice)
        return Examined(problems=(unreadable(shown_path(source.path), refused),))
    return _examine_read(read, request)


def _examine_read(read: PlanRead, request: TerraformRequest) -> Examined:
    failed, plan = read.run.failed, next(iter(read.plan.values), None)
    for said in errors_beside_gates(plan, failed, read.run.folder) if failed is not None else ():
        note = _without_values(f"{said.summary}: {said.detail}", request.search, _LONGEST_REMARK)
        request.notify(Remark(f"terraform: {note}"))
    return place_in_configuration(_examine_plans(read, request), read.places)


def _examine_file(source: PlanSource, request: TerraformRequest) -> Examined:
    """A plan's JSON; nothing where a file that was found is none. What the policy names must be one."""
    name, is_named = shown_path(source.path), source.origin is Origin.NAMED
    try:
        if not (is_named or _begins_as_plan(source.path)):
            return Examined()
        content = read_content(source.path)
    except ReadError as error:
        if isinstance(error, MissingFileError) and not is_named:
            return Examined()  # a link that leads nowhere, or a file that went: no plan stands there
        return Examined(problems=(unreadable(name, error),))
    examined = _cached_result(content, name, PlanRun(folder=source.path.parent), request)
    has_found = bool(examined.findings or examined.problems)
    return place_in_configuration(examined, places_beside(source.path) if has_found else None)


def _cached_result(content: bytes, name: str, run: PlanRun, request: TerraformRequest) -> Examined:
    """What a plan gives, from the shelf where the same bytes were examined under the same name.

    That of gates is not kept: it depends on the evidence beside the plan.
    """
    digest, shelf = hashlib.sha256(content).hexdigest(), request.shelf
    key = shelf.key_of(name, digest) if shelf else ""
    known: Examined | None = shelf.get(key) if shelf else None
    if known is not None:
        return known
    read = PlanRead(load_plan(content, name), digest, run=run)
    examined = _examine_plans(read, request)
    if shelf and examined.is_complete and not examined.problems and not _has_gates(read, request):
        shelf.put(key, examined)
    return examined


def _has_gates(read: PlanRead, request: TerraformRequest) -> bool:
    return any(gate_instances(plan, request.terms.policy) for plan in read.plan.values)


def _examine_plans(read: PlanRead, request: TerraformRequest) -> Examined:
    terms, search, run = request.terms, request.search, read.run
    subjects = (_subject(plan, run, request) for plan in read.plan.values)
    plans = [examine_plan(subject, terms.policy, search, read.digests, run) for subject in subjects]
    problems = [*read.plan.findings]
    if run.failed is not None and not (plans or problems):
        problems += find_without_plan(run.failed, run, read.name, _mask(search))
    return together(plans, tuple(problems))


def _subject(plan: Plan, run: PlanRun, request: TerraformRequest) -> PlanSubject:
    terms = request.terms
    beside = run.folder if request.evidence.reports else None
    folder = configuration_folder(beside) if beside is not None else None
    attested = judge_gate_attestations(plan, run.folder, terms.policy, request.evidence, terms.today)
    reports = read_gate_evidence(plan, run.folder, terms.policy).reports
    return PlanSubject(
        plan,
        request.evidence,
        local_digests(plan, folder, terms.policy) if folder is not None else {},
        GateEvidence({**reports, **attested_reports(plan, terms.policy, attested)}),
        _lookup_of_tables(terms, run.folder, request.base),
        _serving(plan, request),
        jobs_in_plan(plan),
        request.declared,
        attested,
    )


def _serving(plan: Plan, request: TerraformRequest) -> Serving | None:
    """What workloads of the plan must have; keys are read only where there may be one that asks for them."""
    given = request.evidence.attestations
    if not (given or any(is_of_cluster(each) for each in (*plan.resources, *plan.held))):
        return None
    demands = serving_demands(request.terms.policy)
    return None if demands is None else Serving(demands, GivenAttestations(given), request.terms.today)


def _lookup_of_tables(terms: JudgementTerms, folder: Path | None, base: Path | None) -> Stated:
    """What the policy states for a table that a plan or a report names, relative to the plan, or here."""
    tables = stated_tables(terms, base)
    beside = [terms.policy_path.parent] if terms.policy_path is not None else []
    folders = [Path(), *([folder] if folder is not None else beside)]

    def find_stated(path: str, digest: str) -> Iterator[StatedQuestion]:
        found = (
            each for at in folders for each in tables.of(place=place_of(at / path), digest=lambda: digest)
        )
        yield from {id(each): each for each in found}.values()

    return find_stated


def examine_plan(
    subject: PlanSubject,
    policy: PrivacyPolicy,
    search: Search,
    digests: Mapping[str, str] = MappingProxyType({}),
    run: PlanRun = UNKNOWN_RUN,
) -> Examined:
    """What one plan gives, before severities and waivers; `digests` are SHA-256 by path.

    That a gate is closed is a problem: nothing softens or forgives it, for a run that failed says nothing of
    what it did not reach.
    """
    findings = tuple(find_in_plan(subject, policy, search))
    carried = tuple(find_in_evidence(subject, policy, _mask(search)))
    own = tuple(each for each in carried if _is_own(each))
    others = tuple(each for each in carried if not _is_own(each))
    checked = () if subject.plan.is_empty else (_checked_plan(subject.plan, digests),)
    failures = tuple(find_failures(subject.plan, run, _mask(search)))
    return Examined(checked, (*findings, *own), failures, others)


def _is_own(finding: Finding) -> bool:
    return is_of_families(finding.rule.id, TERRAFORM.families)


def _checked_plan(plan: Plan, digests: Mapping[str, str]) -> Checked:
    measures: dict[str, object] = {
        "resources": len(plan.resources),
        "tool": plan.tool,
        "version": plan.terraform_version,
        "formatVersion": plan.format_version,
    }
    inputs = {"sha256": digests[plan.path]} if plan.path in digests else {}
    return Checked(plan.kind, plan.path, plan.path, measures, inputs)


def _begins_as_plan(file: Path) -> bool:
    """Whether a JSON file begins as a plan does: so that a truncated one is not passed over."""
    plain = read_start(file, _HEAD).replace(b"\0", b"")  # UTF-16
    return b'"format_version"' in plain and any(key in plain for key in _PLAN_KEYS)


def _mask(search: Search) -> Mask:
    return lambda text: _without_values(text, search, _LONGEST_SENTENCE)


def _without_values(text: str, search: Search, longest: int) -> str:
    """Terraform's own words, or an author's, which may quote values."""
    flat = " ".join(text.split())[:longest]
    return redact_text(flat, scan(search.detector, flat).detections)
