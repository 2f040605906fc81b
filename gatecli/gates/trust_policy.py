"""What a policy says of attestations, and the verdict by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache, partial
from pathlib import Path

from gatecli.attestation.certificates import CertifiedIdentity, read_trust_root
from gatecli.attestation.keys import read_verifying_key
from gatecli.attestation.verification import TrustedKey
from gatecli.checks.attestation import PromiseLimit, PromiseLimits, TrustTerms
from gatecli.checks.signed_statements import StatementReader
from gatecli.errors import ConfigurationError, UsageError
from gatecli.gates import VERIFY
from gatecli.gates.attestation_verification import examine
from gatecli.gates.judgement import judge
from gatecli.gates.law import read_law, terms_of
from gatecli.gates.policies import LawFiles
from gatecli.gates.trusted_signers import KEPT_ROOT
from gatecli.gates.verification_requests import VerificationRequest, VerifierDemands, trust_alone
from gatecli.model.finding import Severity
from gatecli.model.number import plain
from gatecli.model.policy import PrivacyPolicy, bound_tiers, stamp
from gatecli.model.trust import AttestationIdentity, AttestationKey
from gatecli.model.verdict import Verdict


def verify_by_policy(request: VerificationRequest, policy: Path, demands: VerifierDemands) -> Verdict:
    """The verdict by a policy and the command line, of which the stricter counts.

    Raises ConfigurationError for a policy that cannot be used, and as `examine` does.
    """
    terms = terms_of(read_law(LawFiles(policy.parent, policy)), request.at.date(), Severity.ERROR)
    examined = examine(replace(request, terms=trust_by_policy(terms.policy, demands)))
    return judge(VERIFY, examined, terms)


def trust_by_policy(policy: PrivacyPolicy, demands: VerifierDemands) -> TrustTerms:
    """What a policy demands of an attestation, with the keys of the command line beside its own.

    Verdicts by the policy itself are accepted, and those by the policies that it or the command line names.
    Raises ConfigurationError for a key that is none.
    """
    rules = policy.spec.attestation
    alone = trust_alone(demands)
    return TrustTerms(
        (*map(_key_of, rules.keys), *map(_identity_of, rules.identities), *demands.keys),
        alone.predicate,
        max(rules.threshold, alone.threshold),
        min(rules.valid_days, demands.valid_days or rules.valid_days),
        frozenset({stamp(policy).sha256, *rules.policies, *demands.policies}),
        frozenset(rules.revoked),
        limits_of(policy),
    )


def reader_by(trust: TrustTerms) -> StatementReader:
    """What reads attestations for a verifier; Sigstore's trust root is read once one of them needs it."""
    is_certified = any(isinstance(each.key, CertifiedIdentity) for each in trust.keys)
    root = cache(partial(read_trust_root, None, KEPT_ROOT)) if is_certified else None
    return StatementReader(trust.keys, root)


def limits_of(policy: PrivacyPolicy) -> PromiseLimits:
    """What a policy permits a release to promise."""
    tiers = {
        name: PromiseLimit(
            *(None if most is None else plain(most) for most in (tier.max_epsilon, tier.max_delta))
        )
        for name, tier in policy.spec.tiers.items()
    }
    return PromiseLimits(policy.metadata.name, tiers, partial(bound_tiers, policy))


def _identity_of(rule: AttestationIdentity) -> TrustedKey:
    certified = CertifiedIdentity(rule.issuer, rule.identity)
    return TrustedKey(rule.name, certified, _scope(rule), _day(rule))


def _scope(rule: AttestationKey | AttestationIdentity) -> frozenset[str] | None:
    return frozenset(rule.datasets) if rule.datasets else None


def _key_of(rule: AttestationKey) -> TrustedKey:
    where = f"the key {rule.name} of the policy"
    try:
        key = read_verifying_key(rule.public_key.encode(), where)
    except UsageError as error:
        raise ConfigurationError(error.message, advice=error.advice) from None
    return TrustedKey(rule.name, key, _scope(rule), _day(rule))


def _day(rule: AttestationKey | AttestationIdentity) -> date | None:
    try:
        return date.fromisoformat(rule.expires) if rule.expires else None
    except ValueError:
        raise ConfigurationError(
            f"{rule.name}, whom the policy trusts, expires on a day that there is not",
            advice="write YYYY-MM-DD",
        ) from None
