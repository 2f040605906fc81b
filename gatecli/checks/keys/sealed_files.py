"""Whether a sealed file is what its manifest says, and still sealed for whom its KeyPolicy names."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.checks.keys.interface import KeySubject, SealedSubject, finding_of_file
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.sealed_artifact import SealedManifest, policy_fault, seal_fault, sealed_recipients

SEALED_CHANGED = Rule("keys-sealed-changed", Severity.ERROR, "A sealed file is not what its manifest says")
SEALED_FOR_OTHERS = Rule(
    "keys-sealed-for-others", Severity.ERROR, "A sealed file opens for somebody that its KeyPolicy shuts out"
)
SEALED_OUTDATED = Rule(
    "keys-sealed-outdated", Severity.WARNING, "A sealed file was sealed under another text of its KeyPolicy"
)
UNKNOWN_KEY_POLICY = Rule(
    "keys-sealed-unknown-policy", Severity.NOTE, "The KeyPolicy of a sealed file is not here"
)


def find_sealed_faults(subject: SealedSubject) -> Iterator[Finding]:
    """What needs no key to see."""
    fault, manifest = seal_fault(subject.state), subject.state.manifest
    if fault is not None or manifest is None:
        mend = "restore the file and its manifest, or seal the artifact again"
        yield finding_of_file(SEALED_CHANGED, subject.path, f"{subject.path} {fault}", mend)
        return
    if not subject.policies:
        yield _without_policy(subject, manifest)
        return
    latest = _latest(subject)
    stated = next((each for each in latest if each.digest == manifest.key_policy.sha256), None)
    contradiction = None if stated is None else policy_fault(manifest, stated.policy)
    if stated is not None and contradiction is None:
        return
    others = _others(manifest, latest if stated is None else (stated,))
    if others:
        yield _for_others(subject, manifest, others)
    elif contradiction is None:
        yield _of_another_text(subject, manifest)
    else:
        yield _contradiction(subject, contradiction)


def _latest(subject: SealedSubject) -> tuple[KeySubject, ...]:
    """The KeyPolicies of the highest epoch: an earlier one that was kept says who could open it once."""
    highest = max(each.epoch for each in subject.policies)
    return tuple(each for each in subject.policies if each.epoch == highest)


def _without_policy(subject: SealedSubject, manifest: SealedManifest) -> Finding:
    applied = manifest.key_policy
    return finding_of_file(
        UNKNOWN_KEY_POLICY,
        subject.path,
        f"{subject.path} is sealed under the KeyPolicy {applied.name} {applied.sha256[:12]}, which is "
        "not among what is checked",
        "check it together with its KeyPolicy, to see whether it opens for the right ones",
        about=applied.sha256,
    )


def _of_another_text(subject: SealedSubject, manifest: SealedManifest) -> Finding:
    applied = manifest.key_policy
    return finding_of_file(
        SEALED_OUTDATED,
        subject.path,
        f"{subject.path} was sealed in epoch {applied.epoch} under an earlier text of the KeyPolicy "
        f"{applied.name}",
        "gatecli keys rotate seals it anew",
        about=applied.sha256,
    )


def _contradiction(subject: SealedSubject, contradiction: str) -> Finding:
    """The digest is the KeyPolicy's, and the rest is not: gatecli keys seal wrote no such manifest."""
    return finding_of_file(
        SEALED_CHANGED,
        subject.path,
        f"{subject.path} {contradiction}",
        "seal the artifact again (gatecli keys seal)",
        about=contradiction,
    )


def _others(manifest: SealedManifest, policies: tuple[KeySubject, ...]) -> list[str]:
    """Whom a manifest names that no KeyPolicy lets in."""
    allowed = {each.key for known in policies for each in sealed_recipients(known.policy)}
    return [each.name for each in manifest.recipients if each.key not in allowed]


def _for_others(subject: SealedSubject, manifest: SealedManifest, others: list[str]) -> Finding:
    applied = manifest.key_policy
    return finding_of_file(
        SEALED_FOR_OTHERS,
        subject.path,
        f"{subject.path} was sealed in epoch {applied.epoch} and opens for {', '.join(others)}, whom the "
        f"KeyPolicy {applied.name} shuts out now",
        "gatecli keys rotate seals it anew; take the old file away where it can still be had",
        about=",".join(others),
    )
