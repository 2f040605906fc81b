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
class Loss:
    """What a proposal costs; rows it suppresses count as lost altogether.

    `generalised` is the loss metric of Iyengar ("Transforming Data to Satisfy Privacy Constraints", KDD
    2002) averaged over all cells, 0 … 1. `certainty` is the normalised certainty penalty of Xu et al.
    ("Utility-Based Anonymization Using Local Recoding", KDD 2006), averaged likewise. `entropy` is
    non-uniform entropy (Gionis and Tassa, "k-Anonymization with Minimal Loss of Information", IEEE TKDE
    21(2), 2009) as a share of what there is to lose. `discernibility` is Σ |class|² + suppressed · rows
    (Bayardo and Agrawal, "Data Privacy through Optimal k-Anonymization", ICDE 2005). `average_class` is
    C_AVG, (rows ÷ classes) ÷ k of what remains (LeFevre et al., "Mondrian", ICDE 2006), k as demanded.
    """

    generalised: float
    certainty: float
    entropy: float
    discernibility: int
    average_class: Fraction


@dataclass(frozen=True, slots=True)
class SearchTerms:
    """The largest share of rows to suppress, what the search makes small, how much work it may do, as a
    multiple of the usual, whether single cells may be suppressed, and whether rows may be recoded locally.
    """

    max_suppression: Fraction = Fraction(1, 20)
    loss: LossMetric = LossMetric.GENERALISED
    effort: Fraction = Fraction(1)
    cells: bool = False
    local: bool = False
