"""`gatecli audit mechanism`: whether a mechanism is what it claims to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter

from gatecli.audit.attack import MOST_SAMPLES, MOST_SEED, Effort
from gatecli.audit.calling import Reference
from gatecli.audit.mechanism import MechanismAudit, audit_mechanism
from gatecli.audit.neighbours import (
    RELATIONS,
    Pair,
    Relation,
    make_pairs,
    read_domain,
    read_pairs,
    relation_of,
)
from gatecli.audit.wording import sentence
from gatecli.audit.worker import SandboxLimits
from gatecli.cli.audit_output import EXIT_CODES, AuditFormat
from gatecli.cli.numbers import exact
from gatecli.cli.yaml_output import json_text
from gatecli.errors import InterruptedRunError, UsageError
from gatecli.frontdoor.console import out
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import OUTPUT, option
from gatecli.model.audit import AuditClaim, AuditResult, audit_document
from gatecli.model.number import BelowOne, NonNegative, Proportion
from gatecli.model.verdict import ExitCode

CLAIM, INPUTS, EFFORT = "Claim", "Inputs", "Effort"

_EPSILON: TypeAdapter[Fraction] = TypeAdapter(NonNegative)
_DELTA: TypeAdapter[Fraction] = TypeAdapter(BelowOne)
_ALPHA: TypeAdapter[Fraction] = TypeAdapter(Proportion)
_MOST_ALPHA = Fraction(1, 10)

Epsilon = Annotated[str, option("--epsilon", panel=CLAIM, metavar="NUMBER", help="The claimed ε.")]
Delta = Annotated[str, option("--delta", panel=CLAIM, metavar="NUMBER", help="The claimed δ.")]
Alpha = Annotated[
    str,
    option("--alpha", panel=EFFORT, metavar="NUMBER", help="The chance of a false alarm, over all looks."),
]
Samples = Annotated[
    int,
    option(
        "--samples",
        panel=EFFORT,
        metavar="N",
        min=1000,
        max=MOST_SAMPLES,
        help="Test samples of each input at most.",
    ),
]
TimeBudget = Annotated[
    float, option("--time-budget", panel=EFFORT, metavar="SECONDS", min=0.1, help="Processor time at most.")
]
MemoryBudget = Annotated[
    float, option("--memory", panel=EFFORT, metavar="GB", min=0.1, help="Memory of its process at most.")
]
Seed = Annotated[
    int,
    option("--seed", panel=EFFORT, metavar="N", min=0, max=MOST_SEED, help="Where the random numbers start."),
]
AuditOutput = Annotated[
    # Not GATECLI_FORMAT: a pipeline that sets that to sarif must still be able to audit.
    AuditFormat,
    option("--format", "-f", panel=OUTPUT, variable="AUDIT_FORMAT", help="The output format."),
]


@dataclass(frozen=True, slots=True)
class MechanismClaim:
    """The claim that is attacked, as it was typed."""

    epsilon: Epsilon
    delta: Delta = "0"

    def under(self, relation: Relation) -> AuditClaim:
        """The claim about inputs that differ so."""
        epsilon, delta = exact(self.epsilon, "--epsilon", _EPSILON), exact(self.delta, "--delta", _DELTA)
        return AuditClaim(epsilon, delta, RELATIONS[relation])


@dataclass(frozen=True, slots=True)
class MechanismInputs:
    """On what a mechanism is attacked, as it was typed."""

    neighbours: Annotated[
        Relation | None,
        option(
            "--neighbours",
            panel=INPUTS,
            help="How inputs differ (default: add-remove with --domain, else counts).",
        ),
    ] = None
    domain: Annotated[
        str | None,
        option(
            "--domain", panel=INPUTS, metavar="VALUES", help="The values of a record: 0..9, a,b,c or JSON."
        ),
    ] = None
    pairs: Annotated[
        Path | None,
        option(
            "--pairs", panel=INPUTS, metavar="FILE", help="Your own pairs: a JSON list of [input, neighbour]."
        ),
    ] = None

    @property
    def relation(self) -> Relation:
        return relation_of(self.neighbours or "", has_domain=self.domain is not None)

    def made_pairs(self) -> tuple[Pair, ...]:
        """The pairs to attack on. Raises UsageError where two options say what they are."""
        if self.pairs is not None and self.domain is not None:
            raise UsageError("--pairs and --domain both say what the inputs are", advice="give one of them")
        if self.pairs is not None:
            return read_pairs(self.pairs)
        return make_pairs(self.relation, read_domain(self.domain) if self.domain is not None else ())


@dataclass(frozen=True, slots=True)
class MechanismEffort:
    """How hard a mechanism is attacked, as it was typed."""

    lattice: Annotated[
        bool, option("--lattice", panel=EFFORT, help="Also test the lowest bits of floating-point outputs.")
    ] = False
    alpha: Alpha = "0.001"
    samples: Samples = 1_000_000
    time_budget: TimeBudget = 30.0
    memory: MemoryBudget = 2.0
    seed: Seed = 0
    state: Annotated[
        Path | None,
        option(
            "--state", panel=EFFORT, metavar="FILE", help="Go on with the test of earlier runs, kept here."
        ),
    ] = None


@spread
def mechanism(
    reference: Annotated[
        str,
        typer.Argument(
            metavar="MODULE:FUNCTION", help="A function of (data, rng), or of (data, epsilon, rng)."
        ),
    ],
    claim: MechanismClaim,
    inputs: MechanismInputs,
    effort: MechanismEffort,
    code: Annotated[
        list[Path] | None,
        option(
            "--code",
            panel=EFFORT,
            metavar="FILE",
            help="The files that it is written in (default: the one that defines it); repeatable.",
        ),
    ] = None,
    output: AuditOutput = AuditFormat.TEXT,
) -> None:
    """Attack a mechanism. Refuted ends in 1; nothing found ends in 0, and says what would have been found."""
    asked = MechanismAudit(
        reference,
        Reference.of(reference),
        claim.under(inputs.relation),
        inputs.made_pairs(),
        Effort.of(read_alpha(effort.alpha), effort.samples, effort.seed),
        SandboxLimits.of(effort.time_budget, effort.memory),
        effort.lattice,
        effort.state,
        tuple(code or ()),
    )
    try:
        results = audit_mechanism(asked)
    except KeyboardInterrupt:
        state = effort.state
        kept = f"the wealth so far is in {state}" if state and state.exists() else "no wealth was kept"
        raise InterruptedRunError(f"interrupted; {kept}") from None
    show_results(results, output)
    raise typer.Exit(exit_code(results))


def read_alpha(text: str) -> Fraction:
    """The error α of an option. Raises UsageError where it is no error to live with."""
    alpha = exact(text, "--alpha", _ALPHA)
    if alpha > _MOST_ALPHA:
        raise UsageError(f"--alpha {text} is above {float(_MOST_ALPHA)}", advice="0.001 is the default")
    return alpha


def show_results(results: Sequence[AuditResult], output: AuditFormat) -> None:
    """Write results to stdout."""
    if output is AuditFormat.JSON:
        out(json_text(audit_document(results)))
        return
    for result in results:
        name = "" if result is results[0] else f"{result.method}: "
        out(f"{name}{sentence(result)}\n" + "".join(f"  {key}: {value}\n" for key, value in result.measures))


def exit_code(results: Sequence[AuditResult]) -> ExitCode:
    """What several results end in: a refutation before what could not run, and that before nothing found."""
    codes = {EXIT_CODES[result.outcome] for result in results}
    order = (ExitCode.CLOSED, ExitCode.UNCHECKABLE, ExitCode.OPEN)
    return next(code for code in order if code in codes)
