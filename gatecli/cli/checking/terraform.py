"""The Terraform gate of a run: JSON files that begin as a plan or a state does."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gatecli.cache.store import Shelf, digest_of
from gatecli.checks.terraform import PlanSubject
from gatecli.cli.checking.run import Run
from gatecli.cli.options import whole_environment
from gatecli.cli.terraform import placing, read_plan
from gatecli.errors import GatecliError
from gatecli.gate import examine_plan, judge_plans
from gatecli.model.examined import Examined, together
from gatecli.model.verdict import Verdict
from gatecli.sources.files import MissingFileError, ReadError, read_start
from gatecli.sources.plan.reading import loaded
from gatecli.sources.plan.rules import unreadable
from gatecli.sources.plan.terraform import Request
from gatecli.sources.plan.text import read_content
from gatecli.sources.tree import shown_path

_HEAD = 4096
_PLAN_KEYS = (b'"terraform_version"', b'"planned_values"', b'"resource_changes"', b'"prior_state"')


def terraform(run: Run) -> Verdict:
    """What changed or not: plans are made, not written, and git seldom knows them."""
    shelf = run.cache.shelf("terraform", run.policy_digest)
    named = named_plans(run)
    found = [file for file in _candidates(run) if file not in named.files]
    plans = [
        *named.problems,
        *(_planned(folder, run) for folder in named.folders if run.plans),
        *(_examined(file, run, shelf, is_named=True) for file in named.files),
        *(_examined(file, run, shelf) for file in found),
    ]
    return judge_plans(plans, (), run.policy, run.session.bundle.waivers, **run.session.terms)


@dataclass(frozen=True, slots=True)
class NamedPlans:
    """What the policy names: plans, folders to plan, and what cannot be either."""

    files: tuple[Path, ...] = ()
    folders: tuple[Path, ...] = ()
    problems: tuple[Examined, ...] = ()


def named_plans(run: Run) -> NamedPlans:
    """The plans of the policy; one that is not there is a problem, not nothing."""
    files: list[Path] = []
    folders: list[Path] = []
    problems: list[Examined] = []
    for name in run.policy.spec.check.terraform:
        try:
            path = run.named(name)
            if path is not None:
                (folders if path.is_dir() else files).append(path)
        except ReadError as error:
            problems.append(Examined(problems=(unreadable(name, error),)))
    return NamedPlans(tuple(dict.fromkeys(files)), tuple(dict.fromkeys(folders)), tuple(problems))


def folders_to_plan(run: Run) -> list[str]:
    """The folders that the policy names to be planned."""
    return [shown_path(folder) for folder in named_plans(run).folders]


def _planned(folder: Path, run: Run) -> Examined:
    """A folder's plan, made anew each time: it depends on what is there in the cloud."""
    try:
        read = read_plan(str(folder), Request(folder, whole_environment()))
    except GatecliError as error:
        problem = unreadable(shown_path(folder), ReadError(f"has no plan: {error.message}", error.advice))
        return Examined(problems=(problem,))
    placed = placing(read.places)
    plans = [
        examine_plan(PlanSubject(plan), run.policy, run.search, placed=placed) for plan in read.plan.values
    ]
    return together(plans, read.plan.findings)


def _candidates(run: Run) -> Iterator[Path]:
    """JSON files; and links to such that are not among them, which nothing else would read."""
    files = [file for file in run.tree.files if _is_json(file)]
    yield from files
    links = [link for link in run.tree.links if _is_json(link)]
    known = {os.path.realpath(file) for file in files} if links else set()
    yield from (link for link in links if os.path.realpath(link) not in known)


def _is_json(file: Path) -> bool:
    return file.suffix.lower() == ".json"


def _examined(file: Path, run: Run, shelf: Shelf, *, is_named: bool = False) -> Examined:
    """A plan; nothing where a file that was found is none. What the policy names must be one."""
    name = shown_path(file)
    try:
        if not (is_named or _begins_as_plan(file)):
            return Examined()
        content = read_content(file)
    except ReadError as error:
        if isinstance(error, MissingFileError) and not is_named:
            return Examined()  # a link that leads nowhere, or a file that went: no plan stands there
        return Examined(problems=(unreadable(name, error),))
    digest = hashlib.sha256(content).hexdigest()
    key = digest_of(name, digest)
    known: Examined | None = shelf.get(key)
    return _kept(key, _of_content(content, name, digest, run), shelf) if known is None else known


def _kept(key: str, examined: Examined, shelf: Shelf) -> Examined:
    if examined.is_complete:
        shelf.put(key, examined)
    return examined


def _of_content(content: bytes, name: str, digest: str, run: Run) -> Examined:
    digests = {name: digest}
    read = loaded(content, name)
    plans = [examine_plan(PlanSubject(plan), run.policy, run.search, digests) for plan in read.values]
    return together(plans, read.findings)


def _begins_as_plan(file: Path) -> bool:
    """Whether a JSON file begins as a plan does: so that a truncated one is not passed over."""
    plain = read_start(file, _HEAD).replace(b"\0", b"")  # UTF-16
    return b'"format_version"' in plain and any(key in plain for key in _PLAN_KEYS)
