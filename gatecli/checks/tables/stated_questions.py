"""A table that is asked about less than the policy states for it: whoever asks does not pick the question.

A question may ask for more: more quasi-identifiers make classes smaller, more sensitive columns are more to
keep. Where a missing value may be any, more columns prove nothing, so that they must be the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from pydantic.alias_generators import to_snake

from gatecli.model.anonymity import Missing, RecursiveDiversity, Thresholds
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
    if asked.normalise and not table.normalise:
        yield "ignores case and blanks, which the policy does not", "leave normalise out"
    if _WEAKEST_FIRST.index(missing) < _WEAKEST_FIRST.index(stated.missing):
        says = f"takes a missing value for {missing.value} where the policy says {stated.missing.value}"
        yield says, f"take it for {stated.missing.value}"
    yield from _lower_thresholds(asked.thresholds, stated.demands)


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
    )


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
