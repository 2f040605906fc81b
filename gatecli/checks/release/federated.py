"""Rounds of federated training: whom they protect, under which relation, and what their noise lacks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gatecli.accounting.account import account
from gatecli.accounting.interface import Question
from gatecli.checks.release.declaration import PRIVACY
from gatecli.checks.release.evidence import entry_pointer
from gatecli.checks.release.interface import ReleaseContext, finding_at
from gatecli.checks.release.recorded_work import is_declared_poisson
from gatecli.checks.release.units import CLIENT_UNITS
from gatecli.model.budget import Bounds, Neighbouring
from gatecli.model.federated_evidence import FederatedFlaw, FlawedRounds, LocalRelease
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.identity import identity_of
from gatecli.model.mechanism import DpSgd, Gaussian, Sampling
from gatecli.model.number import show, show_up
from gatecli.model.release import Evidence, Privacy, ReleaseSubject

CLIENT_UNIT = Rule(
    "dp-federated-unit",
    Severity.ERROR,
    "Federated rounds protect clients, and the claim promises something else",
)
RELATION = Rule(
    "dp-federated-relation", Severity.ERROR, "Federated rounds of a fixed size are claimed under add-remove"
)
UNEQUAL_WEIGHTS = Rule(
    "dp-federated-unequal-weights", Severity.ERROR, "Noise is scaled to equal weights, and the weights differ"
)
UNPAID_CLIPPING = Rule(
    "dp-federated-unpaid-clipping", Severity.ERROR, "An adaptive clipping norm follows a number without noise"
)
NOISE_SCALE = Rule(
    "dp-federated-noise-scale",
    Severity.WARNING,
    "The noise of a round is less than its noise multiplier says",
)
SAMPLING = Rule(
    "dp-federated-sampling", Severity.ERROR, "Client samples of a fixed size are accounted as Poisson samples"
)
LOCAL_NOISE = Rule(
    "dp-federated-local-noise", Severity.ERROR, "Local noise is less than its own ε and δ need"
)

RULES = (CLIENT_UNIT, RELATION, UNEQUAL_WEIGHTS, UNPAID_CLIPPING, NOISE_SCALE, SAMPLING, LOCAL_NOISE)


@dataclass(frozen=True, slots=True)
class _Response:
    """The rule of a flaw, and how it is mended."""

    rule: Rule
    mend: str


_FLAWS: dict[FederatedFlaw, _Response] = {
    FederatedFlaw.UNEQUAL_WEIGHTS: _Response(
        UNEQUAL_WEIGHTS,
        "give every client the same weight: let clients send 1 under the key that the strategy weights by, "
        "and train again",
    ),
    FederatedFlaw.UNPAID_CLIPPING: _Response(
        UNPAID_CLIPPING,
        "set clipped_count_stddev above 0, or clip to a fixed norm, and train again",
    ),
    FederatedFlaw.NOISE_SCALE: _Response(
        NOISE_SCALE,
        "scale the noise to the number of clients that are averaged, and to the norm that their updates were "
        "clipped to; the gate counts what was added",
    ),
    FederatedFlaw.SAMPLING: _Response(
        SAMPLING,
        "account for it as sampling_method no-amplification or without-replacement; where a strategy of your "
        "own draws each client by a coin and divides by a fixed number, add sampling: poisson to the entry",
    ),
}


def find_federated(subject: ReleaseSubject, _context: ReleaseContext) -> Iterator[Finding]:
    """Everything about the rounds of each file, once."""
    claim = subject.release.claim
    if claim is None:
        return
    for evidence in subject.evidence:
        if evidence.federated is None:
            continue
        yield from _find_unit(subject, claim, evidence)
        yield from _find_relation(subject, claim, evidence)
        for flawed in evidence.federated.flaws:
            if flawed.flaw is not FederatedFlaw.SAMPLING or not is_declared_poisson(evidence):
                yield _flaw(subject, evidence, flawed)
        for local in evidence.federated.local:
            yield from _find_local_noise(subject, evidence, local)


def _find_unit(subject: ReleaseSubject, claim: Privacy, evidence: Evidence) -> Iterator[Finding]:
    """What holds for each client holds for one who is in k clients only as k clients that change."""
    if claim.unit is None or evidence.federated is None:
        return
    client = evidence.reference.client or evidence.federated.client
    units = {*CLIENT_UNITS, *([identity_of(client)] if client else [])}
    if identity_of(claim.unit) in units:
        return
    if claim.max_contributions is not None and claim.neighbouring is Neighbouring.REPLACE_ONE:
        return
    path = evidence.reference.path
    what = f"a client, which is a {client}" if client else "a client, and does not say what one is"
    yield finding_at(
        CLIENT_UNIT,
        subject,
        f"{PRIVACY}/unit",
        f"promises each {claim.unit}, but {path} accounts for {what}",
        f"add client: {claim.unit} to the entry if each client is one; or declare neighbouring: replace-one "
        f"and maxContributions: the number of clients that hold data of one {claim.unit}",
        about=f"{path}\0{claim.unit}",
    )


def _find_relation(subject: ReleaseSubject, claim: Privacy, evidence: Evidence) -> Iterator[Finding]:
    """A client more in a mean over a fixed number takes another one's place."""
    fixed = any(
        isinstance(each, DpSgd) and each.sampling is Sampling.FIXED_SIZE for each in evidence.mechanisms
    )
    if claim.neighbouring is not Neighbouring.ADD_REMOVE or not fixed or is_declared_poisson(evidence):
        return
    yield finding_at(
        RELATION,
        subject,
        f"{PRIVACY}/neighbouring",
        f"claims add-remove, but {evidence.reference.path} records means over a fixed number of clients: one "
        "client more takes the place of another, which moves the mean by two clipping norms over that "
        "number, not one",
        "declare neighbouring: zero-out (a client's update counts as none), under which the noise multiplier "
        "holds as it is; or replace-one",
        about=evidence.reference.path,
    )


def _flaw(subject: ReleaseSubject, evidence: Evidence, flawed: FlawedRounds) -> Finding:
    answer, path = _FLAWS[flawed.flaw], evidence.reference.path
    return finding_at(
        answer.rule,
        subject,
        entry_pointer(subject, evidence),
        f"{path}: {flawed.sentence}",
        answer.mend,
        about=f"{path}\0{flawed.sentence}",
    )


def _find_local_noise(subject: ReleaseSubject, evidence: Evidence, local: LocalRelease) -> Iterator[Finding]:
    """The classic deviation is proven for ε ≤ 1 alone, and holds for the sensitivity that it was given."""
    cost = _cost_of_one(local)
    if cost is None:
        return
    noise, path = local.noise, evidence.reference.path
    given = (
        f"noise for ε = {show(noise.epsilon)} at δ = {show(noise.delta)} and a sensitivity of "
        f"{show(noise.sensitivity)}, on updates of norm {show(local.clipping_norm)}"
    )
    yield finding_at(
        LOCAL_NOISE,
        subject,
        entry_pointer(subject, evidence),
        f"{path}: {given}, costs {cost} a round: any update of that norm may stand in a client's place",
        f"give LocalDpMod a sensitivity of {show(2 * local.clipping_norm)}, twice the clipping norm, and an "
        "epsilon of at most 1, for which its formula is proven",
        about=f"{path}\0{given}",
    )


def _cost_of_one(local: LocalRelease) -> str | None:
    """What one round costs where another update of the client is possible, if that is more than it says."""
    noise = Gaussian(
        sensitivity=local.clipping_norm,
        standard_deviation=local.noise.standard_deviation,
        neighbouring=Neighbouring.ZERO_OUT,
    )
    answer = account(Question((noise,), local.noise.delta, Neighbouring.REPLACE_ONE))
    if not isinstance(answer, Bounds) or answer.upper is None:
        return "no bounded ε"
    return f"ε = {show_up(answer.upper)}" if answer.upper > local.noise.epsilon else None
