"""What touched the data beside the mechanisms: tuning and preprocessing."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.checks.release.declaration import PRIVACY
from gatecli.checks.release.interface import ReleaseContext, finding_at
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.release import ReleaseSubject

NONPRIVATE_TUNING = Rule(
    "dp-nonprivate-hyperparameter-tuning", Severity.ERROR, "Tuning runs on the data are not in the budget"
)
NONPRIVATE_PREPROCESSING = Rule(
    "dp-nonprivate-preprocessing", Severity.ERROR, "Data-dependent preprocessing is not in the budget"
)
UNSTATED_TUNING = Rule(
    "dp-unstated-tuning", Severity.NOTE, "A claim does not say whether tuning used the data"
)
UNSTATED_PREPROCESSING = Rule(
    "dp-unstated-preprocessing", Severity.NOTE, "A claim does not say whether preprocessing used the data"
)

TUNING = f"{PRIVACY}/tuning"
PREPROCESSING = f"{PRIVACY}/preprocessing"


def find_tuning(subject: ReleaseSubject, _context: ReleaseContext) -> Iterator[Finding]:
    """Every run on the data spends budget, also one whose model was thrown away."""
    claim = subject.release.claim
    if claim is None:
        return
    if claim.tuning is None:
        yield finding_at(
            UNSTATED_TUNING,
            subject,
            TUNING,
            "does not say whether hyper-parameters were tuned on the data",
            "declare spec.privacy.tuning: {runs: 0, accounted: true}, or the number of runs and whether "
            "mechanisms compose them",
        )
    elif claim.tuning.runs and not claim.tuning.accounted:
        yield finding_at(
            NONPRIVATE_TUNING,
            subject,
            TUNING,
            f"{claim.tuning.runs} tuning runs on the data are not accounted for in epsilon",
            "add the runs to spec.privacy.mechanisms, raise epsilon to what they cost together and set "
            "tuning.accounted: true; or tune on public data and set tuning.runs: 0",
            about=str(claim.tuning.runs),
        )


def find_preprocessing(subject: ReleaseSubject, _context: ReleaseContext) -> Iterator[Finding]:
    """A vocabulary, a scaling or an imputation fitted on the data is an output of the data."""
    claim = subject.release.claim
    if claim is None:
        return
    if claim.preprocessing is None:
        yield finding_at(
            UNSTATED_PREPROCESSING,
            subject,
            PREPROCESSING,
            "does not say whether anything before training was computed from the data",
            "declare spec.privacy.preprocessing: {dataDependent: false}, or dataDependent: true and whether "
            "mechanisms compose it",
        )
    elif claim.preprocessing.data_dependent and not claim.preprocessing.accounted:
        what = claim.preprocessing.description or "preprocessing"
        yield finding_at(
            NONPRIVATE_PREPROCESSING,
            subject,
            PREPROCESSING,
            f"{what} was computed from the data and is not accounted for in epsilon",
            "compute it with a mechanism that is listed in spec.privacy.mechanisms and set accounted: true, "
            "or compute it from public data and set dataDependent: false",
            about=what,
        )
