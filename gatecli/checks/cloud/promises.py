"""What the definition of a job promises to spend at most: said, within the policy, and as declared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce

from pydantic_core import PydanticCustomError

from gatecli.checks.cloud.declarations import declaration_of
from gatecli.checks.cloud.interface import JobContext, PlacedRelease, finding_at
from gatecli.checks.cloud.rules import unknown_at
from gatecli.checks.cloud.run_call import OPTIONS, RunCall, read_call
from gatecli.model.budget import Budget
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.floor import stricter_tier
from gatecli.model.job_definition import JobDefinition, JobText
from gatecli.model.number import read_exact, show
from gatecli.model.policy import PrivacyPolicy, Tier, bound_tiers

MISSING = Rule(
    "cloud-missing-promise", Severity.ERROR, "A job does not say which data it spends, or how much"
)
INVALID = Rule("cloud-invalid-promise", Severity.ERROR, "A job promises an ε or δ that is not one")
OVER_TIER = Rule(
    "cloud-promise-over-tier", Severity.ERROR, "A job may spend more than the tier of its data allows"
)
UNKNOWN_TIER = Rule(
    "cloud-unknown-tier", Severity.WARNING, "No tier is known of a job's data, so the strictest counts"
)
DIFFERS = Rule(
    "cloud-declaration-differs", Severity.ERROR, "A declaration asks for more than its job promises"
)
RULES = (MISSING, INVALID, OVER_TIER, UNKNOWN_TIER, DIFFERS)


@dataclass(frozen=True, slots=True)
class Amount:
    """ε or δ: how it is given, which values it may have, and what a tier or a declaration says of it."""

    option: str
    letter: str
    is_valid: Callable[[Fraction], bool]
    wanted: str
    most: Callable[[Tier], Fraction | None]
    asked: Callable[[Budget], Fraction]


AMOUNTS = (
    Amount(
        "--epsilon",
        "ε",
        lambda value: value > 0,
        "a number above 0",
        lambda tier: tier.max_epsilon,
        lambda budget: budget.epsilon,
    ),
    Amount(
        "--delta",
        "δ",
        lambda value: 0 <= value < 1,
        "a number from 0, below 1",
        lambda tier: tier.max_delta,
        lambda budget: budget.delta,
    ),
)


@dataclass(frozen=True, slots=True)
class Promise:
    """The promise of one job, and what it is compared with."""

    job: JobDefinition
    call: RunCall
    policy: PrivacyPolicy
    declared: PlacedRelease | None

    @property
    def tier_names(self) -> tuple[str, ...]:
        """The tiers that the policy binds the datasets to, and the one that the declaration names."""
        names = [text.text for text in self.call.datasets if text.is_known]
        sensitivity = self.declared.release.spec.sensitivity if self.declared is not None else None
        found = (*bound_tiers(self.policy, names), *([sensitivity] if sensitivity is not None else ()))
        return tuple(dict.fromkeys(name for name in found if name in self.policy.spec.tiers))

    @property
    def limits(self) -> Tier | None:
        """The limits of all these tiers; of every tier, where none is known. None without any."""
        known = self.policy.spec.tiers
        tiers = [known[name] for name in self.tier_names or tuple(sorted(known))]
        return reduce(stricter_tier, tiers) if tiers else None


def find_promise_faults(job: JobDefinition, context: JobContext) -> Iterator[Finding]:
    """Each part of the promise by itself, then against the policy and the declaration."""
    call = read_call(job)
    if not isinstance(call, RunCall):
        return
    promise = Promise(job, call, context.policy, declaration_of(call, context.declared))
    for option, words in _WANTED.items():
        yield from _find_missing(promise, option, words)
    yield from _find_unknown_tier(promise)
    yield from _find_unknown_runs(job)
    for amount in AMOUNTS:
        text = call.value(amount.option)
        if text is not None and text.is_known:
            yield from _find_in_amount(promise, amount, text)
    yield from _find_other_datasets(promise)


def _find_in_amount(promise: Promise, amount: Amount, text: JobText) -> Iterator[Finding]:
    number = _number(amount, text)
    if number is None:
        message = f"{amount.option} is not {amount.wanted}, so it promises nothing"
        mend = f"write {amount.wanted}, such as 1e-5"
        yield finding_at(INVALID, promise.job, text.pointer, message, mend)
    else:
        yield from _find_over_tier(promise, amount, text, number)
        yield from _find_asked_more(promise, amount, text, number)


_WANTED = {
    "--dataset": "which dataset it reads",
    "--epsilon": "how much ε it may spend",
    "--delta": "how much δ it may spend",
}


def _find_missing(promise: Promise, option: str, words: str) -> Iterator[Finding]:
    job, call = promise.job, promise.call
    values = call.datasets if option == "--dataset" else call.values.get(option, ())[-1:]
    mend = f"write {option} before --, or the variable {OPTIONS[option]}"
    if not values:
        message = f"the job does not say {words}, so nobody can review what it spends"
        yield finding_at(MISSING, job, job.pointer, message, mend, about=option)
    for value in values:
        if not value.is_known:
            yield unknown_at(job, value.pointer, f"the job says only when it starts {words}", mend)


def _number(amount: Amount, text: JobText) -> Fraction | None:
    try:
        value = read_exact(text.text)
    except PydanticCustomError:
        return None
    return value if amount.is_valid(value) else None


def _find_unknown_tier(promise: Promise) -> Iterator[Finding]:
    datasets, policy = promise.call.datasets, promise.policy
    if not datasets or promise.tier_names:
        return
    known = ", ".join(sorted(policy.spec.tiers))
    message = (
        f"no tier of policy {policy.metadata.name} is known for its data, so the strictest limits count"
        if known
        else f"policy {policy.metadata.name} has no tiers, so no limit applies to what the job spends"
    )
    mend = f"bind its datasets in spec.datasets of the policy to a tier: {known or 'one that you add'}"
    yield finding_at(UNKNOWN_TIER, promise.job, datasets[0].pointer, message, mend)


def _find_unknown_runs(job: JobDefinition) -> Iterator[Finding]:
    """A search over settings spends in each of its runs."""
    if job.runs is not None and job.runs.value is None:
        message = "how often the job runs its command is not known, and each run spends what it promises"
        yield unknown_at(job, job.runs.pointer, message, "set limits.max_total_trials of the sweep")


def _find_over_tier(promise: Promise, amount: Amount, text: JobText, number: Fraction) -> Iterator[Finding]:
    limits = promise.limits
    most = None if limits is None else amount.most(limits)
    runs = promise.job.runs
    times = 1 if runs is None or runs.value is None else runs.value
    spent = number * times
    if most is None or spent <= most or not promise.call.datasets:
        return
    names = promise.tier_names
    in_runs = f" in {times:,} runs" if runs is not None else ""
    whose = f"tier {' and '.join(names)}" if names else "the strictest tier"
    yield finding_at(
        OVER_TIER,
        promise.job,
        text.pointer,
        f"the job may spend {amount.letter} = {show(spent)}{in_runs}, above the {amount.letter} ≤ "
        f"{show(most)} of {whose} (policy {promise.policy.metadata.name})",
        f"promise {amount.letter} ≤ {show(most / times)}, or bind the dataset to its tier in the policy",
        about=show(spent),
    )


def _find_asked_more(promise: Promise, amount: Amount, text: JobText, number: Fraction) -> Iterator[Finding]:
    declared = promise.declared
    claim = None if declared is None else declared.release.claim
    budget = None if claim is None else claim.budget
    if declared is None or budget is None or amount.asked(budget) <= number:
        return
    asked = show(amount.asked(budget))
    yield finding_at(
        DIFFERS,
        promise.job,
        text.pointer,
        f"{declared.path} declares {amount.letter} = {asked}, and its job promises at most {show(number)}: "
        "the run would be refused",
        f"promise {amount.letter} = {asked}, or declare less",
        about=asked,
    )


def _find_other_datasets(promise: Promise) -> Iterator[Finding]:
    declared, datasets = promise.declared, promise.call.datasets
    if declared is None or not datasets or not all(text.is_known for text in datasets):
        return
    names = {each.name for each in declared.release.spec.datasets}
    if names != {text.text for text in datasets}:
        yield finding_at(
            DIFFERS,
            promise.job,
            datasets[0].pointer,
            f"{declared.path} is about other datasets than its job charges: the run would be refused",
            "name the same datasets in spec.datasets of the declaration and by --dataset",
            about=",".join(sorted(names)),
        )
