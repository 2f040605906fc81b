"""What a run of a job says of privacy in OpenLineage: a custom facet of the run.

Its name and key are formed as the specification asks of custom facets (OpenLineage.md): the prefix of the
project, and `_producer` and `_schemaURL` beside its own fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gatecli.model.attestation import CountOf, ExactNumber, Named, PolicyDigest, Relation, Sha256Hex
from gatecli.model.strict_data import data_of, data_schema

FACET = "GatecliPrivacyBudgetRunFacet"
FACET_KEY = "gatecli_privacyBudget"
SCHEMA_URL = f"https://gatecli.dev/schemas/privacy-budget-run-facet-v1.json#/$defs/{FACET}"


@dataclass(frozen=True, slots=True)
class RecomputedRange:
    """What was recomputed from the mechanisms: the true ε is in this range at δ."""

    epsilon_lower: ExactNumber
    epsilon_upper: ExactNumber
    delta: ExactNumber
    accountant: Named


@dataclass(frozen=True, slots=True)
class LedgerHead:
    """The ledger that was asked, and its last checkpoint."""

    origin: Named
    size: CountOf | None = None
    root: Sha256Hex | None = None


@dataclass(frozen=True, slots=True)
class LineageDataset:
    """A dataset of the run: where it stands in the ledger, and the share of its budget that is left."""

    name: Named
    state: Named | None = None
    left: ExactNumber | None = None


@dataclass(frozen=True, slots=True)
class PrivacyBudgetFacet:
    """What a run promises: exact numbers as text, and what they are relative to."""

    release: Named
    version: Named
    declaration: Sha256Hex
    policy: PolicyDigest
    datasets: tuple[LineageDataset, ...]
    epsilon: ExactNumber | None = None
    delta: ExactNumber | None = None
    unit: Named | None = None
    neighbouring: Relation | None = None
    recomputed: RecomputedRange | None = None
    ledger: LedgerHead | None = None


def facet_data(facet: PrivacyBudgetFacet, tool: str) -> dict[str, Any]:
    """The facet under its key, to stand among the facets of a run."""
    head = {"_producer": f"https://gatecli.dev/versions/{tool}", "_schemaURL": SCHEMA_URL}
    return {FACET_KEY: head | data_of(facet)}


def facet_schema() -> dict[str, Any]:
    """The JSON Schema of `facet_data`; its own definition is what `_schemaURL` points at."""
    schema = data_schema(PrivacyBudgetFacet)
    uri = {"type": "string", "format": "uri"}
    definition = {key: value for key, value in schema.items() if key not in {"$schema", "title"}} | {
        "required": ["_producer", "_schemaURL", *schema["required"]],
        "properties": {"_producer": uri, "_schemaURL": uri, **schema["properties"]},
    }
    return {
        "$schema": schema["$schema"],
        "$id": SCHEMA_URL.partition("#")[0],
        "title": FACET,
        "type": "object",
        "properties": {FACET_KEY: {"$ref": f"#/$defs/{FACET}"}},
        "$defs": {FACET: definition},
    }
