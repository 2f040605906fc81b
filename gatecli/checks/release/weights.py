"""What ships belongs to exactly one release: every file of weights, and every file of evidence."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from gatecli.checks.release.declaration import undeclared_weights
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.release import ReleaseSubject

UNLISTED_WEIGHTS = Rule(
    "release-unlisted-weights", Severity.ERROR, "A file of model weights is listed by no release"
)
UNLISTED_PREPROCESSING = Rule(
    "release-unlisted-preprocessing",
    Severity.NOTE,
    "A file that was fitted to the data before the model is listed by no release",
)
SHARED_FILE = Rule(
    "release-shared-file",
    Severity.ERROR,
    "Two releases claim the same weights or the same evidence",
    falsehood=True,
)

RULES = (UNLISTED_WEIGHTS, UNLISTED_PREPROCESSING, SHARED_FILE)


@dataclass(frozen=True, slots=True)
class Shipped:
    """Files found beside declarations: weights, what was fitted to the data, and undeclared weights."""

    weights: Sequence[str] = ()
    fitted: Sequence[str] = ()
    undeclared: Sequence[str] = ()
    """Those that no declaration stands above."""


def find_unbound(
    shipped: Shipped, releases: Sequence[ReleaseSubject], beside: Sequence[ReleaseSubject] = ()
) -> Iterator[Finding]:
    """Weights that no release lists, that several do, and evidence of several.

    `beside` are releases that are not judged in this run, and whose files are theirs all the same.
    """
    owners = _owners([*releases, *beside])
    alone = {_normal(path) for path in shipped.undeclared}
    yield from (undeclared_weights(path) for path in shipped.undeclared if _normal(path) not in owners)
    for path in shipped.weights:
        if _normal(path) not in owners and _normal(path) not in alone:
            yield _unlisted_finding(path, releases)
    for path in shipped.fitted:
        if _normal(path) not in owners:
            yield _unlisted_preprocessing(path)
    yield from _find_shared(owners, releases, frozenset(map(_normal, shipped.weights)))


def _normal(path: str) -> str:
    return posixpath.normpath(path)


def _beside(subject: ReleaseSubject, name: str) -> str:
    return _normal(posixpath.join(posixpath.dirname(subject.document.path), name))


def _owners(releases: Iterable[ReleaseSubject]) -> Mapping[str, list[ReleaseSubject]]:
    """The releases that list each file."""
    owners: dict[str, list[ReleaseSubject]] = {}
    for subject in releases:
        for path in dict.fromkeys(_beside(subject, each.path) for each in subject.release.spec.artifacts):
            owners.setdefault(path, []).append(subject)
    return owners


def _unlisted_finding(path: str, releases: Sequence[ReleaseSubject]) -> Finding:
    near = _nearest(path, releases)
    where = f"spec.artifacts of {near.document.path}" if near else "spec.artifacts of its declaration"
    return make_finding(
        UNLISTED_WEIGHTS,
        "holds model weights that no release lists, so no budget that was checked is theirs",
        subject=path,
        place=Place(path),
        mend=f"list it with its sha256 in {where}, if that is the budget that these weights cost",
    )


def _nearest(path: str, releases: Sequence[ReleaseSubject]) -> ReleaseSubject | None:
    """The release whose declaration stands in the closest folder above."""
    above = [str(parent) for parent in PurePath(_normal(path)).parents]
    standing = [
        (above.index(folder), number)
        for number, subject in enumerate(releases)
        for folder in [_normal(posixpath.dirname(subject.document.path))]
        if folder in above
    ]
    return releases[min(standing)[1]] if standing else None


def _unlisted_preprocessing(path: str) -> Finding:
    return make_finding(
        UNLISTED_PREPROCESSING,
        "may have been fitted to the data, and no release lists it",
        subject=path,
        place=Place(path),
        mend="list it in spec.artifacts, and say under spec.privacy.preprocessing what it was computed from",
    )


def _find_shared(
    owners: Mapping[str, list[ReleaseSubject]],
    releases: Sequence[ReleaseSubject],
    weights: frozenset[str],
) -> Iterator[Finding]:
    cards = [subject for subject in releases if _is_card(subject)]
    for path in sorted(weights & owners.keys()):
        beside = (card for card in cards if card not in owners[path] and _stands_by(card, path))
        first, *others = (*owners[path], *beside)
        for other in others:
            yield _doubled_finding(other, first, "/spec/artifacts", path, "the weights")
    yield from _copies(releases, weights)
    seen: dict[str, ReleaseSubject] = {}
    for subject in releases:
        for path in dict.fromkeys(_beside(subject, each.reference.path) for each in subject.evidence):
            first = seen.setdefault(path, subject)
            if first is not subject:
                yield _doubled_finding(subject, first, "/spec/privacy/evidence", path, "the evidence")


def _is_card(subject: ReleaseSubject) -> bool:
    """Whether it is a model card that claims a budget and lists nothing: it speaks for what is beside it."""
    spec, name = subject.release.spec, subject.document.path.lower()
    return subject.release.claim is not None and not spec.artifacts and name.endswith((".md", ".markdown"))


def _stands_by(card: ReleaseSubject, path: str) -> bool:
    return posixpath.dirname(_normal(card.document.path)) == posixpath.dirname(path)


def _copies(releases: Sequence[ReleaseSubject], weights: frozenset[str]) -> Iterator[Finding]:
    """The same bytes under two names, in two releases."""
    seen: dict[str, tuple[ReleaseSubject, str]] = {}
    for subject in releases:
        for artifact in subject.release.spec.artifacts:
            path = _beside(subject, artifact.path)
            if path in weights:
                first, original = seen.setdefault(artifact.sha256.lower(), (subject, path))
                if first is not subject and original != path:
                    yield _doubled_finding(
                        subject, first, "/spec/artifacts", path, f"the same bytes as {original}, which are"
                    )


def _doubled_finding(
    subject: ReleaseSubject, first: ReleaseSubject, pointer: str, path: str, what: str
) -> Finding:
    release, other = subject.release.subject, first.release.subject
    return make_finding(
        SHARED_FILE,
        f"claims {path}, {what} of {other} ({first.document.place()})",
        subject=release,
        place=subject.document.place(pointer),
        mend="let one release list it, with the budget of all that was run for it; each training run has "
        "evidence of its own",
        identity=f"{release}\0{subject.document.path}\0{path}\0{other}",
    )
