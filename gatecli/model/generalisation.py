"""What a search for a generalisation is asked, beside the thresholds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class LossMetric(StrEnum):
    """What a search makes small; `gatecli.anonymity.search.loss` has the definitions and their sources."""

    GENERALISED = "generalised"
    CERTAINTY = "certainty"
    ENTROPY = "entropy"
    DISCERNIBILITY = "discernibility"
    AVERAGE_CLASS = "average-class"


@dataclass(frozen=True, slots=True)
class SearchTerms:
    """The largest share of rows to suppress, what the search makes small, and how much work it may do, as a
    multiple of the usual.
    """

    max_suppression: Fraction = Fraction(1, 20)
    loss: LossMetric = LossMetric.GENERALISED
    effort: Fraction = Fraction(1)
