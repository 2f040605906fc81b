"""A policy above another one: what is nearer to the files may tighten it, and loosens nothing."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, get_args

from gatecli.model.column_classification import ColumnClass, ColumnRules, ColumnTreatment
from gatecli.model.finding import Severity
from gatecli.model.policy import (
    AnonymityRules,
    CheckedPublication,
    CheckRules,
    CloudRules,
    LedgerRules,
    OnUnknown,
    PiiRules,
    PolicySpec,
    PrivacyPolicy,
    ReleaseRules,
    TerraformRules,
    TestValues,
    Tier,
    seconds_in,
)
from gatecli.model.presidio import PresidioRegistry
from gatecli.model.publication import PublishedData
from gatecli.model.trust import AttestationRules, ServedModelRules

SeverityOf = Callable[[str], Severity | None]
"""The severity of a rule where no policy says another; None for a rule that nobody knows."""

Limit = TypeVar("Limit", bound=Any)

_ACTIONS = ("deny", "mask", "warn", "audit", "ignore")
_UNKNOWNS: tuple[OnUnknown, ...] = ("fail", "defer", "warn")


def tighten(
    floor: PrivacyPolicy, nearer: PrivacyPolicy, severity_of: SeverityOf, below: str = ""
) -> PrivacyPolicy:
    """`floor` with everything that `nearer` makes stricter; it keeps the name of the nearer one.

    `below` is the folder of `nearer` as seen from that of `floor`, which paths are relative to.
    """
    low, high = floor.spec, nearer.spec
    spec = PolicySpec(
        tiers=_tiers(low.tiers, high.tiers),
        datasets={**high.datasets, **low.datasets},
        release=_release(low.release, high.release, is_sealing_demanded=_demands_sealing(low)),
        anonymity=_anonymity(low.anonymity, high.anonymity),
        columns=_columns(low.columns, high.columns),
        pii=_pii(low.pii, high.pii),
        terraform=_terraform(low.terraform, high.terraform),
        cloud=_cloud(low.cloud, high.cloud),
        check=_check(low.check, high.check, below),
        ledger=_ledger(low.ledger, high.ledger),
        attestation=_attestation(low.attestation, high.attestation),
        admission=low.admission,
        severities=_severities(low.severities, high.severities, severity_of),
    )
    return nearer.model_copy(update={"spec": spec})


def _demands_sealing(spec: PolicySpec) -> bool:
    return spec.release.require_sealed or any(tier.require_sealed for tier in spec.tiers.values())


def _least(*values: Limit | None) -> Limit | None:
    return min((value for value in values if value is not None), default=None)


def _most(*values: Limit | None) -> Limit | None:
    return max((value for value in values if value is not None), default=None)


def stricter_tier(one: Tier, other: Tier) -> Tier:
    """The limits of both."""
    return Tier(
        max_epsilon=_least(one.max_epsilon, other.max_epsilon),
        max_delta=_least(one.max_delta, other.max_delta),
        min_k=_most(one.min_k, other.min_k),
        min_l=_most(one.min_l, other.min_l),
        max_t=_least(one.max_t, other.max_t),
        require_audit=one.require_audit or other.require_audit,
        require_sealed=one.require_sealed or other.require_sealed,
        source=one.source or other.source,
    )


def _tiers(low: Mapping[str, Tier], high: Mapping[str, Tier]) -> dict[str, Tier]:
    """A tier that is new keeps within the loosest of those that are there."""
    loosest = _loosest(low.values()) if low else Tier()
    new = {name: stricter_tier(tier, loosest) for name, tier in high.items() if name not in low}
    both = {name: stricter_tier(tier, high[name]) if name in high else tier for name, tier in low.items()}
    return new | both


def _loosest(tiers: Iterable[Tier]) -> Tier:
    """The limits that every tier keeps; none where one of them sets none."""
    known = tuple(tiers)

    def all_of(name: str, choose: Callable[..., Any]) -> Any:
        values = [getattr(tier, name) for tier in known]
        return None if None in values else choose(values)

    least = {name: all_of(name, max) for name in ("max_epsilon", "max_delta", "max_t")}
    most = {name: all_of(name, min) for name in ("min_k", "min_l")}
    return Tier(
        **least,
        **most,
        require_audit=all(tier.require_audit for tier in known),
        require_sealed=all(tier.require_sealed for tier in known),
    )


def _release(low: ReleaseRules, high: ReleaseRules, *, is_sealing_demanded: bool) -> ReleaseRules:
    return ReleaseRules(
        require_evidence=low.require_evidence or high.require_evidence,
        require_decision=low.require_decision or high.require_decision,
        overstatement=min(low.overstatement, high.overstatement),
        max_waiver_days=min(low.max_waiver_days, high.max_waiver_days),
        min_audit_confidence=max(low.min_audit_confidence, high.min_audit_confidence),
        max_audit_ratio=min(low.max_audit_ratio, high.max_audit_ratio),
        require_sealed=low.require_sealed or high.require_sealed,
        key_policies=_key_policies(low, high, is_demanded=is_sealing_demanded),
    )


def _key_policies(low: ReleaseRules, high: ReleaseRules, *, is_demanded: bool) -> tuple[str, ...]:
    """Which KeyPolicies are accepted is for the floor to say, where it names any or demands one."""
    if not low.key_policies and not is_demanded:
        return high.key_policies
    return tuple(each for each in low.key_policies if not high.key_policies or each in high.key_policies)


def _anonymity(low: AnonymityRules, high: AnonymityRules) -> AnonymityRules:
    return AnonymityRules(
        missing="refuse" if high.missing == "refuse" else low.missing,
        min_k=_most(low.min_k, high.min_k),
        max_risk=_least(low.max_risk, high.max_risk),
        restricted_zips=low.restricted_zips,
    )


def _columns(low: ColumnRules, high: ColumnRules) -> ColumnRules:
    """The treatments that both permit. Of which class a column is, the floor says first."""
    classes = {name: _treatments(low, high, name) for name in (*low.classes, *high.classes)}
    return ColumnRules(classes=classes, named={**high.named, **low.named})


def _cloud(low: CloudRules, high: CloudRules) -> CloudRules:
    """What is harmless, the floor says. Whoever reads at a place of both has to charge both datasets."""
    locations = dict.fromkeys((*low.locations, *high.locations))
    return low.model_copy(update={"locations": tuple(locations)})


def _treatments(low: ColumnRules, high: ColumnRules, name: ColumnClass) -> tuple[ColumnTreatment, ...]:
    floor = low.classes.get(name, low.permitted_treatments(name))
    return tuple(each for each in floor if name not in high.classes or each in high.classes[name])


def _pii(low: PiiRules, high: PiiRules) -> PiiRules:
    names = {*low.entities, *high.entities}
    known = {custom.id for custom in low.custom}
    return PiiRules(
        packs=tuple(dict.fromkeys((*low.packs, *high.packs))),
        entities={name: _action(low, high, name) for name in sorted(names)},
        custom=(*low.custom, *(custom for custom in high.custom if custom.id not in known)),
        registry=_registry(low.registry, high.registry),
        time_budget=low.time_budget,
        max_decoding_depth=max(low.max_decoding_depth, high.max_decoding_depth),
        test_values=_test_values(low.test_values, high.test_values),
        require_allowance_owner=low.require_allowance_owner or high.require_allowance_owner,
    )


def _registry(low: PresidioRegistry | None, high: PresidioRegistry | None) -> PresidioRegistry | None:
    """The recognizers of both, with the flags of the floor; a kind of the floor stays as it is there."""
    if low is None or high is None:
        return low or high
    known = {each.entity for each in low.enabled}
    more = tuple(each for each in high.enabled if each.entity not in known)
    return low.model_copy(update={"recognizers": (*low.recognizers, *more)})


def _test_values(low: TestValues | None, high: TestValues | None) -> TestValues | None:
    """The stronger; a note is no stronger than what a front door makes of an unset key."""
    if high is None or (low is None and high == "note"):
        return low
    return max(low or high, high, key=get_args(TestValues).index)


def _action(low: PiiRules, high: PiiRules, name: str) -> Any:
    """What no policy names is denied."""
    chosen = [rules.entities.get(name) for rules in (low, high)]
    below = chosen[0] or ("deny" if chosen[1] else None)
    return min((each for each in (below, chosen[1]) if each), key=_ACTIONS.index)


def _terraform(low: TerraformRules, high: TerraformRules) -> TerraformRules:
    new = {name: kind for name, kind in high.publishers.items() if kind != "ignore"}
    return TerraformRules(
        publishers={**new, **low.publishers},
        forms=(*low.forms, *(form for form in high.forms if form.readers != "nobody")),
        on_unknown=_on_unknown(low, high),
        gate_sources=low.gate_sources,
        max_evidence_age=min(
            (low.max_evidence_age, high.max_evidence_age), key=lambda age: seconds_in(age) or 0
        ),
    )


def _on_unknown(low: TerraformRules, high: TerraformRules) -> OnUnknown | dict[str, OnUnknown]:
    rules = {
        name
        for rules in (low.on_unknown, high.on_unknown)
        for name in (rules if isinstance(rules, dict) else ())
    }
    chosen = {
        name: min((low.unknown(name), high.unknown(name)), key=_UNKNOWNS.index)
        for name in (*rules, "default")
    }
    return chosen if rules - {"default"} else chosen["default"]


def _check(low: CheckRules, high: CheckRules, below: str) -> CheckRules:
    """What is looked at besides; what is left out is for the floor to say."""
    tables = tuple(table.model_copy(update={"path": _move_path(table.path, below)}) for table in high.tables)
    plans = tuple(_move_path(path, below) for path in high.terraform)
    others = tuple(_move_publication(each, below) for each in high.publications)
    return low.model_copy(
        update={
            "terraform": tuple(dict.fromkeys((*low.terraform, *plans))),
            "tables": (*low.tables, *(table for table in tables if table not in low.tables)),
            "publications": (*low.publications, *(each for each in others if each not in low.publications)),
        }
    )


def _move_publication(published: CheckedPublication, below: str) -> CheckedPublication:
    moved = {
        name: asked.locate_paths(lambda path: _move_path(path, below))
        for name in type(published).model_fields
        if isinstance(asked := getattr(published, name), PublishedData)
    }
    return published.model_copy(update=moved)


def _move_path(path: str, below: str) -> str:
    return path if "://" in path else posixpath.normpath(posixpath.join(below, path))


def _ledger(low: LedgerRules, high: LedgerRules) -> LedgerRules:
    """Which data is nobody's is for the floor to say."""
    return LedgerRules(
        public=low.public,
        lapse_after_days=min(low.lapse_after_days, high.lapse_after_days),
        required=low.required or high.required,
    )


def _attestation(low: AttestationRules, high: AttestationRules) -> AttestationRules:
    """Whom the floor trusts; what the nearer policy revokes or shortens holds, too."""
    return AttestationRules(
        keys=low.keys,
        identities=low.identities,
        threshold=max(low.threshold, high.threshold),
        valid_days=min(low.valid_days, high.valid_days),
        policies=low.policies,
        revoked=tuple(dict.fromkeys((*low.revoked, *high.revoked))),
        workloads=_workloads(low.workloads, high.workloads),
    )


def _workloads(low: ServedModelRules, high: ServedModelRules) -> ServedModelRules:
    """What needs no attestation, and where one may be read, is for the floor to say."""
    return ServedModelRules(
        required=True if high.required else low.required,
        on_unknown=min(low.on_unknown, high.on_unknown, key=_UNKNOWNS.index),
        beside=low.beside,
        stores=low.stores or high.stores,
        registries=low.registries,
        controllers=low.controllers,
    )


def _severities(
    low: Mapping[str, Severity], high: Mapping[str, Severity], severity_of: SeverityOf
) -> dict[str, Severity]:
    chosen = dict(low)
    for name, severity in high.items():
        known = low.get(name) or severity_of(name)
        if known is None or severity.rank <= known.rank:
            chosen[name] = severity
    return chosen
