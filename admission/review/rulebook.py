"""The policy in force, compiled: for each namespace what is searched, and what is done about it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import partial

from gatecli.checks.personal_data import Search, search_of
from gatecli.checks.served_models import ServingDemands
from gatecli.errors import ConfigurationError
from gatecli.gates.embedded_files import with_embedded_files
from gatecli.gates.judgement import waivers_for
from gatecli.gates.objects import CHECKS, ObjectCheck
from gatecli.gates.served_models import checks_of, serving_demands
from gatecli.model.admission import AdmissionRules, Mode, NamespaceRules
from gatecli.model.policy import PiiRules, PrivacyPolicy, stamp
from gatecli.model.verdict import PolicyStamp
from gatecli.model.waiver import PlacedWaiver
from gatecli.pii.interface import rule_id
from gatecli.pii.matching import searcher

EVERYWHERE = ""
"""The namespace whose waivers hold in all."""
SHORTEST_KEY = 16
_SECONDS = 1.5
_WARM = "440308199901101512\nphone +49 30 901820\nDE89 3704 0044 0532 0130 00"
"""Numbers of nobody: a resident ID with an unassigned serial, a switchboard's and a bank's example."""


@dataclass(frozen=True, slots=True)
class NamespaceScope:
    """What holds in some namespaces. `expressly` holds the policy's own word on a rule, where it has one.

    `exempt` is the reason why nothing is searched; "" where it is.
    """

    search: Search
    mode: Mode
    expressly: Mapping[str, str] = field(default_factory=dict)
    exempt: str = ""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All that a verdict depends on besides the request and the day; never changed, only replaced.

    `key` is secret: values are compared, and the Secrets that masking makes are named, by its HMAC.
    `checks` are the kinds of checks that an object goes through, `serving` what workloads that serve a model
    must have; None where nothing.
    """

    policy: PrivacyPolicy
    stamp: PolicyStamp
    standard: NamespaceScope
    scopes: Mapping[str, NamespaceScope]
    waivers: Mapping[str, tuple[PlacedWaiver, ...]]
    key: bytes = field(repr=False)
    generation: int
    digest: str
    checks: tuple[ObjectCheck, ...] = CHECKS
    serving: ServingDemands | None = None

    @property
    def rules(self) -> AdmissionRules:
        return self.policy.spec.admission

    def scope(self, namespace: str) -> NamespaceScope:
        """What holds in a namespace: its own rules, else those of the longest pattern, else the policy's."""
        if not namespace or not self.scopes:
            return self.standard
        if namespace in self.scopes:
            return self.scopes[namespace]
        fitting = (scope for pattern, scope in self.scopes.items() if fnmatchcase(namespace, pattern))
        return next(fitting, self.standard)

    def checks_for(self, *, of_copy: bool) -> tuple[ObjectCheck, ...]:
        """The checks of an object; fewer where a controller made it of one that was judged."""
        return tuple(check for check in self.checks if check.of_copies) if of_copy else self.checks

    def waivers_in(self, namespace: str) -> tuple[PlacedWaiver, ...]:
        """The waivers of a namespace and those that hold everywhere; no namespace sees another's."""
        own = self.waivers.get(namespace, ()) if namespace else ()
        return (*self.waivers.get(EVERYWHERE, ()), *own)


def rulebook_of(
    policy: PrivacyPolicy,
    waivers: Mapping[str, Sequence[PlacedWaiver]],
    *,
    key: bytes,
    seconds: float = _SECONDS,
    fingerprint_key: bytes = b"",
    generation: int = 0,
    checks: tuple[ObjectCheck, ...] | None = None,
) -> Rulebook:
    """The rulebook of a resolved policy; `waivers` by namespace, `EVERYWHERE` for all.

    The policy's budget bounds the work of a search. `seconds` of a clock are the last resort, since the API
    server waits no longer: a search that it ends says so.
    `fingerprint_key` is the organisation's, as on the command line. Raises ConfigurationError for an
    entity or a pattern that cannot be used.
    """
    if len(key) < SHORTEST_KEY:
        raise ConfigurationError(
            f"the webhook's key is shorter than {SHORTEST_KEY} bytes", advice="generate one at random"
        )
    rules, serving = policy.spec.admission, serving_demands(policy)
    asked = checks_of(serving) if checks is None else checks
    standard = _scope(policy.spec.pii, rules.mode, seconds, fingerprint_key)
    own_scope = partial(_own_scope, policy=policy, standard=standard, seconds=seconds, key=fingerprint_key)
    names = sorted(rules.namespaces, key=lambda name: (-len(name), name))
    return Rulebook(
        policy=policy,
        stamp=stamp(policy),
        standard=standard,
        scopes={name: own_scope(rules.namespaces[name]) for name in names},
        waivers=_waivers_of(asked, waivers),
        key=key,
        generation=generation,
        digest=_digest(policy, waivers),
        checks=asked,
        serving=serving,
    )


def with_waivers(
    rulebook: Rulebook, waivers: Mapping[str, Sequence[PlacedWaiver]], generation: int
) -> Rulebook:
    """The same policy with other waivers; what is compiled stays so."""
    return replace(
        rulebook,
        waivers=_waivers_of(rulebook.checks, waivers),
        generation=generation,
        digest=_digest(rulebook.policy, waivers),
    )


def _waivers_of(
    checks: Sequence[ObjectCheck], waivers: Mapping[str, Sequence[PlacedWaiver]]
) -> dict[str, tuple[PlacedWaiver, ...]]:
    """The waivers for the rules that any of the checks looks for."""

    def is_wanted(placed: PlacedWaiver) -> bool:
        return any(waivers_for(check.gate, (placed,)) for check in checks)

    return {namespace: tuple(filter(is_wanted, held)) for namespace, held in sorted(waivers.items())}


def _own_scope(
    own: NamespaceRules, policy: PrivacyPolicy, standard: NamespaceScope, seconds: float, key: bytes
) -> NamespaceScope:
    mode: Mode = own.mode or policy.spec.admission.mode
    if own.exempt:
        return replace(standard, exempt=own.reason or "exempt")
    if not own.entities:
        return replace(standard, mode=mode)
    pii = policy.spec.pii.model_copy(update={"entities": {**policy.spec.pii.entities, **own.entities}})
    return _scope(pii, mode, seconds, key)


def _scope(pii: PiiRules, mode: Mode, seconds: float, key: bytes) -> NamespaceScope:
    search = with_embedded_files(search_of(pii, key, unset_test_values="warn"))
    limits = replace(search.limits, seconds=seconds)
    expressly = {rule_id(entity): action for entity, action in pii.entities.items()}
    return NamespaceScope(replace(search, limits=limits), mode, expressly)


def _digest(policy: PrivacyPolicy, waivers: Mapping[str, Sequence[PlacedWaiver]]) -> str:
    parts: Iterable[str] = (
        f"{namespace}\0{placed.waiver.model_dump_json()}"
        for namespace, held in sorted(waivers.items())
        for placed in held
    )
    trust = policy.spec.attestation.model_dump_json()
    return hashlib.sha256("\0".join((stamp(policy).sha256, trust, *sorted(parts))).encode()).hexdigest()


def warm(rulebook: Rulebook) -> None:
    """Import what checks numbers and compile every expression, before the first request does."""
    for scope in (rulebook.standard, *rulebook.scopes.values()):
        detector = scope.search.detector
        for entity in detector.entities:
            for pattern in entity.patterns:
                searcher(pattern)
        detector.detect(_WARM)
