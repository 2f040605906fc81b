"""Artifacts for several centres: encrypted to the recipients of a KeyPolicy that the policy accepts."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import normpath

from gatecli.checks.release.budget import tier_names, tier_of
from gatecli.checks.release.interface import ReleaseContext, finding_at
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.number import show
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.release import ArtifactState, ReleaseSubject
from gatecli.model.sealed_artifact import SUFFIX, AppliedKeyPolicy, seal_fault

UNSEALED = Rule("release-artifact-unsealed", Severity.ERROR, "An artifact that must be sealed is in plain")
SEAL_MISMATCH = Rule(
    "release-seal-mismatch",
    Severity.ERROR,
    "A sealed artifact is not what its manifest says",
    falsehood=True,
)
KEY_POLICY_NOT_ACCEPTED = Rule(
    "release-key-policy-not-accepted",
    Severity.ERROR,
    "An artifact is sealed under a KeyPolicy that the policy does not accept",
)
DISCLOSURE_UNDERSTATED = Rule(
    "release-disclosure-understated",
    Severity.ERROR,
    "A KeyPolicy tells whoever decrypts the artifact of a smaller loss than the release claims",
    falsehood=True,
)
ARTIFACTS = "/spec/artifacts"
SEAL_IT = "gatecli keys seal FILE --key-policy KEYPOLICY -o FILE.age, and list FILE.age and its manifest"


def find_seals(subject: ReleaseSubject, context: ReleaseContext) -> Iterator[Finding]:
    """Which KeyPolicies are accepted is for the policy to say, by digest: a release cannot choose its own."""
    why = _demand(subject, context.policy)
    if why is not None and not subject.artifacts:
        yield finding_at(
            UNSEALED, subject, ARTIFACTS, f"lists no artifact, and {why} requires sealed ones", SEAL_IT
        )
    paths = {normpath(state.artifact.path) for state in subject.artifacts}
    for number, state in enumerate(subject.artifacts):
        if not _is_manifest(normpath(state.artifact.path), paths):
            yield from _find_in_artifact(subject, context.policy, f"{ARTIFACTS}/{number}/path", state)


def _find_in_artifact(
    subject: ReleaseSubject, policy: PrivacyPolicy, pointer: str, state: ArtifactState
) -> Iterator[Finding]:
    why, path, seal = _demand(subject, policy), state.artifact.path, state.seal
    if seal is None:
        if why is not None and state.sha256 is not None:  # what is missing is another finding
            message = f"{path} has no manifest of a sealed file, and {why} requires one"
            yield finding_at(UNSEALED, subject, pointer, message, SEAL_IT, about=path)
        return
    fault, manifest = seal_fault(seal), seal.manifest
    if fault is not None or manifest is None:
        mend = "release the file and the manifest that gatecli keys seal wrote together"
        yield finding_at(SEAL_MISMATCH, subject, pointer, f"{path} {fault}", mend, about=path)
        return
    yield from _find_understated(subject, pointer, path, manifest.key_policy)
    accepted, applied = policy.spec.release.key_policies, manifest.key_policy
    if (why is not None or accepted) and applied.sha256 not in accepted:
        yield finding_at(
            KEY_POLICY_NOT_ACCEPTED,
            subject,
            pointer,
            f"{path} is sealed under the KeyPolicy {applied.name} {applied.sha256}, which "
            f"policy {policy.metadata.name} does not accept",
            "seal it under one that is accepted, or have whoever owns the policy add the digest to "
            "spec.release.keyPolicies",
            about=f"{path}\0{applied.sha256}",
        )


def _find_understated(
    subject: ReleaseSubject, pointer: str, path: str, applied: AppliedKeyPolicy
) -> Iterator[Finding]:
    """The (ε, δ) that centres are told before they decrypt; the claim may be smaller, never larger."""
    claim = subject.release.claim
    if claim is None or applied.epsilon is None or applied.delta is None:
        return
    claimed = (claim.epsilon, claim.delta)
    told = (applied.epsilon, applied.delta)
    more = [
        f"{letter} = {show(most)}, and the release claims {show(cost)}"
        for letter, most, cost in zip("εδ", told, claimed, strict=True)
        if cost is not None and cost > most
    ]
    if more:
        yield finding_at(
            DISCLOSURE_UNDERSTATED,
            subject,
            pointer,
            f"{path} is sealed under the KeyPolicy {applied.name}, which tells of {' and of '.join(more)}",
            "write the release's epsilon and delta into disclosure of the KeyPolicy, and seal again",
            about=f"{path}\0{applied.sha256}",
        )


def _demand(subject: ReleaseSubject, policy: PrivacyPolicy) -> str | None:
    """What requires that artifacts are sealed, in words; None where nothing does."""
    if policy.spec.release.require_sealed:
        return f"policy {policy.metadata.name}"
    tier = tier_of(subject, policy)
    if tier is None or not tier.require_sealed:
        return None
    names = (name for name in tier_names(subject, policy) if name in policy.spec.tiers)
    name = next(each for each in names if policy.spec.tiers[each].require_sealed)
    return f"tier {name} (policy {policy.metadata.name})"


def _is_manifest(path: str, paths: set[str]) -> bool:
    return path.endswith(SUFFIX) and path.removesuffix(SUFFIX) in paths
