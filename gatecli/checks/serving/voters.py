"""Models that vote: each is another one, of other people. Else one person moves more than one vote."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.checks.serving.addresses import ModelAddress, address_of
from gatecli.checks.serving.interface import SPEC, EndpointContext, EndpointSubject, finding_at
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.identity import identity_of

SHARED_PEOPLE = Rule(
    "serve-shared-people", Severity.ERROR, "Two models that vote were trained on the same dataset"
)
UNCHARGED_PEOPLE = Rule(
    "serve-uncharged-people",
    Severity.ERROR,
    "Votes are charged to the people of one model, and not to those of the others",
)
REPEATED_MODEL = Rule("serve-repeated-model", Severity.ERROR, "One model votes twice")

BUDGET, MODELS = f"{SPEC}/budget", f"{SPEC}/votes/models"


def find_shared_people(subject: EndpointSubject, context: EndpointContext) -> Iterator[Finding]:
    """The noise is for one vote a person: two votes of the same people cost twice the budget.

    The names say it where they are alike, the ledger where one dataset is made from the other.
    """
    votes = subject.spec.votes
    if votes is None:
        return
    names = [identity_of(model.dataset) for model in votes.models]
    alike = {number: names.index(name) for number, name in enumerate(names) if names.index(name) < number}
    made = {} if context.dataset is None else {later: first for first, later in context.dataset.shared}
    for number, first in sorted((made | alike).items()):
        name, other = votes.models[number].dataset, votes.models[first].dataset
        known = f"were both trained on {name}"
        if number not in alike:
            known = f"were trained on {other} and {name}, which the ledger knows to share people"
        yield finding_at(
            SHARED_PEOPLE,
            subject,
            f"{MODELS}/{number}/dataset",
            f"the models {first + 1} and {number + 1} {known}: a person in both moves two votes, and the "
            "noise is for one",
            "train each model on people that no other one knows, and name each part in the ledger",
            about=name,
        )


def find_repeated_models(subject: EndpointSubject, _context: EndpointContext) -> Iterator[Finding]:
    """What has the same address is one model."""
    votes = subject.spec.votes
    addresses: dict[ModelAddress, int] = {}
    for number, model in enumerate(() if votes is None else votes.models):
        address = address_of(model.url)
        first = number if address is None else addresses.setdefault(address, number)
        if first != number:
            yield finding_at(
                REPEATED_MODEL,
                subject,
                f"{MODELS}/{number}/url",
                f"the models {first + 1} and {number + 1} have the same address: one model votes twice",
                "give each model its own address",
                about=str(number),
            )


def find_uncharged_people(subject: EndpointSubject, _context: EndpointContext) -> Iterator[Finding]:
    """An answer tells of the people of every model; the account must be that of all of them."""
    votes, budget = subject.spec.votes, subject.spec.budget
    if votes is None or budget is None or budget.dataset is None:
        return
    charged = identity_of(budget.dataset)
    if any(identity_of(model.dataset) == charged for model in votes.models):
        yield finding_at(
            UNCHARGED_PEOPLE,
            subject,
            f"{BUDGET}/dataset",
            f"answers are charged to {budget.dataset}, which one of the models was trained on: the people of "
            "the others are charged nothing",
            "charge the dataset that all parts are of",
            about=budget.dataset,
        )


RULES: tuple[Rule, ...] = (SHARED_PEOPLE, REPEATED_MODEL, UNCHARGED_PEOPLE)
