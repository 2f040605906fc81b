"""What a formula of a KeyPolicy decides: for one holder of a key, for every conceivable one, for a policy.

A formula has no negation, so whoever is more is never allowed less. One value of `centre` excludes the
others; roles and purposes do not exclude each other. Hence a formula that anybody can satisfy is satisfied by
somebody of one of its centres (or of another one) who has every role and every purpose: the question is
answered exactly, by as many evaluations as there are centres.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from gatecli.model.key_policy import Formula, KeyPolicySpec, KeyRecipient, formulas_of


class EveryValue(Enum):
    """Stands for every value of an attribute."""

    EVERYTHING = "everything"

    def __contains__(self, value: object) -> bool:
        return True


EVERYTHING = EveryValue.EVERYTHING


@dataclass(frozen=True, slots=True)
class Holder:
    """The attributes of whoever holds a key; None is a centre that no formula names."""

    centre: str | None
    roles: frozenset[str] | EveryValue = frozenset()
    purposes: frozenset[str] | EveryValue = frozenset()


def holder_of(recipient: KeyRecipient) -> Holder:
    """What a recipient is said to be."""
    return Holder(recipient.centre, frozenset(recipient.roles), frozenset(recipient.purposes))


def satisfies(holder: Holder, formula: Formula, epoch: int) -> bool:
    """Whether the formula holds for one holder in an epoch."""
    branches = formula.branches
    if branches:
        return sum(satisfies(holder, branch, epoch) for _, branch in branches) >= formula.needed
    return (
        formula.centre in {None, holder.centre}
        and (formula.role is None or formula.role in holder.roles)
        and (formula.purpose is None or formula.purpose in holder.purposes)
        and (formula.epochs is None or formula.epochs.hold(epoch))
    )


def is_satisfiable(formula: Formula, epoch: int) -> bool:
    """Whether any conceivable holder satisfies the formula in an epoch. Exact."""
    return any(
        satisfies(Holder(centre, EVERYTHING, EVERYTHING), formula, epoch) for centre in centres_of(formula)
    )


def admits_everybody(formula: Formula, epoch: int) -> bool:
    """Whether a holder without any attribute satisfies the formula, and so does everybody. Exact."""
    return satisfies(Holder(None), formula, epoch)


def admits_without_purpose(formula: Formula, epoch: int) -> bool:
    """Whether any conceivable holder satisfies the formula without a purpose. Exact."""
    return any(satisfies(Holder(centre, EVERYTHING), formula, epoch) for centre in centres_of(formula))


def centres_of(formula: Formula) -> Iterator[str | None]:
    """Every centre that the formula names, each once; and one that it does not name."""
    named = (each.centre for _, each in formulas_of(formula) if each.centre is not None)
    yield from dict.fromkeys(named)
    yield None


def resolve(spec: KeyPolicySpec, epoch: int) -> tuple[KeyRecipient, ...]:
    """The recipients that a policy resolves to in an epoch, sorted by name.

    Their key is valid then, they are not revoked, and the formula holds for them.
    """
    found = (
        each
        for each in standing_recipients(spec, epoch)
        if each.epochs.hold(epoch) and satisfies(holder_of(each), spec.access, epoch)
    )
    return tuple(sorted(found, key=lambda each: each.name))


def standing_recipients(spec: KeyPolicySpec, epoch: int) -> Iterable[KeyRecipient]:
    """Recipients that no revocation shuts out in an epoch."""
    out = {each.recipient for each in spec.revoked or () if each.epoch <= epoch}
    return (each for each in spec.recipients if each.name not in out)
