"""What a Terraform plan would publish, serve and write down, against the gates that it must pass.

Three-valued: what a plan does not say is neither a pass nor, of itself, a fault; the policy decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from fractions import Fraction

from gatecli.checks.personal_data import Hidden, Search, find_hidden, named
from gatecli.checks.terraform_tables import (
    BUDGETS,
    DATASET,
    GATES,
    MODEL,
    PERSONAL_NAME,
    PUBLIC,
    PUBLISHERS,
)
from gatecli.model.document import Place, pointer_of
from gatecli.model.finding import Finding, Rule, Severity, found
from gatecli.model.number import show
from gatecli.model.plan import Known, Module, Plan, Resource, Unknown, config_address, lookup
from gatecli.model.plan_graph import dependents_of, depends_on
from gatecli.model.plan_text import PlanText, plan_leaves
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.text import RawText

DATASET_UNGATED = Rule("tf-dataset-ungated", Severity.ERROR, "Data is published without a k-anonymity gate")
MODEL_UNGATED = Rule("tf-model-ungated", Severity.ERROR, "A model is served without a release gate")
GATE_BYPASSED = Rule("tf-gate-bypassed", Severity.ERROR, "A gate is there, and does not hold what it should")
PUBLIC_DATASET = Rule("tf-public-dataset", Severity.WARNING, "Stored data is open to everyone")
BUDGET_OVER_POLICY = Rule(
    "tf-budget-over-policy", Severity.ERROR, "A platform's privacy budget is larger than the policy allows"
)
PLAINTEXT_VARIABLE = Rule(
    "tf-plaintext-variable", Severity.WARNING, "A variable for personal data is not marked sensitive"
)

RULES: tuple[Rule, ...] = (
    DATASET_UNGATED,
    MODEL_UNGATED,
    GATE_BYPASSED,
    PUBLIC_DATASET,
    BUDGET_OVER_POLICY,
    PLAINTEXT_VARIABLE,
)

_UNGATED = {DATASET: DATASET_UNGATED, MODEL: MODEL_UNGATED}
_DOES = {DATASET: "publishes data without a k-anonymity gate", MODEL: "serves a model without a release gate"}
_MODULE = {kind: name for name, kind in GATES.items()}
_SOFTENED = {"fail": Severity.ERROR, "warn": Severity.WARNING, "defer": Severity.NOTE}


@dataclass(frozen=True, slots=True)
class PlanSubject:
    """A plan, and the reports that stand behind tags in it: by what they are evidence for, their SHA-256."""

    plan: Plan
    evidence: Mapping[str, AbstractSet[str]] = field(default_factory=dict)


def find_in_plan(subject: PlanSubject, policy: PrivacyPolicy, search: Search) -> Iterator[Finding]:
    """Everything that a plan must not do. Subjects are addresses without instance keys."""
    yield from _personal_data(subject.plan, search)
    yield from _ungated(subject, policy)
    yield from _bypassed(subject.plan, policy)
    for resource in subject.plan.resources:
        if not resource.is_leaving:
            yield from _public(subject.plan, resource)
            yield from _budget(subject.plan, resource, policy)
    yield from _variables(subject.plan)


def _at(plan: Plan, rule: Rule, address: str, pointer: str, message: str, mend: str) -> Finding:
    plain = config_address(address)
    return found(
        rule,
        f"{plain} {message}",
        subject=plain,
        place=Place(plan.path, pointer=pointer or None),
        mend=mend,
        identity=f"{plain}\0{message}",
    )


def _personal_data(plan: Plan, search: Search) -> Iterator[Finding]:
    for text in plan_leaves(plan):
        address = config_address(text.address)
        for finding, seen in find_hidden(RawText(address, "", "json"), text.leaves, search):
            if seen is not None and seen.leaf.keys in text.hidden:
                yield _concealed(plan, text, finding, seen)
            else:
                place = Place(plan.path, pointer=text.pointer + (finding.place.pointer or ""))
                message = f"{address}  {finding.message}"
                yield replace(finding, subject=address, place=place, message=message)


def _concealed(plan: Plan, text: PlanText, finding: Finding, seen: Hidden) -> Finding:
    """A value that is marked sensitive: what kind it is and where, no sample and no digest of it."""
    address = config_address(text.address)
    pointer = text.pointer + pointer_of(seen.leaf.keys)
    plain = found(
        finding.rule,
        f"{address}  holds {named(seen.detection.entity)} (sensitive)",
        subject=address,
        place=Place(plan.path, pointer=pointer),
        mend="read it from a secret store at run time: plans and states hold it in clear text",
        identity=f"{address}\0{pointer}",
    )
    return replace(plain, severity=finding.severity)


def _publishers(plan: Plan, policy: PrivacyPolicy) -> Iterator[tuple[Resource, str]]:
    kinds = {**PUBLISHERS, **policy.spec.terraform.publishers}
    for resource in plan.resources:
        kind = kinds.get(resource.type, "ignore") if resource.mode == "managed" else "ignore"
        if kind != "ignore" and not resource.is_leaving:
            yield resource, kind


def _gates(plan: Plan, kind: str) -> tuple[Module, ...]:
    """The gate modules of a kind that really gate: their resource is there, and no condition failed."""
    return tuple(
        module
        for module in plan.modules
        if GATES.get(_last_part(module.source)) == kind and _holds(plan, module.address)
    )


def _last_part(source: str) -> str:
    return source.partition("?")[0].rstrip("/").rpartition("/")[2]


def _holds(plan: Plan, module: str) -> bool:
    there = any(
        each.name == "gate" and each.type == "terraform_data" for each in plan.by_module.get(module, ())
    )
    conditions = plan.by_module_conditions.get(module, ())
    judged = any(config_address(each.address) == f"{module}.terraform_data.gate" for each in conditions)
    # "unknown" is right for a whole gate: it looks at the clock once more at the apply.
    failed = any(each.status in {"fail", "error"} for each in conditions)
    return there and judged and not failed


def _gated(plan: Plan, kind: str) -> frozenset[str]:
    """The addresses that exist only through a gate of a kind."""
    return dependents_of(plan, [f"{gate.address}.terraform_data.gate" for gate in _gates(plan, kind)])


def _ungated(subject: PlanSubject, policy: PrivacyPolicy) -> Iterator[Finding]:
    plan = subject.plan
    gated = {kind: _gated(plan, kind) for kind in _UNGATED}
    for resource, kind in _publishers(plan, policy):
        address = config_address(resource.address)
        if address in gated[kind] or _is_attested(resource, subject.evidence.get(kind, frozenset())):
            continue
        yield _ungated_finding(plan, resource, kind, policy)


def _ungated_finding(plan: Plan, resource: Resource, kind: str, policy: PrivacyPolicy) -> Finding:
    mend = f"publish through the module {_MODULE[kind]} (docs/terraform.md), or tag it gatecli-evidence"
    blind = bool(depends_on(plan, config_address(resource.address)).unresolved)
    if not blind:
        return _at(plan, _UNGATED[kind], resource.address, resource.pointer, _DOES[kind], mend)
    message = f"{_DOES[kind]}, as far as the plan says: it does not say what its locals refer to"
    finding = _at(plan, _UNGATED[kind], resource.address, resource.pointer, message, mend)
    return replace(finding, severity=_SOFTENED[policy.spec.terraform.on_unknown])


def _is_attested(resource: Resource, digests: AbstractSet[str]) -> bool:
    """Whether a tag names a report that passed, by its SHA-256."""
    answers = (lookup(resource, block, name) for block in ("tags", "labels") for name in _TAGS)
    return any(isinstance(answer, Known) and answer.value in digests for answer in answers)


_TAGS = ("gatecli-evidence", "gatecli_evidence")


def _bypassed(plan: Plan, policy: PrivacyPolicy) -> Iterator[Finding]:
    if plan.targeted:
        yield found(
            GATE_BYPASSED,
            "the plan leaves out parts of the configuration (-target or -exclude): so may a gate be",
            subject=plan.path,
            place=Place(plan.path, pointer="/complete"),
            mend="plan the whole configuration",
        )
    published = {config_address(resource.address) for resource, _ in _publishers(plan, policy)}
    for kind in _UNGATED:
        for gate in _gates(plan, kind):
            node = f"{gate.address}.terraform_data.gate"
            if published and not published & dependents_of(plan, [node]):
                yield _at(
                    plan,
                    GATE_BYPASSED,
                    gate.address,
                    "",
                    "gates nothing: no resource that publishes depends on it",
                    "publish its output, for example released_path, or name it in depends_on",
                )
            yield from _lowered(plan, gate, policy)


def _lowered(plan: Plan, gate: Module, policy: PrivacyPolicy) -> Iterator[Finding]:
    least, k = policy.spec.anonymity.min_k, gate.constants.get("k")
    if least is not None and isinstance(k, int) and k < least:
        message = f"demands k = {k} where the policy demands {least}"
        yield _at(plan, GATE_BYPASSED, gate.address, "", message, f"demand k = {least} or more")


def _public(plan: Plan, resource: Resource) -> Iterator[Finding]:
    for argument, open_values in PUBLIC.get(resource.type, ()):
        answer = lookup(resource, argument)
        values = answer.value if isinstance(answer, Known) else ()
        if {values} & open_values if isinstance(values, str) else open_values & set(map(str, values)):
            yield _at(
                plan,
                PUBLIC_DATASET,
                resource.address,
                f"{resource.pointer}/{argument}",
                f"is open to everyone by its {argument}",
                "grant it to named principals, or waive it where publishing is meant and the gate passed",
            )


def _budget(plan: Plan, resource: Resource, policy: PrivacyPolicy) -> Iterator[Finding]:
    limits = [tier.max_epsilon for tier in policy.spec.tiers.values() if tier.max_epsilon is not None]
    if not BUDGETS.fullmatch(resource.type) or not limits:
        return
    tags = [lookup(resource, "tags", "sensitivity")]
    tiers = [policy.spec.tiers.get(str(tag.value)) for tag in tags if isinstance(tag, Known)]
    own = [tier.max_epsilon for tier in tiers if tier is not None and tier.max_epsilon is not None]
    limit = own[0] if own else max(limits)
    answer = lookup(resource, "parameters", "epsilon")
    nested = lookup(resource, "parameters", 0, "epsilon")
    stated = answer if isinstance(answer, Known) else nested
    pointer = f"{resource.pointer}/parameters"
    if isinstance(stated, Known) and Fraction(str(stated.value)) > limit:
        message = f"spends ε = {show(Fraction(str(stated.value)))} a period, above {show(limit)}"
        mend = f"set epsilon to {show(limit)} or less, or tag the tier: sensitivity"
        yield _at(plan, BUDGET_OVER_POLICY, resource.address, pointer, message, mend)
    elif isinstance(answer, Unknown) or isinstance(nested, Unknown):
        message = "states its epsilon only after the apply"
        finding = _at(plan, BUDGET_OVER_POLICY, resource.address, pointer, message, "write epsilon literally")
        yield replace(finding, severity=_SOFTENED[policy.spec.terraform.on_unknown])


def _variables(plan: Plan) -> Iterator[Finding]:
    for variable in plan.variables:
        if variable.sensitive is False and PERSONAL_NAME.search(variable.name.lower()):
            yield _at(
                plan,
                PLAINTEXT_VARIABLE,
                f"var.{variable.name}",
                f"/variables/{variable.name}",
                "is named like personal data and is not marked sensitive",
                "add sensitive = true; better, read it from a secret store at run time",
            )
