"""Amounts of privacy that a ledger adds up: whole numbers in fixed units, one for each member of a portfolio.

A portfolio filter admits a release while at least one of its members does (docs/adr/0017). Each member adds
up one measure of privacy loss, and a slack: the probability with which its measure may fail.

    member     measure                                            slack
    basic      Σ ε                                                Σ δ
    gdp        Σ μ² of Gaussian privacy                           Σ δ beyond the Gaussian curve
    rdp-α      Σ ε of Rényi privacy at the order α = 4, 8, 16, 32  Σ δ beyond the divergence

ε, μ² and Rényi ε are in units of 1e-12, δ in units of 1e-18. What is charged is rounded up, limits are
rounded down. An amount that cannot fit, or that nothing bounds, is charged as its limit and one unit more:
that alone ends its member, and sums stay small.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

MEASURE_UNITS = 10**12
"""Units in an ε, a μ² or a Rényi ε of 1."""

DELTA_UNITS = 10**18
"""Units in a δ of 1."""

MOST = 2**63 - 1
"""What a column of either store holds."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """What is charged, held or permitted; the fields are the columns of both stores, in this order."""

    basic_epsilon: int = 0
    basic_delta: int = 0
    gdp_mu_squared: int = 0
    gdp_delta: int = 0
    rdp_4: int = 0
    rdp_8: int = 0
    rdp_16: int = 0
    rdp_32: int = 0
    rdp_delta: int = 0

    def __iter__(self) -> Iterator[int]:
        return (getattr(self, column) for column in COLUMNS)

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(*(one + more for one, more in zip(self, other, strict=True)))

    def __neg__(self) -> Amounts:
        return Amounts(*(-each for each in self))


COLUMNS: tuple[str, ...] = tuple(field.name for field in fields(Amounts))
"""The names of the amounts, in their order."""

NOTHING = Amounts()


class Member(StrEnum):
    """A member of the portfolio."""

    BASIC = "basic"
    GDP = "gdp"
    RDP_4 = "rdp-4"
    RDP_8 = "rdp-8"
    RDP_16 = "rdp-16"
    RDP_32 = "rdp-32"


MEMBER_COLUMNS: Mapping[Member, tuple[str, str]] = MappingProxyType(
    {
        Member.BASIC: ("basic_epsilon", "basic_delta"),
        Member.GDP: ("gdp_mu_squared", "gdp_delta"),
        Member.RDP_4: ("rdp_4", "rdp_delta"),
        Member.RDP_8: ("rdp_8", "rdp_delta"),
        Member.RDP_16: ("rdp_16", "rdp_delta"),
        Member.RDP_32: ("rdp_32", "rdp_delta"),
    }
)
"""The measure and the slack of each member."""

RDP_ORDERS: Mapping[Member, int] = MappingProxyType(
    {Member.RDP_4: 4, Member.RDP_8: 8, Member.RDP_16: 16, Member.RDP_32: 32}
)


class Admission(StrEnum):
    """How many members must hold: any of them, or, in what was lent by another ledger, all of them."""

    ANY = "any"
    ALL = "all"


def in_units(number: Fraction, units: int) -> int:
    """What is charged, in whole units, rounded up; at most what a column holds."""
    return min(-(-number.numerator * units // number.denominator), MOST)


def limit_in_units(number: Fraction, units: int) -> int:
    """What is permitted, in whole units, rounded down."""
    return min(number.numerator * units // number.denominator, MOST)


def clip(charge: Amounts, limits: Amounts) -> Amounts:
    """A charge that no limit is smaller than by more than one unit: what cannot fit need not be added up."""
    return Amounts(*(min(one, most + 1) for one, most in zip(charge, limits, strict=True)))


def member_holds(member: Member, held: Amounts, limits: Amounts) -> bool:
    """Whether what is held is within both limits of a member."""
    return all(getattr(held, column) <= getattr(limits, column) for column in MEMBER_COLUMNS[member])


def holding_members(held: Amounts, limits: Amounts) -> tuple[Member, ...]:
    """The members within their limits."""
    return tuple(member for member in Member if member_holds(member, held, limits))


def is_admitted(held: Amounts, limits: Amounts, admission: Admission = Admission.ANY) -> bool:
    """Whether enough members hold."""
    decide = any if admission is Admission.ANY else all
    return decide(member_holds(member, held, limits) for member in Member)


def member_share(member: Member, held: Amounts, limits: Amounts) -> Fraction:
    """The share of a member's limits that is held, by the scarcer of the two; above 1 beyond them.

    A limit of nothing is used up by anything, and not by nothing.
    """
    shares = []
    for column in MEMBER_COLUMNS[member]:
        amount, limit = getattr(held, column), getattr(limits, column)
        shares.append(Fraction(amount, limit) if limit else Fraction(2 if amount else 0))
    return max(shares)


def best_member(held: Amounts, limits: Amounts) -> Member:
    """The member with the smallest share held, the first of equals."""
    return min(Member, key=lambda member: member_share(member, held, limits))


def held_share(held: Amounts, limits: Amounts, admission: Admission = Admission.ANY) -> Fraction:
    """The share of the budget that is held: by the member that decides."""
    decide = min if admission is Admission.ANY else max
    return decide(member_share(member, held, limits) for member in Member)


def total(charges: Iterable[Amounts]) -> Amounts:
    """The sum of charges."""
    return Amounts(*map(sum, zip(NOTHING, *charges, strict=True)))
