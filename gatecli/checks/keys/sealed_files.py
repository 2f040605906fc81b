"""Whether a sealed file is what its manifest says, and still sealed for whom its KeyPolicy names."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.checks.keys.interface import SealedSubject, finding_of_file
from gatecli.model.age_recipient import key_fingerprint
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.sealed_artifact import SealedManifest, seal_fault

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
    applied = manifest.key_policy
    if not subject.policies:
        yield finding_of_file(
            UNKNOWN_KEY_POLICY,
            subject.path,
            f"{subject.path} is sealed under the KeyPolicy {applied.name} {applied.sha256[:12]}, which is "
            "not among what is checked",
            "check it together with its KeyPolicy, to see whether it opens for the right ones",
            about=applied.sha256,
        )
    elif all(each.digest != applied.sha256 for each in subject.policies):
        yield _of_another_text(subject, manifest)


def _of_another_text(subject: SealedSubject, manifest: SealedManifest) -> Finding:
    allowed = {key_fingerprint(each.public_key) for known in subject.policies for each in known.resolved}
    others = [each.name for each in manifest.recipients if each.key not in allowed]
    name, epoch = manifest.key_policy.name, manifest.key_policy.epoch
    if others:
        return finding_of_file(
            SEALED_FOR_OTHERS,
            subject.path,
            f"{subject.path} was sealed in epoch {epoch} and opens for {', '.join(others)}, whom the "
            f"KeyPolicy {name} shuts out now",
            "gatecli keys rotate seals it anew; take the old file away where it can still be had",
            about=",".join(others),
        )
    return finding_of_file(
        SEALED_OUTDATED,
        subject.path,
        f"{subject.path} was sealed in epoch {epoch} under an earlier text of the KeyPolicy {name}",
        "gatecli keys rotate seals it anew",
        about=manifest.key_policy.sha256,
    )
