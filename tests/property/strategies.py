"""What Hypothesis draws for more than one file of laws."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from gatecli.model.anonymity import RecursiveDiversity, Thresholds

# What JSON and YAML read alike: no controls, no half characters, no line breaks of Unicode.
letters = st.characters(exclude_categories=("Cc", "Cs", "Cn", "Zl", "Zp"), exclude_characters="\ufeff")
words = st.text(letters, max_size=20)
names = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True).filter(
    lambda name: name not in {"true", "false", "null"}
)

decimals = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent),
    st.integers(-(10**20), 10**20),
    st.integers(-200, 200),
)
"""Finite numbers within what a budget may be."""

scalars = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | decimals | words


def trees(leaves: st.SearchStrategy[Any] = scalars) -> st.SearchStrategy[Any]:
    """Plain data as a document holds it."""
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
        max_leaves=12,
    )


def anonymity_demands(**more: st.SearchStrategy[Any]) -> st.SearchStrategy[Thresholds]:
    """Demands on the rows of a small table, of every kind that a search keeps; and `more` of them."""
    return st.builds(
        Thresholds,
        k=st.integers(1, 5),
        l=st.none() | st.integers(1, 3),
        entropy_l=st.none() | st.sampled_from([Fraction(1), Fraction(3, 2), Fraction(2)]),
        recursive=st.none()
        | st.builds(RecursiveDiversity, st.sampled_from([Fraction(2), Fraction(5)]), st.integers(1, 2)),
        t=st.none() | st.fractions(0, 1, max_denominator=12),
        alpha=st.none() | st.fractions(Fraction(1, 2), 1, max_denominator=6),
        beta=st.none() | st.fractions(0, 4, max_denominator=4),
        enhanced_beta=st.none() | st.fractions(1, 4, max_denominator=4),
        delta=st.none() | st.fractions(1, 4, max_denominator=4),
        **more,
    )
