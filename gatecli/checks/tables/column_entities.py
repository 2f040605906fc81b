"""What personal data a column holds, by the engine that searches texts for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from gatecli.checks.personal_data import Search
from gatecli.errors import UncheckableError
from gatecli.pii.budget import ScanBudget
from gatecli.pii.scanning import scan

Classify = Callable[[str, tuple[str, ...]], "str | None"]
"""Column name and a sample of its values in, the id of the entity they are, or None."""

MOST = 0.5
"""A column is what more than this share of its values are: a free text that names somebody is not."""

FILLED = 0.8
"""A value is personal data where that is nearly all of it."""


def classifier(search: Search) -> Classify:
    """What tells the entity of a column's values; within the search's time budget for each column.

    It raises UncheckableError where that does not suffice: what a column holds is then not known.
    """

    def classify(name: str, values: tuple[str, ...]) -> str | None:
        budget = ScanBudget(search.limits, search.clock)
        seen = Counter(entity for value in values if (entity := _entity(value, name, search, budget)))
        if not seen:
            return None
        entity, count = max(seen.items(), key=lambda item: (item[1], item[0]))
        return entity if count > MOST * len(values) else None

    return classify


def _entity(value: str, name: str, search: Search, budget: ScanBudget) -> str | None:
    seen = scan(search.detector, value, (name,), budget=budget)
    if seen.incomplete:
        raise UncheckableError(
            f"the values of the column {name} were not searched to their end: {seen.incomplete}",
            advice="raise pii.timeBudget in the policy",
        )
    wide = (each for each in seen.detections if each.end - each.start >= FILLED * len(value.strip()))
    return max((each.entity.id for each in wide), default=None)
