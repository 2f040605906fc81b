"""What `gatecli check` does: every gate over a folder, and one verdict."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gatecli.checks.personal_data import Clock, search_of
from gatecli.checks.terraform.tagged_evidence import TaggedReports
from gatecli.errors import UsageError
from gatecli.gates import CHECK, GATES, GateName
from gatecli.gates.caching import open_cache
from gatecli.gates.coverage import find_uncovered
from gatecli.gates.folder import Folder, base_of
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.notices import Notify, Timing, ignore
from gatecli.model.verdict import Verdict, combine
from gatecli.sources.tree import Tree, find_files


@dataclass(frozen=True, slots=True)
class RepositoryRequest:
    """A folder, or one file, to run every gate over. `clock` gives seconds that only grow.

    `only` and `skip` outweigh the policy's. `policy_path` is what paths in the policy are relative to.
    `plans_with` is the environment to plan folders with that the policy names; None where no program may be
    run. `draws` says whether pictures of tables are drawn. `cache_folder` is where results are kept for the
    next run; None keeps none.
    """

    root: Path
    terms: JudgementTerms
    clock: Clock
    policy_path: Path | None = None
    only: Collection[GateName] = ()
    skip: Collection[GateName] = ()
    exclude: Sequence[str] = ()
    changed_since: str | None = None
    evidence: TaggedReports = field(default_factory=TaggedReports)
    plans_with: Mapping[str, str] | None = field(default=None, repr=False)
    draws: bool = False
    cache_folder: Path | None = None
    notify: Notify = ignore


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
        also = find_uncovered(folder, parts)
    verdict = combine(tuple(parts), also, CHECK.families)
    folder.cache.save(request.notify)
    return verdict


def _folder(request: RepositoryRequest) -> Folder:
    """What is checked, and by which gates."""
    rules = request.terms.policy.spec.check
    asked = _select(request.only, request.skip)
    gates = asked if request.only else asked & _select(rules.only, rules.skip)
    if not gates:
        raise UsageError("--only, --skip and the policy leave no gate", advice="leave one of them out")
    search = search_of(request.terms.policy.spec.pii, request.clock)
    return Folder(
        request.root,
        _tree(request),
        request.terms,
        gates,
        search,
        open_cache(request.cache_folder, request.root, request.notify),
        request.policy_path,
        request.changed_since,
        tuple(gate for gate in GATES if gate in asked - gates),
        request.evidence,
        request.plans_with,
        request.draws,
        request.notify,
    )


def _tree(request: RepositoryRequest) -> Tree:
    by_policy = (base_of(request.policy_path, request.root), request.terms.policy.spec.check.exclude)
    with _time_part(request, "discovery"):
        return find_files([request.root], exclude=request.exclude, left_out=by_policy)


def _select(only: Collection[str], skip: Collection[str]) -> frozenset[GateName]:
    return frozenset(map(GateName, only or GateName)) - frozenset(map(GateName, skip))


@contextmanager
def _time_part(request: RepositoryRequest, part: str) -> Iterator[None]:
    begun = request.clock()
    yield
    request.notify(Timing(part, request.clock() - begun))
