"""Whether a classification of columns keeps within the policy, and with what the columns' names say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gatecli.anonymity.discovery.column_names import Role, role_of_name
from gatecli.model.column_classification import (
    ClassifiedColumn,
    ColumnClass,
    ColumnClassification,
    ColumnTreatment,
)
from gatecli.model.document import pointer_of
from gatecli.model.identity import identity_of
from gatecli.model.policy import PrivacyPolicy, bound_tiers

SPEC = "/spec"

_ABOUT_PEOPLE = frozenset(ColumnClass) - {ColumnClass.PUBLIC}
_AT_LEAST: Mapping[Role, frozenset[ColumnClass]] = MappingProxyType(
    {
        Role.DIRECT_IDENTIFIER: frozenset({ColumnClass.DIRECT_IDENTIFIER, ColumnClass.FREE_TEXT}),
        Role.QUASI_IDENTIFIER: _ABOUT_PEOPLE,
        Role.SENSITIVE: _ABOUT_PEOPLE,
    }
)
"""The classes that a column may be of whose name says so much."""


@dataclass(frozen=True, slots=True)
class ClassificationFault:
    """What is wrong with a classification, where, and how to mend it."""

    pointer: str
    message: str
    mend: str


def find_faults(classified: ColumnClassification, policy: PrivacyPolicy) -> Iterator[ClassificationFault]:
    """Everything that the policy does not permit, in the order of the document."""
    yield from _tier_faults(classified, policy)
    bound = {identity_of(name): kind for name, kind in policy.spec.columns.named.items()}
    for name, column in classified.spec.columns.items():
        yield from _column_faults(name, column, bound.get(identity_of(name)), policy)


def _tier_faults(classified: ColumnClassification, policy: PrivacyPolicy) -> Iterator[ClassificationFault]:
    named = classified.spec.sensitivity
    bound = bound_tiers(policy, [classified.metadata.name])
    for tier in (*bound, *([] if named is None else [named])):
        if tier not in policy.spec.tiers:
            known = ", ".join(sorted(policy.spec.tiers)) or "none"
            yield ClassificationFault(
                f"{SPEC}/sensitivity", f"the policy has no tier {tier!r}", f"its tiers are {known}"
            )


def _column_faults(
    name: str, column: ClassifiedColumn, bound: ColumnClass | None, policy: PrivacyPolicy
) -> Iterator[ClassificationFault]:
    at = SPEC + pointer_of(("columns", name))
    if bound is not None and bound is not column.column_class:
        yield ClassificationFault(
            f"{at}/class",
            f"the column {name!r} is classified as {column.column_class}, and the policy says that it is "
            f"{bound}",
            f"classify it as {bound}",
        )
    permitted = policy.spec.columns.permitted_treatments(column.column_class)
    if column.treatment not in permitted:
        yield ClassificationFault(
            f"{at}/treatment",
            f"the policy does not permit to {column.treatment} the column {name!r}, whose class is "
            f"{column.column_class}",
            f"it permits {', '.join(permitted) or 'nothing'}",
        )
    if bound is None and column.treatment is ColumnTreatment.KEEP:
        yield from _name_faults(name, column, at)


def _name_faults(name: str, column: ClassifiedColumn, at: str) -> Iterator[ClassificationFault]:
    """A column that is written as it is, and by its name tells more than its class does."""
    found = role_of_name(name)
    if found is None or column.column_class in _AT_LEAST.get(found[0], frozenset(ColumnClass)):
        return
    yield ClassificationFault(
        f"{at}/class",
        f"the column {name!r} is kept as {column.column_class}, and by its name it is {found[0]}",
        f"classify it as {found[0]}; where it is not about people, say so in the policy (spec.columns.named)",
    )
