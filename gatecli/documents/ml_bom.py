"""A CycloneDX 1.6 bill of materials of one model, with what it promises as properties under `gatecli:`.

The names and the form are those of the specification (bom-1.6.schema.json): a component of the type
`machine-learning-model` whose `modelCard` holds its datasets and considerations. Every figure is text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from gatecli.documents.statements import (
    FactStatement,
    claim_statements,
    column_statements,
    cost_statements,
    mechanism_statements,
)
from gatecli.errors import UsageError
from gatecli.model.documents import DatasetFacts, DocumentFacts
from gatecli.model.number import plain, show_percent
from gatecli.reports.escaping import visible

Pairs = Iterator[tuple[str, str]]


def ml_bom(facts: DocumentFacts) -> dict[str, Any]:
    """The bill; it has no serial number and no time, so that the same facts give the same bytes."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "gatecli", "version": facts.tool}]},
            "component": _model(facts),
        },
    }


def ml_bom_with(facts: DocumentFacts, before: object) -> dict[str, Any]:
    """The bill that stands at a place with what is known of its model; a first one where `before` is None.

    What gatecli wrote is written anew. In a bill of somebody else the model gets its properties, and nothing
    else changes. Raises UsageError where that has no component of the model.
    """
    if before is None or _is_ours(before):
        return ml_bom(facts)
    found = False

    def with_properties(component: Any) -> Any:
        nonlocal found
        if not isinstance(component, dict):
            return component
        if component.get("type") != "machine-learning-model" or component.get("name") != facts.name:
            return component
        found = True
        others = [each for each in component.get("properties", []) if not _is_our_property(each)]
        return {**component, "properties": [*others, *_properties(_release_pairs(facts))]}

    bill = dict(before) if isinstance(before, dict) and before.get("bomFormat") == "CycloneDX" else {}
    if isinstance(bill.get("components"), list):
        bill["components"] = [with_properties(each) for each in bill["components"]]
    if isinstance(bill.get("metadata"), dict) and "component" in bill["metadata"]:
        bill["metadata"] = bill["metadata"] | {"component": with_properties(bill["metadata"]["component"])}
    if not found:
        raise UsageError(
            f"the file that stands there is not a CycloneDX bill with the model {visible(facts.name)}",
            advice="name another file; the name of the component must be that of the release",
        )
    return bill


def _is_ours(bill: object) -> bool:
    """Whether nobody but gatecli wrote it."""
    if not isinstance(bill, dict) or set(bill) != {"bomFormat", "specVersion", "version", "metadata"}:
        return False
    tools = bill["metadata"].get("tools") if isinstance(bill["metadata"], dict) else None
    listed = tools.get("components") if isinstance(tools, dict) else None
    names = (
        [each.get("name") for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    )
    return names == ["gatecli"]


def _is_our_property(item: object) -> bool:
    return isinstance(item, dict) and str(item.get("name", "")).startswith("gatecli:")


def _model(facts: DocumentFacts) -> dict[str, Any]:
    files = [_file(each.path, each.sha256) for each in facts.release.spec.artifacts]
    return {
        "type": "machine-learning-model",
        "bom-ref": f"{facts.name}@{facts.version}",
        "name": facts.name,
        "version": facts.version,
        **({"components": files} if files else {}),
        "modelCard": _card(facts),
        "properties": _properties(_release_pairs(facts)),
    }


def _file(path: str, sha256: str) -> dict[str, Any]:
    return {"type": "file", "name": path, "hashes": [{"alg": "SHA-256", "content": sha256.lower()}]}


def _card(facts: DocumentFacts) -> dict[str, Any]:
    datasets = [_dataset(each) for each in facts.datasets]
    limitations = _texts((*claim_statements(facts), *cost_statements(facts)))
    considerations: dict[str, Any] = {
        "technicalLimitations": limitations,
        "ethicalConsiderations": list(_risks(facts)),
    }
    return {
        **({"modelParameters": {"datasets": datasets}} if datasets else {}),
        "considerations": {key: value for key, value in considerations.items() if value},
    }


def _dataset(of: DatasetFacts) -> dict[str, Any]:
    columns = _texts(column_statements(of))
    properties = _properties(_dataset_pairs(of))
    return {
        "type": "dataset",
        "name": of.name,
        **({"sensitiveData": columns} if columns else {}),
        **({"contents": {"properties": properties}} if properties else {}),
    }


def _risks(facts: DocumentFacts) -> Iterator[dict[str, str]]:
    """What each dataset risks, and what was run against it."""
    mitigation = " ".join(_texts(mechanism_statements(facts)))
    unit = facts.claim.unit if facts.claim else None
    if not unit:
        return
    for each in facts.datasets:
        if not each.public:
            risk = {"name": f"Somebody learns whether one {unit} is in {each.name}."}
            yield risk | ({"mitigationStrategy": mitigation} if mitigation else {})


def _texts(statements: Iterable[FactStatement]) -> list[str]:
    return [each.text for each in statements]


def _properties(pairs: Pairs) -> list[dict[str, str]]:
    return [{"name": f"gatecli:{name}", "value": value} for name, value in pairs]


def _release_pairs(facts: DocumentFacts) -> Pairs:
    claim, cost, verdict = facts.claim, facts.cost, facts.verdict
    budget = claim.budget if claim else None
    yield "declaration:sha256", facts.sha256
    yield "policy:name", facts.policy.name
    yield "policy:sha256", facts.policy.sha256
    for tier in facts.tiers:
        yield "policy:tier", tier
    if budget is not None:
        yield "privacy:epsilon", plain(budget.epsilon)
        yield "privacy:delta", plain(budget.delta)
    if claim and claim.unit:
        yield "privacy:unit", claim.unit
    if claim and claim.neighbouring:
        yield "privacy:neighbouring", claim.neighbouring.value
    if cost is not None:
        yield "privacy:recomputed:epsilonUpper", cost.epsilon_upper
        yield "privacy:recomputed:epsilonLower", cost.epsilon_lower
        yield "privacy:recomputed:accountant", cost.accountant
    if verdict is not None:
        yield "verdict", "pass" if verdict.passed else "fail"
    if facts.ledger is not None:
        yield "ledger:origin", facts.ledger.origin
    if facts.attestation is not None:
        yield "attestation:sha256", facts.attestation


def _dataset_pairs(of: DatasetFacts) -> Pairs:
    if of.dataset.records is not None:
        yield "dataset:records", str(of.dataset.records)
    budget = of.budget
    if budget is None:
        return
    yield "ledger:state", budget.state.value
    yield "ledger:epsilon", plain(budget.budget.epsilon)
    yield "ledger:delta", plain(budget.budget.delta)
    yield "ledger:unit", budget.unit
    yield "ledger:neighbouring", budget.neighbouring.value
    if budget.left_after is not None:
        yield "ledger:left", show_percent(budget.left_after)
