"""A table that is asked about less than the policy states for it: whoever asks does not pick the question.

A question may ask for more: more quasi-identifiers make classes smaller, more sensitive columns are more to
keep. Where a missing value may be any, more columns prove nothing, so that they must be the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from pydantic.alias_generators import to_snake

from gatecli.model.anonymity import Missing, RecursiveDiversity, Scale, Thresholds
from gatecli.model.dataset import Anonymity
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.thresholds import as_mapping, strictest

QUESTION_NARROWED = Rule(
    "anon-question-narrowed", Severity.ERROR, "A table is asked about less than the policy states for it"
)

STATED_RULES: tuple[Rule, ...] = (QUESTION_NARROWED,)

_WEAKEST_FIRST = (Missing.WILDCARD, Missing.OWN_VALUE, Missing.REFUSE)


@dataclass(frozen=True, slots=True)
class AskedTable:
    """What was asked about a table, now or when its evidence was made. `path` is as it was written then."""

    path: str
    sha256: str
    quasi_identifiers: tuple[str, ...]
    sensitive: tuple[str, ...] = ()
    missing: str = Missing.OWN_VALUE.value
    unit: str | None = None
    normalise: bool = False
    thresholds: Thresholds = field(default_factory=Thresholds)
    trajectory: bool = False
    known: int | None = None
    household: str | None = None
    scales: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    formats: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    missing_codes: tuple[str, ...] = ()
    suppressed_codes: tuple[str, ...] = ()
    weights: str | None = None


@dataclass(frozen=True, slots=True)
class StatedQuestion:
    """What a policy states for a table: its columns, what it must keep, what a missing value may be."""

    table: Anonymity
    demands: Thresholds
    missing: Missing


def find_narrowed(
    asked: AskedTable, stated: StatedQuestion, subject: str, place: Place, before: str = ""
) -> Iterator[Finding]:
    """A finding for each way in which a question falls short; `before` says who asked it."""
    for problem, mend in _shortfalls(asked, stated):
        yield make_finding(
            QUESTION_NARROWED,
            f"{before}{problem}",
            subject=subject,
            place=place,
            mend=mend,
            identity=f"{subject}\0{problem}",
        )


def _shortfalls(asked: AskedTable, stated: StatedQuestion) -> Iterator[tuple[str, str]]:
    table = stated.table
    missing = stated.missing if asked.missing not in {*Missing} else Missing(asked.missing)
    wanted, own = set(table.quasi_identifiers), set(asked.quasi_identifiers)
    if not wanted <= own:
        says = f"asks about {_names(own)} alone where the policy says {_names(wanted)}"
        yield says, f"name the quasi-identifiers {_names(wanted)}"
    elif missing is Missing.WILDCARD and own != wanted:
        says = f"asks about {_names(own - wanted)} too, which proves nothing where a missing value may be any"
        yield says, f"name the quasi-identifiers {_names(wanted)} and no others"
    if not set(table.sensitive) <= set(asked.sensitive):
        left_out = _names(set(table.sensitive) - set(asked.sensitive))
        yield f"leaves out the sensitive {left_out} that the policy names", f"name {left_out} as sensitive"
    if table.unit is not None and asked.unit != table.unit:
        yield f"does not count by {table.unit} as the policy does", f"name the unit {table.unit}"
    yield from _rows_of_a_unit(asked, table)
    yield from _readings(asked, table)
    if asked.normalise and not table.normalise:
        yield "ignores case and blanks, which the policy does not", "leave normalise out"
    if _WEAKEST_FIRST.index(missing) < _WEAKEST_FIRST.index(stated.missing):
        says = f"takes a missing value for {missing.value} where the policy says {stated.missing.value}"
        yield says, f"take it for {stated.missing.value}"
    yield from _lower_thresholds(asked.thresholds, stated.demands)


def _rows_of_a_unit(asked: AskedTable, table: Anonymity) -> Iterator[tuple[str, str]]:
    if table.trajectory and not asked.trajectory:
        yield "does not know all rows of a unit as the policy does", "ask for the trajectory"
    if table.known is not None and not asked.trajectory and (asked.known or 0) < table.known:
        says = f"knows fewer rows of a unit than the {table.known} of the policy"
        yield says, f"ask with {table.known} known rows"
    if table.household is not None and asked.household != table.household:
        yield f"leaves out the household {table.household}", f"name the household {table.household}"


def _readings(asked: AskedTable, table: Anonymity) -> Iterator[tuple[str, str]]:
    """Scales, formats, codes and weights that the policy does not state would make the table look safer than
    it is; a categorical scale never does.
    """
    if asked.weights not in {None, table.weights}:
        mend = "leave the weights out" if table.weights is None else f"name the weights {table.weights}"
        yield f"takes {asked.weights} for sampling weights, which the policy does not", mend
    for column in sorted({*asked.scales, *table.scales}):
        wanted, own = table.scales.get(column), asked.scales.get(column)
        if own not in {wanted, Scale.CATEGORICAL} and (own or wanted is Scale.CATEGORICAL):
            says = f"measures {column} on {own or 'no stated'} scale where the policy says {wanted or 'none'}"
            yield says, f"state the scale {wanted}" if wanted else "leave the scale out"
    for column, own in sorted(asked.formats.items()):
        # That of a quasi-identifier says how it is generalised, and changes no measure.
        if column in asked.sensitive and own != table.formats.get(column):
            yield f"reads {column} as {own}, which the policy does not", "state the policy's format"
    for what, codes, known in (
        ("missing", asked.missing_codes, table.missing_codes),
        ("suppressed", asked.suppressed_codes, table.suppressed_codes),
    ):
        if not set(codes) <= set(known):
            yield (
                f"names codes for {what} values that the policy does not",
                f"name those of the policy: {_names(known)}",
            )


def _lower_thresholds(asked: Thresholds, stated: Thresholds) -> Iterator[tuple[str, str]]:
    for name in Thresholds.__slots__:
        wanted = Thresholds(**{name: getattr(stated, name)})
        if getattr(stated, name) is not None and not _keeps(asked, wanted):
            ((label, bound),) = as_mapping(wanted).items()
            own = as_mapping(Thresholds(**{name: getattr(asked, name)})).get(label)
            says = f"demands {'no' if own is None else f'only {label} ='} {label if own is None else own}"
            yield f"{says} where the policy demands {bound}", f"demand {label} = {bound}"


def _keeps(asked: Thresholds, wanted: Thresholds) -> bool:
    try:
        return strictest([asked, wanted]) == asked
    except ValueError:  # recursive diversity with another l
        return False


def _names(columns: Collection[str]) -> str:
    return ", ".join(sorted(columns)) or "nothing"


def asked_in_report(item: Mapping[str, Any]) -> AskedTable | None:
    """The question that an entry of a report's `checked` answers; None of an entry that is about no table."""
    inputs = item.get("inputs")
    if not isinstance(inputs, dict) or not isinstance(inputs.get("quasiIdentifiers"), list):
        return None
    unit, thresholds = inputs.get("unit"), inputs.get("thresholds")
    return AskedTable(
        str(item.get("path") or ""),
        str(inputs.get("sha256") or ""),
        _texts(inputs.get("quasiIdentifiers")),
        _texts(inputs.get("sensitive")),
        str(inputs.get("missing") or Missing.WILDCARD.value),
        unit if isinstance(unit, str) else None,
        inputs.get("normalise") is not False,
        _thresholds(thresholds if isinstance(thresholds, dict) else {}),
        inputs.get("trajectory") is True,
        known if isinstance(known := inputs.get("known"), int) else None,
        household if isinstance(household := inputs.get("household"), str) else None,
        _texts_by_name(inputs.get("scales")),
        _texts_by_name(inputs.get("formats")),
        _texts(inputs.get("missingCodes")),
        _texts(inputs.get("suppressedCodes")),
        weights if isinstance(weights := inputs.get("weights"), str) else None,
    )


def _texts_by_name(value: Any) -> Mapping[str, str]:
    return {str(name): str(each) for name, each in value.items()} if isinstance(value, dict) else {}


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def _thresholds(stated: Mapping[str, Any]) -> Thresholds:
    """The demands of a report; one that cannot be read demands nothing."""
    known = {to_snake(name): _demand(value) for name, value in stated.items()}
    return Thresholds(**{name: value for name, value in known.items() if name in Thresholds.__slots__})


def _demand(value: Any) -> Any:
    try:
        if isinstance(value, dict):
            return RecursiveDiversity(Fraction(str(value["c"])), int(value["l"]))
        return None if isinstance(value, bool) else value if isinstance(value, int) else Fraction(str(value))
    except (ValueError, KeyError, TypeError, ZeroDivisionError):
        return None
