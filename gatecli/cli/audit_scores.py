"""`gatecli audit scores`: whether the scores of an attack on a model refute its claim."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter

from gatecli.audit.scores import MOST_ALPHA, ScoresMethod, ScoresTerms
from gatecli.cli.audit_output import EXIT_CODES, AuditFormat, result_text
from gatecli.cli.numbers import exact
from gatecli.errors import UsageError
from gatecli.frontdoor.console import out
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import OUTPUT, option
from gatecli.gates.audit_scores import audit_file, claimed_by
from gatecli.model.audit import AuditClaim
from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.number import BelowOne, Exact, NonNegative, Positive

CLAIM, ATTACK = "Claim", "Attack"

_EPSILON: TypeAdapter[Fraction] = TypeAdapter(NonNegative)
_DELTA: TypeAdapter[Fraction] = TypeAdapter(BelowOne)
_ALPHA: TypeAdapter[Fraction] = TypeAdapter(Positive)
_THRESHOLD: TypeAdapter[Fraction] = TypeAdapter(Exact)


@dataclass(frozen=True, slots=True)
class ScoresClaim:
    """The claim that is attacked, and the model that makes it, as they were typed."""

    claim: Annotated[
        Path | None,
        option("--claim", panel=CLAIM, metavar="FILE", help="The declaration whose claim is attacked."),
    ] = None
    epsilon: Annotated[
        str | None, option("--epsilon", panel=CLAIM, metavar="NUMBER", help="The claimed ε.")
    ] = None
    delta: Annotated[
        str | None,
        option("--delta", panel=CLAIM, metavar="NUMBER", help="The claimed δ (default: 0)."),
    ] = None
    model: Annotated[
        Path | None,
        option(
            "--model",
            panel=CLAIM,
            metavar="FILE",
            help="The weights that were attacked; their digest binds the result to them.",
        ),
    ] = None

    def read(self, file: Path) -> tuple[str, AuditClaim]:
        """Whose claim it is, and the claim. Raises UsageError where it is not given once."""
        is_both = self.claim is not None and self.delta is not None
        if (self.claim is None) == (self.epsilon is None) or is_both:
            raise UsageError(
                "give the claim once", advice="name --claim FILE, or --epsilon NUMBER with --delta NUMBER"
            )
        if self.claim is not None:
            return claimed_by(self.claim)
        epsilon = exact(self.epsilon or "", "--epsilon", _EPSILON)
        budget = Budget(epsilon, exact(self.delta or "0", "--delta", _DELTA))
        return file.name, AuditClaim(budget.epsilon, budget.delta)


@dataclass(frozen=True, slots=True)
class ScoresAttack:
    """How the scores were made and are judged, as it was typed."""

    method: Annotated[
        ScoresMethod,
        option(
            "--method",
            panel=ATTACK,
            help="one-run: one training, a coin for each canary; clopper-pearson: a training for each score.",
        ),
    ] = ScoresMethod.ONE_RUN
    alpha: Annotated[
        str, option("--alpha", panel=ATTACK, metavar="NUMBER", help="The chance of a false alarm.")
    ] = "0.05"
    guesses: Annotated[
        int | None,
        option(
            "--guesses",
            panel=ATTACK,
            metavar="N",
            min=1,
            help="one-run: how many canaries are guessed, chosen before the scores were seen "
            "(default: several numbers, which share α).",
        ),
    ] = None
    threshold: Annotated[
        str | None,
        option(
            "--threshold",
            panel=ATTACK,
            metavar="NUMBER",
            help="clopper-pearson: where a score says in, chosen before the scores were seen.",
        ),
    ] = None
    neighbouring: Annotated[
        Neighbouring, option("--neighbouring", panel=ATTACK, help="How canaries were left out.")
    ] = Neighbouring.ADD_REMOVE

    def terms(self) -> ScoresTerms:
        """How they are judged. Raises UsageError for what does not belong to the method."""
        is_one_run = self.method is ScoresMethod.ONE_RUN
        return ScoresTerms(
            self.method,
            _alpha(self.alpha),
            _only(self.guesses, "--guesses", self.method, is_for=is_one_run),
            _threshold(self.threshold, self.method),
            self.neighbouring,
        )


@spread
def scores(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The scores: CSV, JSON or .npz.")],
    claim: ScoresClaim,
    attack: ScoresAttack,
    output: Annotated[
        # Not GATECLI_FORMAT: a pipeline that sets that to sarif must still be able to audit.
        AuditFormat,
        option("--format", "-f", panel=OUTPUT, variable="AUDIT_FORMAT", help="The output format."),
    ] = AuditFormat.TEXT,
) -> None:
    """Attack a trained model by the scores of canaries, or of members and others.

    Refuted ends in 1. Nothing found ends in 0, and says what would have been found.
    """
    terms = attack.terms()
    subject, claimed = claim.read(file)
    result = audit_file(file, subject, claimed, terms, claim.model)
    out(result_text(result, output))
    raise typer.Exit(EXIT_CODES[result.outcome])


def _alpha(text: str) -> Fraction:
    alpha = exact(text, "--alpha", _ALPHA)
    if alpha > MOST_ALPHA:
        raise UsageError(f"--alpha {text} is above {MOST_ALPHA}", advice="0.05 is usual")
    return alpha


def _only(value: int | None, name: str, method: ScoresMethod, *, is_for: bool) -> int | None:
    if value is not None and not is_for:
        raise UsageError(f"{name} does not belong to --method {method}", advice=f"leave {name} out")
    return value


def _threshold(text: str | None, method: ScoresMethod) -> float | None:
    if text is None:
        return None
    _only(1, "--threshold", method, is_for=method is ScoresMethod.CLOPPER_PEARSON)
    return float(exact(text, "--threshold", _THRESHOLD))
