"""What a table's measures say against the thresholds that it must keep."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from gatecli.errors import UsageError
from gatecli.model.anonymity import Measures, Missing, SensitiveMeasures, Thresholds
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.number import show, show_down, show_up

K = Rule("anon-k-below-threshold", Severity.ERROR, "Classes are smaller than k")
L = Rule("anon-l-below-threshold", Severity.ERROR, "Classes hold fewer than l distinct sensitive values")
ENTROPY_L = Rule("anon-entropy-l-below-threshold", Severity.ERROR, "The entropy of a class is below log l")
RECURSIVE_L = Rule(
    "anon-recursive-l-below-threshold", Severity.ERROR, "A class is not recursively (c,l)-diverse"
)
T = Rule(
    "anon-t-above-threshold", Severity.ERROR, "A class's sensitive values are distributed unlike the table's"
)
ALPHA = Rule("anon-alpha-above-threshold", Severity.ERROR, "One sensitive value holds too much of a class")
BETA = Rule(
    "anon-beta-above-threshold",
    Severity.ERROR,
    "A class raises the probability of a sensitive value too much",
)
DELTA = Rule(
    "anon-delta-above-threshold", Severity.ERROR, "A class discloses too much about a sensitive value"
)
RISK = Rule("anon-risk-above-threshold", Severity.ERROR, "A record is too likely to be re-identified")
MISSING_VALUES = Rule(
    "anon-missing-values", Severity.ERROR, "Values are missing where the policy refuses missing values"
)
DATASET_CHANGED = Rule(
    "anon-dataset-changed", Severity.ERROR, "The data is not the data that was declared", falsehood=True
)

RULES: tuple[Rule, ...] = (
    K, L, ENTROPY_L, RECURSIVE_L, T, ALPHA, BETA, DELTA, RISK, MISSING_VALUES, DATASET_CHANGED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AnonymitySubject:
    """A table that was measured: what it is called, where findings about it stand, and its digests.

    `advice` says what would make it keep its thresholds, the best proposal first.
    """

    name: str
    place: Place
    measures: Measures
    digest: str = ""
    declared_digest: str | None = None
    advice: tuple[str, ...] = ()


_MERGE = "merge classes by generalising quasi-identifiers: each becomes more like the table in {}"
_EVEN_OUT = "merge classes by generalising quasi-identifiers until no value of {} dominates one"
_ENLARGE = "generalise the quasi-identifiers, drop one of them, or suppress the rows of small classes"

Breach = tuple[Rule, str, str, str]
"""A rule, a message, how to fix it, and what it is about."""


def find_anonymity(subject: AnonymitySubject, thresholds: Thresholds) -> Iterator[Finding]:
    """Everything in which the table does not keep what is demanded of it.

    Raises UsageError for a demand on sensitive values where none were measured: that is no pass.
    """
    measures = subject.measures
    _require_sensitive(measures, thresholds)
    breaches = [
        *_dataset_changed(subject),
        *_missing(measures),
        *_classes(measures, thresholds),
        *_risks(measures, thresholds),
        *(breach for values in measures.by_sensitive for breach in _values(values, thresholds)),
    ]
    advised = next((rule for rule, *_ in breaches if rule not in _OF_DATA), None)
    for rule, message, mend, about in breaches:
        yield make_finding(
            rule,
            message,
            subject=subject.name,
            place=subject.place,
            mend="; or ".join(subject.advice) if subject.advice and rule is advised else mend,
            identity=f"{subject.name}\0{subject.place.pointer or ''}\0{about}",
        )


_OF_DATA = frozenset({DATASET_CHANGED, MISSING_VALUES})
"""Rules that no generalisation can satisfy."""

_OF_CLASSES = frozenset(
    {"k", "max_risk", "average_risk", "k_map", "delta_presence", "max_population_uniqueness"}
)


def _require_sensitive(measures: Measures, thresholds: Thresholds) -> None:
    demanded = [name for name in Thresholds.__slots__ if getattr(thresholds, name) is not None]
    about_values = sorted(set(demanded) - _OF_CLASSES)
    if about_values and not measures.by_sensitive:
        raise UsageError(
            f"{about_values[0].replace('_', '-')} is required, but no sensitive attribute is named",
            advice="name the sensitive columns, or drop the threshold",
        )


def _dataset_changed(subject: AnonymitySubject) -> Iterator[Breach]:
    declared = subject.declared_digest
    if declared is not None and declared.lower() != subject.digest.lower():
        yield (
            DATASET_CHANGED,
            f"the data's SHA-256 is {subject.digest[:12]}…, declared is {declared[:12].lower()}…",
            "publish the declared data, or declare the SHA-256 of this data once it was reviewed",
            "digest",
        )


def _missing(measures: Measures) -> Iterator[Breach]:
    if measures.question.missing is not Missing.REFUSE:
        return
    unit = {measures.question.unit or "": measures.without_unit} if measures.without_unit else {}
    for column, count in sorted({**measures.missing, **unit}.items()):
        yield (
            MISSING_VALUES,
            f"{_many(count, 'value')} of {column} {'is' if count == 1 else 'are'} missing",
            "fill or drop the rows, or choose what a missing value stands for: own-value or wildcard",
            column,
        )


def _classes(measures: Measures, thresholds: Thresholds) -> Iterator[Breach]:
    k = thresholds.k
    if k is None or measures.k >= k:
        return
    classes, records = measures.smaller_than(k)
    noun = "row" if measures.units is None else "unit"
    together = _known_together(measures)
    unique = measures.unique_records
    alone = f"; {_many(unique, noun)} {'is' if unique == 1 else 'are'} unique" if unique else ""
    small = _many(classes, "equivalence class", "equivalence classes")
    held = f"({records:,} of {_many(measures.units_in_classes, noun)})"
    verb = "is" if classes == 1 else "are"
    yield (
        K,
        f"k = {measures.k} < {k}{together}: {small} {held} {verb} smaller than {k}{alone}",
        _ENLARGE,
        "k",
    )


def _known_together(measures: Measures) -> str:
    """What is known of a unit, where that is more than one row."""
    question = measures.question
    if question.trajectory:
        return " to someone who knows all rows of a unit"
    rows = "row" if question.known == 1 else "rows"
    return "" if question.known is None else f" to someone who knows {question.known} {rows} of a unit"


def _many(count: int, singular: str, plural: str = "") -> str:
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def _risks(measures: Measures, thresholds: Thresholds) -> Iterator[Breach]:
    weighted = measures.weighted
    estimated = "" if weighted is None else " (estimated from the sampling weights)"
    limits = (
        ("highest", measures.max_risk, thresholds.max_risk),
        ("average", measures.average_risk, thresholds.average_risk),
        (
            "households' highest",
            None if weighted is None else weighted.max_household_risk,
            thresholds.max_risk,
        ),
        ("households' average", measures.household_risk, thresholds.average_risk),
    )
    for which, risk, limit in limits:
        if limit is not None and risk is not None and risk > limit:
            yield (
                RISK,
                f"the {which} risk of re-identification is {_above(risk, limit)}{estimated}",
                _ENLARGE,
                which,
            )


def _above(measured: Fraction, limit: Fraction) -> str:
    """`0.3334 > 0.3`: rounded up, so that it is never shown on the wrong side."""
    return f"{show_up(measured)} > {show(limit)}"


def _values(values: SensitiveMeasures, thresholds: Thresholds) -> Iterator[Breach]:
    for judge in (_distinct_l, _entropy_l, _recursive_l, *_UPPER, _enhanced_beta, _delta):
        yield from judge(values, thresholds)


def _distinct_l(values: SensitiveMeasures, thresholds: Thresholds) -> Iterator[Breach]:
    wanted = thresholds.l
    if wanted is None or values.l >= wanted:
        return
    classes = sum(count for distinct, count in values.distinct if distinct < wanted)
    small = _many(classes, "class", "classes")
    held = "a single value" if wanted == 2 else f"fewer than {wanted} values"
    verb = "holds" if classes == 1 else "hold"
    yield (
        L,
        f"l = {values.l} < {wanted} for {values.attribute}: {small} {verb} {held}",
        _EVEN_OUT.format(values.attribute),
        values.attribute,
    )


def _entropy_l(values: SensitiveMeasures, thresholds: Thresholds) -> Iterator[Breach]:
    wanted = thresholds.entropy_l
    if wanted is not None and values.entropy_l < wanted:
        yield (
            ENTROPY_L,
            f"entropy l = {show_down(values.entropy_l)} < {show(wanted)} for {values.attribute}",
            _EVEN_OUT.format(values.attribute),
            values.attribute,
        )


def _recursive_l(values: SensitiveMeasures, thresholds: Thresholds) -> Iterator[Breach]:
    """r₁ < c·tail is strict, so c must be larger than the largest r₁ ÷ tail."""
    wanted = thresholds.recursive
    if wanted is None:
        return
    if wanted.l != values.recursive_l:
        raise ValueError("recursive diversity was measured for another l than it is judged by")
    if values.recursive_c is not None and values.recursive_c < wanted.c:
        return
    if values.recursive_c is None:
        why = f"a class holds fewer than {wanted.l} values"
    else:
        why = f"c would have to be above {show_up(values.recursive_c)}"
    yield (
        RECURSIVE_L,
        f"not recursively ({show(wanted.c)}, {wanted.l})-diverse for {values.attribute}: {why}",
        _EVEN_OUT.format(values.attribute),
        values.attribute,
    )


def _at_most(
    rule: Rule,
    name: str,
    measured: Callable[[SensitiveMeasures], Fraction],
    limit: Callable[[Thresholds], Fraction | None],
    says: str,
) -> Callable[[SensitiveMeasures, Thresholds], Iterator[Breach]]:
    def judge(values: SensitiveMeasures, thresholds: Thresholds) -> Iterator[Breach]:
        most, value = limit(thresholds), measured(values)
        scale = f" ({values.scale.value} scale)" if rule is T else ""
        if most is not None and value > most:
            yield (
                rule,
                f"{name} = {_above(value, most)} for {values.attribute}{scale}: {says}",
                _MERGE.format(values.attribute),
                f"{name}\0{values.attribute}",
            )

    return judge


_UPPER = (
    _at_most(
        T,
        "t",
        lambda values: values.t,
        lambda limits: limits.t,
        "a class's values are distributed unlike the table's",
    ),
    _at_most(
        ALPHA,
        "alpha",
        lambda values: values.alpha,
        lambda limits: limits.alpha,
        "one value holds that share of a class",
    ),
    _at_most(
        BETA,
        "beta",
        lambda values: values.basic_beta,
        lambda limits: limits.beta,
        "in a class a value is that much likelier than in the table",
    ),
)


def _enhanced_beta(values: SensitiveMeasures, thresholds: Thresholds) -> Iterator[Breach]:
    limit = thresholds.enhanced_beta
    if limit is None or (values.enhanced_beta is not None and values.enhanced_beta <= limit):
        return
    if values.enhanced_beta is None:
        says = "in a class a value gains more than −ln of its share in the table, which no β allows"
    else:
        says = f"enhanced beta = {_above(values.enhanced_beta, limit)}"
    yield (
        BETA,
        f"not enhanced {show(limit)}-like for {values.attribute}: {says}",
        _MERGE.format(values.attribute),
        f"enhanced\0{values.attribute}",
    )


def _delta(values: SensitiveMeasures, thresholds: Thresholds) -> Iterator[Breach]:
    """The definition is strict: |ln(q ÷ p)| < δ."""
    limit = thresholds.delta
    if limit is not None and values.delta_disclosure >= limit:
        yield (
            DELTA,
            f"delta = {show_up(values.delta_disclosure, 6)}, not below {show(limit)}, for {values.attribute}",
            _MERGE.format(values.attribute),
            values.attribute,
        )
