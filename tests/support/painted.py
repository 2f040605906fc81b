"""A small picture with one of everything, drawn by hand: no engine is needed to render it."""

from __future__ import annotations

from fractions import Fraction

from gatecli.model.picture import (
    AnonymityPicture,
    ClassGroup,
    ColumnEffect,
    CombinationRisk,
    Mending,
    SensitivePicture,
    SizeBin,
    ValueCount,
    ValueKind,
)


def painted(text: str = "age") -> AnonymityPicture:
    """A picture in which a stranger named the columns and wrote the sensitive values."""
    values = (ValueCount(ValueKind.VALUE, text, 60), ValueCount(ValueKind.OTHER, "", 40))
    groups = tuple(ClassGroup(least, most, 100, values) for least, most in ((1, 4), (5, 9), (10, None)))
    return AnonymityPicture(
        records=100,
        classes=20,
        k=1,
        unique=7,
        floor=5,
        demanded_k=5,
        demanded_l=2,
        counted="records",
        sizes=(SizeBin(1, 4, 15, 20), SizeBin(5, None, 5, 80)),
        columns=(
            ColumnEffect(text, Fraction(0), Fraction(1, 50)),
            ColumnEffect("b", Fraction(1, 7), Fraction(0)),
        ),
        together=CombinationRisk((text, "b"), Fraction(7, 100), Fraction(1, 5), Fraction(9, 10)),
        discovered=(CombinationRisk((text, "b"), Fraction(7, 100), Fraction(1, 5), Fraction(9, 10)),),
        sensitive=(
            SensitivePicture(
                text, is_ordered=False, values=values, groups=groups, diversity=((1, 12), (3, 8))
            ),
        ),
        mendings=(
            Mending(
                text,
                ((text, "5-year bands"), ("b", "*")),
                5,
                12,
                3,
                Fraction(3, 100),
                Fraction(1, 4),
                is_least=True,
            ),
            Mending(text, (), 6, 10, 9, Fraction(9, 100), Fraction(7, 20), is_least=False),
        ),
    )
