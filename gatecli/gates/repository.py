"""What `gatecli check` does: every gate over a folder, and one verdict."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gatecli.checks.coverage import find_left_out, find_unasked, find_unchanged, find_unplanned
from gatecli.checks.personal_data import Clock, search_of
from gatecli.checks.terraform.tagged_evidence import TaggedReports
from gatecli.errors import UsageError
from gatecli.gates import CHECK, GATES, GateName
from gatecli.gates.caching import open_cache
from gatecli.gates.folder import Folder, base_of
from gatecli.gates.judgement import JudgementTerms, judge_findings, settle_waivers, without_additions
from gatecli.gates.named_plans import folders_to_plan
from gatecli.gates.notices import Notify, Timing, ignore
from gatecli.gates.static_terraform import CONFIGURATION
from gatecli.model.finding import Finding
from gatecli.model.verdict import Verdict, combine
from gatecli.sources.plan.modules import folders_of, without_called
from gatecli.sources.tree import Tree, find_files, shown_path

if TYPE_CHECKING:
    from gatecli.gates.reserving import LedgerUse


@dataclass(frozen=True, slots=True)
class RepositoryRequest:
    """A folder, or one file, to run every gate over. `clock` gives seconds that only grow.

    `only` and `skip` outweigh the policy's. `plans_with` is the environment to plan folders with that the
    policy names; None where no program may be run. `draws` says whether pictures of tables are drawn.
    `cache_folder` is where results are kept for the next run; None keeps none.
    """

    root: Path
    terms: JudgementTerms
    clock: Clock
    only: Collection[GateName] = ()
    skip: Collection[GateName] = ()
    exclude: Sequence[str] = ()
    changed_since: str | None = None
    evidence: TaggedReports = field(default_factory=TaggedReports)
    plans_with: Mapping[str, str] | None = field(default=None, repr=False)
    draws: bool = False
    cache_folder: Path | None = None
    notify: Notify = ignore
    all_rows: bool = False
    """Whether every row of a table is searched for personal data, and not a sample."""
    ledger: LedgerUse | None = None
    """The ledger whose budgets releases must fit into."""


def check_repository(request: RepositoryRequest) -> Verdict:
    """The verdict over every gate, in their order.

    Raises UsageError for a folder that is not there and where no gate is left, UncheckableError where git
    does not answer.
    """
    if not request.root.exists():
        raise UsageError(f"{request.root}: there is no such file or folder", advice="check the spelling")
    folder = _folder(request)
    parts = []
    for name, gate in GATES.items():
        if name in folder.gates:
            with _time_part(request, name.value):
                parts.append(gate.module.check_folder(folder))
    with _time_part(request, "coverage"):
        also = _find_besides(folder, parts, request.terms)
    verdict = combine(settle_waivers(parts, request.terms), also, CHECK.families)
    folder.cache.save(request.notify)
    return verdict


def _folder(request: RepositoryRequest) -> Folder:
    """What is checked, and by which gates."""
    rules = request.terms.policy.spec.check
    asked = _select(request.only, request.skip)
    gates = asked if request.only else asked & _select(rules.only, rules.skip)
    if not gates:
        raise UsageError("--only, --skip and the policy leave no gate", advice="leave one of them out")
    search = replace(search_of(request.terms.policy.spec.pii), all_rows=request.all_rows)
    return Folder(
        request.root,
        _tree(request),
        without_additions(request.terms),
        gates,
        search,
        open_cache(request.cache_folder, request.root, request.notify),
        request.changed_since,
        tuple(gate for gate in GATES if gate in asked - gates),
        request.evidence,
        request.plans_with,
        request.draws,
        request.notify,
        request.ledger,
    )


def _tree(request: RepositoryRequest) -> Tree:
    by_policy = (base_of(request.terms.policy_path, request.root), request.terms.policy.spec.check.exclude)
    with _time_part(request, "discovery"):
        return find_files([request.root], exclude=request.exclude, left_out=by_policy)


def _select(only: Collection[str], skip: Collection[str]) -> frozenset[GateName]:
    return frozenset(map(GateName, only or GateName)) - frozenset(map(GateName, skip))


@contextmanager
def _time_part(request: RepositoryRequest, part: str) -> Iterator[None]:
    begun = request.clock()
    yield
    request.notify(Timing(part, request.clock() - begun))


def _find_besides(folder: Folder, parts: Sequence[Verdict], terms: JudgementTerms) -> tuple[Finding, ...]:
    """What no gate says: what could not be looked into, what was left out, and what the law would become."""
    notes = judge_findings(CHECK, [*_coverage_notes(folder, parts), *terms.additions], terms)
    return (*(folder.tree.findings if GateName.PII not in folder.gates else ()), *notes)


def _coverage_notes(folder: Folder, parts: Sequence[Verdict]) -> Iterator[Finding]:
    root = shown_path(folder.root)
    yield from find_left_out([gate.value for gate in folder.left_out], folder.tree.left_out, root)
    if GateName.TERRAFORM in folder.gates:
        yield from find_unasked([] if folder.plans_with is not None else folders_to_plan(folder), root)
        yield from find_unplanned(_unplanned_folders(folder, parts), root)
    if GateName.PII in folder.gates and folder.changed_since is not None:
        files = len(folder.tree.files)
        yield from find_unchanged(files - len(folder.changed), files, folder.changed_since, root)


def _unplanned_folders(folder: Folder, parts: Sequence[Verdict]) -> list[str]:
    """Folders of Terraform that neither a plan covers nor their text said anything of, without what others
    call as their modules.
    """
    checked = [item for part in parts for item in part.checked]
    paths = [Path(item.path) for item in checked if item.kind == "plan"]
    planned = [path if path.is_dir() else path.parent for path in paths]
    judged = {item.path for item in checked if item.kind == CONFIGURATION}
    folders = (shown_path(each) for each in without_called(folders_of(folder.tree.files), planned))
    return [each for each in folders if each not in judged]
