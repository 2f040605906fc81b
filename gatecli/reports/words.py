"""What a reader calls measures and their values, whatever the format of the report; JSON has their keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gatecli.reports.measures import measure_text
from gatecli.reports.summary import plural

LABELS = {
    "accountant": "accountant",
    "alpha": "α, the largest share of one value in a class",
    "averageRisk": "average risk of a record",
    "basicBeta": "basic β-likeness",
    "averageHouseholdRisk": "average risk of a household",
    "classes": "classes",
    "delta": "δ",
    "deltaDisclosure": "δ-disclosure (natural logarithm)",
    "enhancedBeta": "enhanced β-likeness",
    "entropyL": "entropy l",
    "epsilonLower": "ε, at least",
    "epsilonUpper": "ε, at most",
    "k": "k, the smallest class",
    "l": "l, the fewest distinct values in a class",
    "marketerRisk": "marketer risk",
    "maxRisk": "largest risk of a record",
    "neighbouring": "neighbouring relation",
    "alone": "by it alone",
    "cells": "cells",
    "cellsOfFew": "cells of too few contributors",
    "derivedCells": "small counts that can be computed",
    "dominatedCells": "cells that a contributor dominates",
    "unsettledCells": "counts that the audit could not settle",
    "exposedCells": "suppressed counts that can be computed too closely",
    "forbiddenColumns": "columns with what is forbidden",
    "kAlone": "k of each release alone",
    "largestShare": "largest share of one contributor",
    "linkedBy": "columns that link the rows",
    "logSize": "entries in the log",
    "root": "root of the log's tree",
    "since": "holds since the checkpoint of entry",
    "unsigned": "entries without a signature",
    "narrowestInterval": "width of the narrowest interval",
    "notChecked": "not checked",
    "pairs": "pairs of classes that overlap",
    "samePeople": "both are of the same people",
    "smallCells": "small counts that are published",
    "suppressedCells": "suppressed counts",
    "tables": "tables",
    "deltaPresence": "largest share of a reference's class in the data",
    "deltaPresenceMin": "smallest share of a reference's class in the data",
    "digestOf": "the digest covers",
    "dis": "DIS, the chance that a unique match is correct",
    "distinction": "distinction",
    "doubt": "in doubt",
    "engine": "read by",
    "exposedHouseholds": "households with a member in a class of one",
    "format": "format",
    "household": "household",
    "households": "households",
    "known": "rows of a unit that others may know",
    "missingCodes": "codes for a missing value",
    "rowsWithoutUnit": "rows that name no unit",
    "suppressedCodes": "codes for a suppressed value",
    "suppressedRows": "suppressed rows, in no class",
    "trajectory": "others may know all rows of a unit",
    "excessRecords": "records beyond what the reference holds",
    "journalistRisk": "journalist's risk",
    "kMap": "k-map, the smallest class in the reference",
    "maxPopulationUniqueness": "unique in the population, at most",
    "missing": "a missing value is",
    "normalise": "case and outer blanks are ignored",
    "populationEstimator": "source of the estimate",
    "populationUniqueness": "unique in the population (estimate)",
    "quasiIdentifiers": "quasi-identifiers",
    "referenceMarketerRisk": "marketer risk, by the reference",
    "sensitive": "sensitive columns",
    "separation": "separation",
    "sha256": "SHA-256 of the data",
    "keyPolicy": "SHA-256 of what it says",
    "uncoveredRecords": "records that the reference lacks",
    "unit": "unit",
    "expectedReidentifications": "expected re-identifications",
    "records": "records",
    "recursiveC": "c of recursive (c,l)-diversity",
    "recursiveL": "l of recursive (c,l)-diversity",
    "sampleUniqueness": "unique in this table (share)",
    "scale": "scale",
    "t": "t, the farthest class from the table",
    "uniqueRecords": "unique records",
    "units": "units",
    "values": "distinct values",
}
"""What a reader calls a measure; one without a label goes by its name in the json report."""


TITLES = {
    "attributes": "how well quasi-identifiers tell rows apart",
    "byAttribute": "",
    "bySensitive": "",
    "columns": "columns and their types",
    "formats": "formats, as stated",
    "scales": "scales, as stated",
    "reference": "against the reference table",
    "thresholds": "limits",
    "classSizes": "classes by their size",
    "contributions": "what each column contributes",
    "minimalUniques": "by number of columns",
    "pairsOfReleases": "each pair",
    "suda": "special uniques (SUDA)",
    "uniformGroups": "groups of too few categories",
}
"""What a reader calls a group of measures; "" for one whose members say it themselves."""

ESTIMATORS = {
    "sampling-weights": "the sampling weights",
    "extended-negative-binomial": "the extended negative binomial model",
    "withheld": "withheld: the sample is too small to tell, or no model fits it",
    "count": "nothing to estimate: it was counted",
}
"""What a reader calls an estimator."""

VALUES: Mapping[str, Mapping[str, str]] = {
    "populationEstimator": ESTIMATORS,
    "doubt": {
        "few-integers": "amounts, or codes of categories",
        "ambiguous-dates": "whether the day or the month comes first",
        "ambiguous-numbers": "whether a point or a comma is decimal",
    },
    "missing": {
        "own-value": "a value of its own",
        "wildcard": "any value",
        "refuse": "refused",
    },
}
"""What a reader calls the values of a measure."""

CLASS_SIZES = "classSizes"

Group = tuple[str, list[tuple[str, str]]]
"""A title, "" for none, and labels with what was measured."""


def groups_in_words(measures: Mapping[str, object], title: str = "") -> Iterator[Group]:
    """The plain measures, then each nested group under its title."""
    plain = {key: value for key, value in measures.items() if not isinstance(value, Mapping)}
    if plain:
        yield title, [(LABELS.get(key, key), value_in_words(key, value)) for key, value in plain.items()]
    for key, value in measures.items():
        if isinstance(value, Mapping) and key == CLASS_SIZES:
            yield TITLES[key], [_class_size(size, held) for size, held in value.items()]
        elif isinstance(value, Mapping):
            yield from groups_in_words(value, ": ".join(filter(None, (title, TITLES.get(key, str(key))))))


def _class_size(size: str, held: Mapping[str, int]) -> tuple[str, str]:
    return size, f"{plural(held['classes'], 'class')} with {plural(held['records'], 'record')}"


def value_in_words(name: str, value: object) -> str:
    """A measure as a reader reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(value_in_words(name, inner) for inner in value) or "none"
    told = VALUES.get(name, {}).get(value) if isinstance(value, str) else None
    return told or measure_text(name, value)
