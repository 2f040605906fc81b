"""The gate of keys: a KeyPolicy lets in whom it should, and what was sealed opens for nobody else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gatecli.checks.keys.interface import KeySubject, SealedSubject
from gatecli.gates import KEYS, GateName
from gatecli.gates.judgement import JudgementTerms, judge
from gatecli.model.document import Place
from gatecli.model.finding import Finding, make_finding
from gatecli.model.sealed_artifact import SUFFIX, AppliedKeyPolicy
from gatecli.model.verdict import Checked, Examined, Verdict
from gatecli.sources.contents import ReadBytes
from gatecli.sources.files import ReadError, read_bytes
from gatecli.sources.interface import Loaded
from gatecli.sources.key_policy import KEY_POLICIES, KEYS_UNREADABLE, PlacedKeyPolicy
from gatecli.sources.sealed_artifact import find_manifests, is_sealed, seal_state
from gatecli.sources.tree import find_files

if TYPE_CHECKING:
    from gatecli.gates.folder import Folder


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """The KeyPolicies to judge, and the sealed files. `problems` are what could not be read."""

    terms: JudgementTerms
    policies: Sequence[PlacedKeyPolicy] = ()
    sealed: Sequence[SealedSubject] = ()
    problems: Sequence[Finding] = ()


def check_folder(folder: Folder) -> Verdict:
    """Every KeyPolicy and every sealed file of a folder, changed or not: epochs pass for both.

    A document with a wrong head is the release gate's to report; this one's, where that is left out.
    """
    heads = GateName.RELEASE not in folder.gates
    tree, read = folder.tree, folder.contents.read
    return check_keys(request_of(tree.files, tree.links, folder.terms, heads=heads, read=read))


def request_at(paths: Sequence[Path], terms: JudgementTerms) -> KeyRequest:
    """A request for files that are named, and for what the named folders hold.

    A named file is a sealed one where it is in the age format or a manifest stands beside it; the manifest
    stands for it; any other is a KeyPolicy. Raises UsageError as `find_files` does.
    """
    folders = [path for path in paths if path.is_dir()]
    tree = find_files(folders)
    named = [path for path in paths if not path.is_dir()]
    sealed = [each for path in named for each in _sealed_by(path)]
    policies = [path for path in named if not any(_sealed_by(path))]
    request = request_of(tree.files, tree.links, terms, policies=policies, sealed=sealed)
    return replace(request, problems=(*request.problems, *tree.findings))


def _sealed_by(path: Path) -> tuple[Path, ...]:
    """The sealed file that a named file is, or is the manifest of."""
    if path.name.lower().endswith(SUFFIX):
        return (_sealed_of(path),)
    return (path,) if is_sealed(path) else ()


def _sealed_of(manifest: Path) -> Path:
    return manifest.with_name(manifest.name[: -len(SUFFIX)])


def request_of(
    files: Sequence[Path],
    links: Sequence[Path],
    terms: JudgementTerms,
    *,
    heads: bool = True,
    policies: Sequence[Path] = (),
    sealed: Sequence[Path] = (),
    read: ReadBytes = read_bytes,
) -> KeyRequest:
    """A request for what stands in `files`, and for the KeyPolicies and the sealed files that are named."""
    found = [file for file in KEY_POLICIES.find(files, links, read) if file not in policies]
    loaded = [KEY_POLICIES.read(file, heads=heads) for file in policies]
    loaded += [KEY_POLICIES.read(file, sought=not KEY_POLICIES.is_named(file), heads=heads) for file in found]
    values = tuple(value for each in loaded for value in each.values)
    every = dict.fromkeys((*sealed, *map(_sealed_of, find_manifests(files))))
    states = _sealed_files(tuple(every), values)
    problems = (*(finding for each in loaded for finding in each.findings), *states.findings)
    return KeyRequest(terms, values, states.values, problems)


def _sealed_files(files: Sequence[Path], policies: Sequence[PlacedKeyPolicy]) -> Loaded[SealedSubject]:
    subjects = [KeySubject(policy, document) for policy, document in policies]
    values: list[SealedSubject] = []
    findings: list[Finding] = []
    for sealed in files:
        try:
            state = seal_state(sealed)
        except ReadError as error:
            findings.append(_unread(sealed, error))
            continue
        applied = state.manifest.key_policy if state.manifest else None
        same = tuple(each for each in subjects if applied and _is_meant(applied, each))
        values.append(SealedSubject(sealed.as_posix(), state, same))
    return Loaded(tuple(values), tuple(findings))


def _is_meant(applied: AppliedKeyPolicy, policy: KeySubject) -> bool:
    """By its digest under whatever name, and by its name in whatever epoch."""
    return policy.name == applied.name or policy.digest == applied.sha256


def check_keys(request: KeyRequest) -> Verdict:
    """The verdict over KeyPolicies and sealed files."""
    checked: list[Checked] = []
    found: list[Finding] = []
    for policy, document in request.policies:
        subject = KeySubject(policy, document)
        found.extend(_find_all(subject))
        checked.append(_checked_policy(subject))
    for sealed in request.sealed:
        found.extend(_find_in_sealed(sealed))
        checked.append(_checked_sealed(sealed))
    return judge(KEYS, Examined(tuple(checked), tuple(found), tuple(request.problems)), request.terms)


def _find_all(subject: KeySubject) -> Iterator[Finding]:
    from gatecli.checks.keys.registry import KEY_CHECKS  # noqa: PLC0415 - few folders hold a KeyPolicy

    for check in KEY_CHECKS:
        yield from check.find(subject)


def _find_in_sealed(sealed: SealedSubject) -> Iterator[Finding]:
    from gatecli.checks.keys.sealed_files import find_sealed_faults  # noqa: PLC0415 - few folders hold one

    yield from find_sealed_faults(sealed)


def _checked_policy(subject: KeySubject) -> Checked:
    measures = {"epoch": subject.spec.epoch, "recipients": len(subject.resolved), "keyPolicy": subject.digest}
    document = subject.document
    inputs = {"sha256": document.sha256} if document.sha256 else {}
    return Checked("key policy", subject.name, document.path, measures, inputs)


def _checked_sealed(sealed: SealedSubject) -> Checked:
    manifest, found = sealed.state.manifest, sealed.state.found
    measures = (
        {"epoch": manifest.key_policy.epoch, "recipients": len(manifest.recipients)} if manifest else {}
    )
    inputs = {"sha256": found.sha256} if found else {}
    return Checked("sealed artifact", Path(sealed.path).name, sealed.path, measures, inputs)


def _unread(path: Path, error: ReadError) -> Finding:
    name = path.as_posix()
    return make_finding(
        KEYS_UNREADABLE, f"the file {error.problem}", subject=name, place=Place(name), mend=error.mend
    )
