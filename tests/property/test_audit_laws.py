"""What holds of every audit of scores and of every program that is searched."""

from __future__ import annotations

import ast
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from gatecli.audit import clopper_pearson, one_run
from gatecli.audit.clopper_pearson import AttackCounts
from gatecli.audit.membership import membership
from gatecli.audit.one_run import Guesses
from gatecli.audit.scores import Scores, ScoresMethod, ScoresSubject, ScoresTerms, audit_scores
from gatecli.checks.code.registry import find_patterns
from gatecli.model.audit import AuditClaim, AuditOutcome
from gatecli.model.code import PythonCode
from tests.support.examples import share

sides = st.lists(st.floats(-9, 9) | st.sampled_from([0.0, 1.0]), min_size=1, max_size=60)
claims = st.builds(
    AuditClaim,
    st.fractions(0, 10, max_denominator=1000),
    st.fractions(0, Fraction(1, 10), max_denominator=1000),
)
methods = st.sampled_from([ScoresMethod.ONE_RUN, ScoresMethod.CLOPPER_PEARSON])
shares = st.floats(0.001, 0.2)


@given(sides, sides, claims, methods)
def test_a_refuted_claim_is_below_its_bound_and_no_bound_is_above_what_could_be_found(
    inside: list[float], outside: list[float], claim: AuditClaim, method: ScoresMethod
) -> None:
    scores = Scores(tuple(inside), tuple(outside))
    result = audit_scores(scores, ScoresSubject("x", claim), ScoresTerms(method))
    highest = Fraction(dict(result.measures).get("highestEpsilon", "0"))
    assert (result.outcome is AuditOutcome.REFUTED) == (result.lower > claim.epsilon)
    assert (result.outcome is AuditOutcome.COULD_NOT_RUN) == bool(result.reason)
    assert result.lower <= highest + Fraction(1, 1000)


@given(sides, sides)
def test_one_run_depends_on_the_order_of_scores_alone(inside: list[float], outside: list[float]) -> None:
    """Any increasing function of the score is the same attack."""

    def guesses(*both: list[float]) -> list[Guesses]:
        ordered = one_run.rank(*both)
        return [one_run.guess(ordered, shape) for shape in one_run.shapes(len(ordered))]

    stretched = [[2 * score + 3 for score in side] for side in (inside, outside)]
    levels = {score: float(at) for at, score in enumerate(sorted({*inside, *outside}))}
    ranked = [[levels[score] for score in side] for side in (inside, outside)]
    assert guesses(*ranked) == guesses(inside, outside)
    assert len({*stretched[0], *stretched[1]}) < len(levels) or guesses(*stretched) == guesses(*ranked)


@given(st.integers(1, 300), st.floats(0.5, 1), st.floats(0, 0.01), shares)
def test_one_more_right_guess_never_lowers_the_bound(
    made: int, right: float, delta: float, alpha: float
) -> None:
    fewer = min(made - 1, int(made * right))
    bounds = [one_run.lower_bound(Guesses(made, made, count), delta, alpha) for count in (fewer, fewer + 1)]
    assert bounds[0] <= bounds[1] + 1e-6


@given(st.integers(0, 80), st.integers(1, 80), st.integers(0, 80), st.integers(1, 80), shares)
def test_a_bound_of_clopper_and_pearson_is_below_what_the_counts_say(
    missed: int, found: int, alarms: int, quiet: int, alpha: float
) -> None:
    counts = AttackCounts(found, missed, alarms, quiet)
    said = clopper_pearson.epsilon_of(missed / (missed + found), alarms / (alarms + quiet), 0.0)
    assert clopper_pearson.lower_bound(counts, 0.0, alpha) <= said + 1e-9


@given(sides, sides)
def test_the_area_of_the_turned_attack_is_the_rest(inside: list[float], outside: list[float]) -> None:
    one, other = (membership(*both, 0.05).area.value for both in ((inside, outside), (outside, inside)))
    assert abs(one + other - 1) < 1e-9


_EXPRESSIONS = st.sampled_from(
    [
        "np.random.laplace(0, 1 / epsilon)",
        "rng.normal(0, sensitivity)",
        "np.random.seed(0)",
        "tools.mean(x, epsilon=e, bounds=(x.min(), 1))",
        "f(g)(h)",
        "lambda x: x.y.z",
        "[a for a in b]",
        "PrivacyEngine().make_private(poisson_sampling=False)",
    ]
)
_STATEMENTS = st.sampled_from(["{}", "a = {}", "a.b: int = {}", "a += {}", "x = y = {}", "(p, q) = {}, 1"])
_HEADS = "import numpy as np\nfrom diffprivlib import tools\nfrom opacus import PrivacyEngine\n"


@settings(max_examples=share(60))
@given(
    st.lists(st.builds(str.format, _STATEMENTS, _EXPRESSIONS), max_size=6),
    st.sampled_from(["nested", "flat"]),
)
def test_every_program_can_be_searched_and_each_finding_stands_alone(lines: list[str], shape: str) -> None:
    body = [f"    {line}" for line in lines] or ["    pass"]
    program = "\n".join(["def f(x, e):", *body] if shape == "nested" else lines)
    findings = list(find_patterns(PythonCode("a.py", ast.parse(_HEADS + program))))
    assert len({finding.fingerprint for finding in findings}) == len(findings)
    assert all(finding.place.line for finding in findings)
