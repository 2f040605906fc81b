"""What becomes of cells on their way into the new table: pseudonyms, masks, and a search of the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from gatecli.checks.personal_data import Search
from gatecli.errors import UncheckableError
from gatecli.pii.budget import ScanBudget
from gatecli.pii.interface import Detection
from gatecli.pii.redaction import label_all
from gatecli.pii.scanning import scan

Pseudonyms = Callable[[Sequence[str]], list[str]]


@dataclass(slots=True)
class CellChanges:
    """Columns by what becomes of their cells; `found` counts personal data by column and kind."""

    search: Search
    pseudonyms: Pseudonyms | None
    pseudonymised: frozenset[str]
    masked: frozenset[str]
    searched: frozenset[str]
    rows: int = 0
    found: dict[str, Counter[str]] = field(default_factory=dict)

    def apply(self, batches: Iterator[Any]) -> Iterator[Any]:
        """Arrow batches with their cells changed."""
        import pyarrow as pa  # noqa: PLC0415 - heavy; only what is written needs it

        for batch in batches:
            self.rows += batch.num_rows
            columns = [self._column(name, batch.column(name)) for name in batch.schema.names]
            yield pa.record_batch(columns, names=batch.schema.names)

    def _column(self, name: str, column: Any) -> Any:
        if name in self.pseudonymised and self.pseudonyms is not None:
            return _change_column(column, self.pseudonyms)
        if name in self.masked:
            return _change_column(column, lambda values: [self._mask(name, value) for value in values])
        if name in self.searched:
            self._search(name, column)
        return column

    def _search(self, name: str, column: Any) -> None:
        """Count the different values in which personal data is."""
        import pyarrow as pa  # noqa: PLC0415 - as above

        seen = self.found.setdefault(name, Counter())
        for value in column.cast(pa.string()).unique().drop_null().to_pylist():
            found = [each for each in self._detections(name, value) if not each.well_known]
            seen.update({each.entity.label for each in found})

    def _mask(self, name: str, value: str) -> str:
        masked = label_all(value, partial(self._detections, name))
        if masked is None:
            raise UncheckableError(
                f"a value of the column {name!r} holds personal data that cannot be masked",
                advice="drop the column",
            )
        return masked

    def _detections(self, name: str, value: str) -> list[Detection]:
        """What is personal in a value. Raises UncheckableError where it cannot be searched to its end."""
        seen = scan(
            self.search.detector, value, (name,), budget=ScanBudget(self.search.limits, self.search.clock)
        )
        if seen.incomplete:
            raise UncheckableError(
                f"a value of the column {name!r} was not searched to its end: {seen.incomplete}",
                advice="raise pii.timeBudget in the policy, or drop the column",
            )
        return list(seen.detections)


def found_sentence(found: Mapping[str, Counter[str]]) -> str | None:
    """Where personal data would be written, by column and kind; None where none was found."""
    told = [
        f"{name!r} ({', '.join(f'{kind}: {count:,}' for kind, count in sorted(kinds.items()))})"
        for name, kinds in sorted(found.items())
        if kinds
    ]
    return ", ".join(told) or None


def _change_column(column: Any, change: Callable[[list[str]], list[str]]) -> Any:
    """A column with each different value changed once; a missing one stays missing."""
    import pyarrow as pa  # noqa: PLC0415 - as above

    encoded = column.cast(pa.string()).dictionary_encode()
    return pa.array(change(encoded.dictionary.to_pylist()), pa.string()).take(encoded.indices)
