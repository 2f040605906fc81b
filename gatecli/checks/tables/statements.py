"""What a table's owner has to state before its measures say all: scales, formats, codes, units."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gatecli.model.anonymity import Doubt, Measures, Thresholds
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, make_finding

UNSTATED_SCALE = Rule(
    "anon-unstated-scale", Severity.NOTE, "A sensitive column holds few integers, and no scale is stated"
)
AMBIGUOUS_FORMAT = Rule(
    "anon-ambiguous-format",
    Severity.ERROR,
    "The dates or numbers of a sensitive column can be read in two ways",
)
UNNAMED_CODE = Rule(
    "anon-unnamed-code", Severity.NOTE, "A value looks like a code for a missing or suppressed value"
)
UNIT_MISSING = Rule("anon-unit-missing", Severity.WARNING, "Rows do not say whom they are about")

STATEMENT_RULES: tuple[Rule, ...] = (UNSTATED_SCALE, AMBIGUOUS_FORMAT, UNNAMED_CODE, UNIT_MISSING)

Statement = tuple[Rule, str, str, str]
"""A rule, a message, how to fix it, and what it is about."""


def find_unstated(
    measures: Measures, thresholds: Thresholds, subject: str, place: Place
) -> Iterator[Finding]:
    """A finding for everything that is not stated and may change what is measured."""
    scales = _scales(measures) if thresholds.t is not None else ()
    for rule, message, mend, about in (*scales, *_codes(measures), *_units(measures)):
        yield make_finding(
            rule,
            message,
            subject=subject,
            place=place,
            mend=mend,
            identity=f"{subject}\0{place.pointer or ''}\0{about}",
        )


def _scales(measures: Measures) -> Iterator[Statement]:
    for values in measures.by_sensitive:
        name = values.attribute
        match values.doubt:
            case Doubt.FEW_INTEGERS:
                yield (
                    UNSTATED_SCALE,
                    f"{name} holds {values.values:,} integers, maybe codes: t is on a categorical scale",
                    f"state the scale of {name}: numeric (--scale {name}=numeric) or categorical",
                    name,
                )
            case Doubt.AMBIGUOUS_DATES | Doubt.AMBIGUOUS_NUMBERS:
                yield _ambiguous(name, values.doubt)


_WAYS = {
    Doubt.AMBIGUOUS_DATES: ("dates", "day-first", "month-first", "only their year is used"),
    Doubt.AMBIGUOUS_NUMBERS: ("numbers", "decimal-point", "decimal-comma", "no bands are made of them"),
}
"""What is in doubt, the two ways, and how a quasi-identifier is generalised until it is settled."""


def _ambiguous(name: str, doubt: Doubt) -> Statement:
    what, one, other, _ = _WAYS[doubt]
    return (
        AMBIGUOUS_FORMAT,
        f"the {what} of {name} are ambiguous: they can be read in two ways, which order them differently",
        f"state the format of {name}: {one} or {other} (--value-format {name}={one})",
        name,
    )


def ask_for_formats(doubts: Mapping[str, Doubt]) -> tuple[str, ...]:
    """What to state of each quasi-identifier that can be read in two ways, and what follows until then."""
    return tuple(_format_question(name, *_WAYS[doubt]) for name, doubt in sorted(doubts.items()))


def _format_question(name: str, what: str, one: str, other: str, meanwhile: str) -> str:
    return (
        f"state how the {what} of {name} are written, {one} or {other}: --value-format {name}={one}, "
        f"formats: {{{name}: {one}}} in a declaration (until then {meanwhile})"
    )


def ask_for_codes(measures: Measures) -> tuple[str, ...]:
    """What looks like a code for a missing value and is not named, and how to name it."""
    return tuple(f"{message}; {mend}" for _, message, mend, _ in _codes(measures))


def _codes(measures: Measures) -> Iterator[Statement]:
    for name, codes in sorted(measures.suspected_codes.items()):
        shown = ", ".join(f"'{code}'" for code in codes)
        one = len(codes) == 1
        stands, counts = (
            ("looks like a code", "counts as a value") if one else ("look like codes", "count as values")
        )
        named = ",".join(f"{name}={code}" for code in codes)
        is_hidden = name in measures.question.quasi_identifiers and all(set(code) == {"*"} for code in codes)
        first, second = ("suppressed", "missing") if is_hidden else ("missing", "suppressed")
        otherwise = "where it is only unknown" if is_hidden else "where rows were suppressed"
        yield (
            UNNAMED_CODE,
            f"{shown} in {name} {stands} for a missing or suppressed value, but {counts}",
            f"name {'it' if one else 'them'}: --{first}-code '{named}', or --{second}-code {otherwise}",
            f"code\0{name}",
        )


def _units(measures: Measures) -> Iterator[Statement]:
    count = measures.without_unit
    if count:
        rows, verb = ("row", "has") if count == 1 else ("rows", "have")
        yield (
            UNIT_MISSING,
            f"{count:,} {rows} {verb} no {measures.question.unit}: together they count as one unit",
            f"fill {measures.question.unit}, or drop these rows",
            "unit",
        )
