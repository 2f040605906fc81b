"""Models that vote: each is another one, of other people. Else one person moves more than one vote."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.checks.serving.addresses import address_of
from gatecli.checks.serving.interface import SPEC, EndpointContext, EndpointSubject, finding_at
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.identity import identity_of

SHARED_PEOPLE = Rule(
    "serve-shared-people", Severity.ERROR, "Two models that vote were trained on the same dataset"
)
REPEATED_MODEL = Rule("serve-repeated-model", Severity.ERROR, "One model votes twice")

MODELS = f"{SPEC}/votes/models"


def find_shared_votes(subject: EndpointSubject, _context: EndpointContext) -> Iterator[Finding]:
    """The noise is for one vote a person: two votes of the same people cost twice the budget."""
    votes = subject.spec.votes
    if votes is None:
        return
    datasets: dict[str, int] = {}
    addresses: dict[object, int] = {}
    for number, model in enumerate(votes.models):
        first = datasets.setdefault(identity_of(model.dataset), number)
        if first != number:
            yield finding_at(
                SHARED_PEOPLE,
                subject,
                f"{MODELS}/{number}/dataset",
                f"the models {first + 1} and {number + 1} were both trained on {model.dataset}: a person in "
                "it moves two votes, and the noise is for one",
                "train each model on people that no other one knows, and name each part in the ledger",
                about=model.dataset,
            )
        first = addresses.setdefault(address_of(model.url), number)
        if first != number:
            yield finding_at(
                REPEATED_MODEL,
                subject,
                f"{MODELS}/{number}/url",
                f"the models {first + 1} and {number + 1} have the same address: one model votes twice",
                "give each model its own address",
                about=str(number),
            )


RULES: tuple[Rule, ...] = (SHARED_PEOPLE, REPEATED_MODEL)
