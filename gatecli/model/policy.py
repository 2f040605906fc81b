"""`kind: PrivacyPolicy`: what an organisation permits."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from gatecli.model.admission import Action, AdmissionRules
from gatecli.model.anonymity import Thresholds
from gatecli.model.base import LENIENT, Many, Metadata, Resource, Text, Value
from gatecli.model.column_classification import ColumnRules
from gatecli.model.dataset import Anonymity
from gatecli.model.finding import Severity
from gatecli.model.identity import identity_of
from gatecli.model.number import BelowOne, NonNegative, Positive, Proportion
from gatecli.model.plan_forms import PlanForm
from gatecli.model.presidio import PresidioRecognizer, PresidioRegistry
from gatecli.model.publication import Publications
from gatecli.model.trust import AttestationRules, LowerSha256
from gatecli.model.verdict import PolicyStamp


class Tier(Value):
    """The limits for data of one sensitivity."""

    max_epsilon: NonNegative | None = None
    max_delta: BelowOne | None = None
    min_k: Annotated[int, Field(ge=1)] | None = None
    min_l: Annotated[int, Field(ge=1)] | None = None
    max_t: NonNegative | None = None
    require_audit: bool = Field(
        default=False, description="whether a release must have survived an audit of its claim"
    )
    require_sealed: bool = Field(
        default=False, description="whether the artifacts of a release must be sealed (gatecli keys seal)"
    )

    @property
    def thresholds(self) -> Thresholds:
        """What a table of this sensitivity must keep."""
        return Thresholds(k=self.min_k, l=self.min_l, t=self.max_t)

    source: Text | None = Field(default=None, description="where the figures come from")


class ReleaseRules(Value):
    """How releases are judged."""

    require_evidence: bool = Field(
        default=False, description="whether evidence is required beside hand-written mechanisms"
    )
    require_decision: bool = Field(
        default=False, description="whether a release must name the accepted record of its decision"
    )
    overstatement: NonNegative = Field(
        default="0.25",
        validate_default=True,
        description="share of ε that may be declared without being spent",
    )
    max_waiver_days: Annotated[int, Field(ge=1)] = Field(
        default=366, description="a waiver that lasts longer is itself a finding"
    )
    min_audit_confidence: BelowOne = Field(
        default="0.95", validate_default=True, description="the confidence of an audit that a tier requires"
    )
    max_audit_ratio: Positive = Field(
        default="2",
        validate_default=True,
        description="the least ε that such an audit would have found, over the declared ε, at most",
    )
    require_sealed: bool = Field(
        default=False, description="whether the artifacts of every release must be sealed, whatever its tier"
    )
    key_policies: Many[LowerSha256] = Field(
        default=(),
        description="SHA-256 of the KeyPolicies that artifacts may be sealed under, as `gatecli keys show` "
        "names them",
    )


class AnonymityRules(Value):
    """How tables are judged."""

    missing: Literal["own-value", "wildcard", "refuse"] = "own-value"
    min_k: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="the smallest permitted k of any table, whatever its tier"
    )
    max_risk: Proportion | None = Field(default=None, description="the highest risk of any record")
    restricted_zips: Many[Annotated[str, Field(pattern=r"^[0-9]{3}$")]] | None = Field(
        default=None,
        description="three-digit ZIP areas of 20,000 people or fewer, in place of the census of 2000",
    )

    @property
    def thresholds(self) -> Thresholds:
        """What every table must keep."""
        return Thresholds(k=self.min_k, max_risk=self.max_risk)


class CustomEntity(Value):
    """Personal data of an organisation's own kind, such as an employee number."""

    id: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$")]
    label: Text = Field(description="what a finding calls it: `employee number`")
    pattern: Text = Field(description="an expression of RE2, which runs in linear time")
    check: Literal["luhn", "mod-97-10", "mod-11-2", "verhoeff"] | None = None
    context: Many[Text] = Field(default=(), description="words of keys and text that raise its score")
    context_required: bool = Field(
        default=False, description="whether a match counts only beside such a word"
    )

    @property
    def entity(self) -> str:
        """The kind that it finds."""
        return self.id

    @property
    def origin(self) -> str:
        """What finds it, for an explanation."""
        return f"whose pattern is {self.pattern}"

    @property
    def rule(self) -> str:
        return "pii-" + self.id.lower().replace("_", "-")


TestValues = Literal["note", "warn", "as-entity"]
"""What is done about a published test value, the weakest first."""


class PiiRules(Value):
    """What personal data is looked for, and what is done about it."""

    packs: Many[Text] = ("generic", "cn", "us", "eu")
    entities: dict[str, Action] = Field(default_factory=dict)
    custom: Many[CustomEntity] = ()
    recognizers: Text | None = Field(
        default=None, description="a file of presidio's recognizer registry, relative to the policy"
    )
    registry: PresidioRegistry | None = Field(
        default=None, description="what such a file holds, where the policy stands in a cluster"
    )
    time_budget: Annotated[str, Field(pattern=r"^\d+(\.\d+)?(ms|s|m)$")] = Field(
        default="1m",
        description="the work that one text may cost, counted and not timed: a second is 20 million steps",
    )
    max_decoding_depth: int = Field(
        default=6,
        ge=1,
        le=16,
        description="how many times over a value may be encoded and is still looked into",
    )
    test_values: TestValues | None = Field(
        default=None,
        description="what a published test value is: a note, a warning, or whatever its entity is; "
        "unset: a note in a repository, a warning at the webhook",
    )
    require_allowance_owner: bool = Field(
        default=False, description="whether a comment that allows a finding must name who answers for it"
    )

    @property
    def own_kinds(self) -> tuple[CustomEntity | PresidioRecognizer, ...]:
        """The kinds of personal data that this policy adds."""
        return (*self.custom, *(self.registry.enabled if self.registry else ()))

    @property
    def own_rules(self) -> frozenset[str]:
        """The ids of their rules."""
        return frozenset(kind.rule for kind in self.own_kinds)


OnUnknown = Literal["fail", "warn", "defer"]

_DURATION = re.compile(r"(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,6})s)?")


class TerraformRules(Value):
    """How plans are judged."""

    publishers: dict[str, Literal["dataset", "model", "workload", "ignore"]] = Field(
        default_factory=dict, description="what a resource type publishes, beside the shipped table"
    )
    forms: Many[PlanForm] = Field(
        default=(),
        description="rows beside the shipped table: what a type publishes, serves or opens, and when",
    )
    on_unknown: OnUnknown | dict[str, OnUnknown] = Field(
        default="fail",
        description="what follows if a plan does not say enough; also by rule, with `default` for the rest",
    )
    gate_sources: Many[Text] = Field(
        default=(),
        description="sources of gate modules that are trusted where a plan comes without their files; "
        "a `*` at the end stands for any rest",
    )
    max_evidence_age: Annotated[
        str, Field(min_length=2, pattern="^([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$")
    ] = Field(default="168h", description="the greatest age of evidence, of a tag or of a gate")

    def unknown(self, rule: str) -> OnUnknown:
        """What an unknown means for a rule."""
        if isinstance(self.on_unknown, str):
            return self.on_unknown
        return self.on_unknown.get(rule, self.on_unknown.get("default", "fail"))


def seconds_in(duration: str) -> int | None:
    """The seconds of a duration such as `1h30m`, as the gate modules read it; None if it is not one."""
    match = _DURATION.fullmatch(duration)
    if match is None or not duration:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


class LedgerRules(Value):
    """How releases are charged to budgets, where a ledger is given."""

    public: Many[Text] = Field(
        default=(), description="datasets that hold nobody's data: a release of them is not charged"
    )
    lapse_after_days: Annotated[int, Field(ge=1, le=3650)] = Field(
        default=30, description="days after which a reservation is told to be lapsed; it stays held"
    )
    required: bool = Field(
        default=False, description="whether releases must be judged against a ledger, in every run"
    )


class DataLocation(Value):
    """Where a dataset is kept, by the addresses that jobs read it at."""

    dataset: Text
    at: Annotated[Many[Text], Field(min_length=1)] = Field(
        description="addresses, and what is below each, as jobs name them: s3://acme-data/customers, "
        "azureml:customers; a `*` at the end stands for any rest"
    )


class CloudRules(Value):
    """How managed jobs are judged."""

    locations: Many[DataLocation] = Field(
        default=(), description="where datasets are kept: a job that reads there has to charge them"
    )

    public_inputs: Many[Text] = Field(
        default=(),
        description="data that tells nothing about people, as jobs name it: an asset without its version "
        "(azureml:digits), or a path; a `*` at the end stands for any rest",
    )
    transformers: Many[Text] = Field(
        default=(),
        description="components in a workspace or a registry that are known to run `gatecli cloud azureml "
        "transform`, each with its version",
    )


GateName = Literal["release", "anonymity", "pii", "terraform", "serve", "keys", "cloud"]


class CheckedTable(Anonymity):
    """A table that no declaration names, and what it must keep."""

    name: Text
    sensitivity: Text | None = Field(default=None, description="the tier of the policy that its data is of")


class CheckedPublication(Publications):
    """A publication that no declaration names; paths are relative as those of tables are."""

    name: Text
    sensitivity: Text | None = Field(default=None, description="the tier of the policy that its data is of")

    @model_validator(mode="after")
    def _require_something(self) -> Self:
        if not self.publications:
            raise ValueError("needs counts, magnitudes, safeHarbor or secondRelease")
        return self


class CheckRules(Value):
    """What `gatecli check` looks at. A report says what this leaves out."""

    only: Many[GateName] = Field(default=(), description="the gates that are run; empty: all of them")
    skip: Many[GateName] = Field(default=(), description="gates that are left out")
    exclude: Many[Text] = Field(default=(), description="files that no gate reads, as in .gitignore")
    terraform: Many[Text] = Field(
        default=(), description="plans to check, and folders to plan if --plan is given"
    )
    tables: Many[CheckedTable] = Field(default=(), description="tables to measure, besides declared ones")
    publications: Many[CheckedPublication] = Field(
        default=(), description="tables of counts, of magnitudes and others to judge, besides declared ones"
    )


class PolicySpec(Value):
    """The rules themselves. Layers compose key by key (`overlay`)."""

    extends: Text | None = Field(
        default=None, description="`default`, or the path of another policy file, which this one overlays"
    )
    tiers: dict[str, Tier] = Field(default_factory=dict)
    datasets: dict[str, Text] = Field(
        default_factory=dict,
        description="the tier of a dataset by its name, whatever sensitivity a release of it names",
    )
    release: ReleaseRules = Field(default_factory=ReleaseRules)
    anonymity: AnonymityRules = Field(default_factory=AnonymityRules)
    columns: ColumnRules = Field(default_factory=ColumnRules)
    pii: PiiRules = Field(default_factory=PiiRules)
    terraform: TerraformRules = Field(default_factory=TerraformRules)
    cloud: CloudRules = Field(default_factory=CloudRules)
    check: CheckRules = Field(default_factory=CheckRules)
    ledger: LedgerRules = Field(default_factory=LedgerRules)
    attestation: AttestationRules = Field(default_factory=AttestationRules)
    admission: AdmissionRules = Field(default_factory=AdmissionRules)
    severities: dict[str, Annotated[Severity, LENIENT]] = Field(default_factory=dict)


class PrivacyPolicy(Resource):
    """A policy as it stands in a file or in a cluster."""

    kind: Literal["PrivacyPolicy"]
    metadata: Metadata
    spec: PolicySpec


def _merge_mappings(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    both = {key: (base[key], value) for key, value in over.items() if key in base}
    deep = {
        key: _merge_mappings(low, high)
        for key, (low, high) in both.items()
        if isinstance(low, Mapping) and isinstance(high, Mapping)
    }
    return {**base, **over, **deep}


def overlay(base: PrivacyPolicy, over: PrivacyPolicy) -> PrivacyPolicy:
    """`over`, with its missing keys taken from `base`, key by key; lists are replaced."""
    low = base.model_dump(exclude_unset=True)
    high = over.model_dump(exclude_unset=True)
    merged = _merge_mappings(low, high) | {"metadata": high["metadata"]}
    merged["spec"].pop("extends", None)
    return PrivacyPolicy.model_validate(merged)


def bound_tiers(policy: PrivacyPolicy, datasets: Iterable[str]) -> tuple[str, ...]:
    """The tiers that the policy binds datasets of these names to, each once."""
    bound = {identity_of(name): tier for name, tier in policy.spec.datasets.items()}
    tiers = (bound.get(identity_of(name)) for name in datasets)
    return tuple(dict.fromkeys(tier for tier in tiers if tier is not None))


def stamp(policy: PrivacyPolicy) -> PolicyStamp:
    """Its name, and the SHA-256 of its resolved content in canonical JSON.

    Whose attestations are trusted is left out: it judges no release, and a key that is revoked must not make
    every earlier verdict one of another policy. So are rules of columns and jobs where it has none.
    """
    content = policy.spec.model_dump(mode="json", by_alias=True, exclude={"attestation"})
    for rules in (content["release"], *content["tiers"].values()):
        _leave_out_idle_keys(rules)
    for name, rules in (("columns", ColumnRules()), ("cloud", CloudRules())):
        if getattr(policy.spec, name) == rules:
            del content[name]  # as before there were such rules
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return PolicyStamp(policy.metadata.name, hashlib.sha256(canonical.encode()).hexdigest())


def _leave_out_idle_keys(rules: dict[str, Any]) -> None:
    """Keys that came later, where they ask for nothing: else every earlier verdict were another policy's."""
    for key in ("requireSealed", "keyPolicies"):
        if not rules.get(key):
            rules.pop(key, None)
