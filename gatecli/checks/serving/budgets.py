"""Who pays for answers: the people that they tell of, before any caller; and whether that can be enough."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from fractions import Fraction

from gatecli.accounting.answer_noise import grid_noise
from gatecli.checks.serving.interface import SPEC, EndpointContext, EndpointSubject, finding_at
from gatecli.errors import UsageError
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.number import show
from gatecli.model.policy import bound_tiers
from gatecli.model.private_endpoint import PrivateEndpointSpec

MISSING_BUDGET = Rule(
    "serve-missing-budget", Severity.ERROR, "Answers that cost something are charged to no dataset"
)
CALLER_BUDGET_ALONE = Rule(
    "serve-caller-budget-alone", Severity.ERROR, "Only callers have a budget, and callers collude"
)
CALLER_BUDGET_TOO_SMALL = Rule(
    "serve-caller-budget-too-small", Severity.ERROR, "A caller's budget is smaller than one answer"
)
CALLERS_IN_LEDGER = Rule(
    "serve-callers-in-ledger", Severity.WARNING, "Callers are kept in the ledger of the people"
)
ANSWER_OVER_TIER = Rule(
    "serve-answer-over-tier", Severity.ERROR, "One answer costs more than the dataset's tier permits in all"
)
UNKNOWN_DATASET = Rule(
    "serve-unknown-dataset", Severity.ERROR, "The ledger has no account that answers can be charged to"
)
BUDGET_SPENT = Rule("serve-budget-spent", Severity.ERROR, "Not one more answer fits into a dataset's budget")
BUDGET_BELOW_LEASE = Rule(
    "serve-budget-below-lease", Severity.WARNING, "What is left of a dataset's budget is less than one lease"
)

BUDGET = f"{SPEC}/budget"
CALLERS = f"{BUDGET}/perCaller"


def find_missing_budget(subject: EndpointSubject, _context: EndpointContext) -> Iterator[Finding]:
    """Without an account every answer is free, and all of them together tell everything."""
    budget = subject.spec.budget
    if not subject.spec.is_noised or (budget is not None and budget.ledger and budget.dataset):
        return
    absent = [key for key in ("ledger", "dataset") if budget is None or getattr(budget, key) is None]
    keys = " and ".join(f"budget.{key}" for key in absent)
    if budget is not None and budget.per_caller is not None:
        yield finding_at(
            CALLER_BUDGET_ALONE,
            subject,
            CALLERS,
            f"callers have a budget and the people that answers tell of have none ({keys}): two callers "
            "learn twice as much",
            f"name {keys}; perCaller then limits one caller besides",
        )
        return
    yield finding_at(
        MISSING_BUDGET,
        subject,
        BUDGET,
        f"mode {subject.spec.mode.value} gives answers that cost something, and names no {keys}: nothing "
        "adds them up",
        f"name {keys}: gatecli ledger init, gatecli ledger dataset add",
    )


def find_small_caller_budget(subject: EndpointSubject, _context: EndpointContext) -> Iterator[Finding]:
    """Nobody ever gets an answer."""
    budget, noise = subject.spec.budget, subject.spec.noise
    callers = None if budget is None else budget.per_caller
    if noise is None or callers is None:
        return
    for key, letter, has, needs in (
        ("epsilon", "ε", callers.epsilon, noise.epsilon),
        ("delta", "δ", callers.delta, _least_delta(subject.spec, callers.delta)),
    ):
        if has < needs:
            yield finding_at(
                CALLER_BUDGET_TOO_SMALL,
                subject,
                f"{CALLERS}/{key}",
                f"a caller may spend {letter} = {show(has)}, and one answer costs {show(needs)}: no caller "
                "ever gets one",
                f"give perCaller.{key} at least {show(needs)}, or make an answer cheaper (noise.{key})",
                about=key,
            )


def _least_delta(spec: PrivateEndpointSpec, has: Fraction) -> Fraction:
    """The δ of one answer, which depends on the noise that is chosen; that is asked only where it matters."""
    if spec.noise is None or has >= spec.noise.delta:
        return Fraction(0)
    try:
        return grid_noise(spec).budget.delta
    except UsageError:  # another check says so
        return Fraction(0)


def find_callers_in_ledger(subject: EndpointSubject, _context: EndpointContext) -> Iterator[Finding]:
    """A ledger of people is exported, signed and shown to auditors; who called is nobody's business there."""
    budget = subject.spec.budget
    callers = None if budget is None else budget.per_caller
    if budget is None or callers is None or budget.ledger is None or callers.ledger is None:
        return
    if _same_ledger(budget.ledger, callers.ledger):
        yield finding_at(
            CALLERS_IN_LEDGER,
            subject,
            f"{CALLERS}/ledger",
            "each caller gets an account in the ledger of the people, which is kept for years and shown to "
            "auditors",
            "leave perCaller.ledger out (NAME-callers.db), or name another ledger",
        )


def _same_ledger(one: str, other: str) -> bool:
    return posixpath.normpath(one) == posixpath.normpath(other)


def find_over_tier(subject: EndpointSubject, context: EndpointContext) -> Iterator[Finding]:
    """The tier limits what may be learnt of the people of a dataset; one answer must be within it."""
    noise = subject.spec.noise
    if noise is None:
        return
    for name in bound_tiers(context.policy, _datasets_of(subject)):
        tier = context.policy.spec.tiers.get(name)
        limits = (None, None) if tier is None else (tier.max_epsilon, tier.max_delta)
        costs = (noise.epsilon, noise.delta)
        for key, letter, most, cost in zip(("epsilon", "delta"), "εδ", limits, costs, strict=True):
            if most is not None and cost > most:
                yield finding_at(
                    ANSWER_OVER_TIER,
                    subject,
                    f"{SPEC}/noise/{key}",
                    f"one answer costs {letter} = {show(cost)}, and the tier {name} of the policy permits "
                    f"{show(most)} for everything",
                    f"give noise.{key} a small part of {show(most)}",
                    about=name,
                )


def _datasets_of(subject: EndpointSubject) -> tuple[str, ...]:
    """What the answers are about: the charged dataset, and the parts of it that models were trained on."""
    budget, votes = subject.spec.budget, subject.spec.votes
    charged = () if budget is None or budget.dataset is None else (budget.dataset,)
    return (*charged, *(() if votes is None else (each.dataset for each in votes.models)))


def find_ledger_faults(subject: EndpointSubject, context: EndpointContext) -> Iterator[Finding]:
    """Whether the account is there, open, and not used up."""
    standing = context.dataset
    if standing is None:
        return
    name, at = standing.name, f"{BUDGET}/dataset"
    if not standing.is_known or standing.closed is not None:
        meant = f"did you mean {' or '.join(standing.near)}? " if standing.near else ""
        yield finding_at(
            UNKNOWN_DATASET,
            subject,
            at,
            f"answers are charged to {name}, which the ledger does not know"
            if not standing.is_known
            else f"answers are charged to {standing.closed}, whose account in the ledger is closed",
            f"{meant}gatecli ledger dataset list names all; gatecli ledger dataset add adds one"
            if not standing.is_known
            else "use other data; a closed account takes no more charges",
            about=name,
        )
    elif standing.short is not None:
        yield finding_at(
            BUDGET_SPENT,
            subject,
            at,
            f"what is left of the budget of {standing.short} is less than one answer costs",
            f"gatecli ledger show {standing.short} says what was spent; use other data, or stop the endpoint",
            about=name,
        )
    elif standing.low is not None:
        lease = 0 if subject.spec.budget is None else subject.spec.budget.lease
        yield finding_at(
            BUDGET_BELOW_LEASE,
            subject,
            f"{BUDGET}/lease",
            f"what is left of the budget of {standing.low} does not pay for a lease of {lease} answers",
            f"give a smaller budget.lease; gatecli ledger show {standing.low} says what is left",
            about=name,
        )


RULES: tuple[Rule, ...] = (
    MISSING_BUDGET,
    CALLER_BUDGET_ALONE,
    CALLER_BUDGET_TOO_SMALL,
    CALLERS_IN_LEDGER,
    ANSWER_OVER_TIER,
    UNKNOWN_DATASET,
    BUDGET_SPENT,
    BUDGET_BELOW_LEASE,
)
