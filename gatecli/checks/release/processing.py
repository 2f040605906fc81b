"""What touched the data beside the mechanisms: tuning and preprocessing, which are only words until they
are there; and parts that are only said to be disjoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gatecli.accounting.selection import tail
from gatecli.checks.release.declaration import PRIVACY
from gatecli.checks.release.interface import ReleaseContext, finding_at
from gatecli.checks.release.recorded_work import has_selection, inside, leaves
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.identity import identity_of
from gatecli.model.mechanism import DpFtrl, DpSgd, Mechanism, Parallel, RepeatAndSelect, RunSelection
from gatecli.model.number import show
from gatecli.model.release import Preprocessing, Privacy, ReleaseSubject, Tuning

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
UNSTATED_PARTITION = Rule(
    "dp-unstated-partition", Severity.WARNING, "Parallel parts name no column that they are disjoint in"
)

TUNING = f"{PRIVACY}/tuning"
PREPROCESSING = f"{PRIVACY}/preprocessing"

UNLIKELY = 1e-6
"""A number of runs that a distribution gives less often than this was not drawn from it."""


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
    elif problem := _why_unaccounted(claim.tuning, _work(subject)):
        yield finding_at(
            NONPRIVATE_TUNING,
            subject,
            TUNING,
            problem,
            "add the runs to spec.privacy.mechanisms, raise epsilon to what they cost together and set "
            "tuning.accounted: true; or draw their number at random and declare tuning.selection; or tune on "
            "public data and set tuning.runs: 0",
            about=f"{claim.tuning.runs}\0{claim.tuning.accounted}",
        )


def _work(subject: ReleaseSubject) -> tuple[Mechanism, ...]:
    """What was run: as declared, else as recorded."""
    declared = subject.release.claim.mechanisms if subject.release.claim else ()
    return declared or tuple(each for evidence in subject.evidence for each in evidence.mechanisms)


def _why_unaccounted(tuning: Tuning, work: Sequence[Mechanism]) -> str:
    """Why runs are not in the budget; "" where they are."""
    if not tuning.runs:
        return ""
    if not tuning.accounted:
        return f"{tuning.runs} tuning runs on the data are not accounted for in epsilon"
    chosen = tuning.selection or next(filter(None, map(_selection, work)), None)
    if chosen is not None:
        return _undrawn(tuning.runs, chosen)
    there = sum(_runs(mechanism, work) for mechanism in work)
    if there >= tuning.runs:
        return ""
    return f"says that {tuning.runs} tuning runs are accounted for, and describes {there}"


def _selection(mechanism: Mechanism) -> RunSelection | None:
    if not has_selection(mechanism):
        return None
    if isinstance(mechanism, RepeatAndSelect):
        return mechanism.selection
    return next(filter(None, map(_selection, inside(mechanism))), None)


def _undrawn(runs: int, chosen: RunSelection) -> str:
    shape = None if chosen.distribution == "poisson" else chosen.shape
    if tail(shape, chosen.mean, runs) >= UNLIKELY:
        return ""
    return (
        f"says that {runs} tuning runs were drawn at random, {show(chosen.mean)} in the mean, which does not "
        "happen"
    )


def _runs(mechanism: Mechanism, work: Sequence[Mechanism]) -> int:
    """How many runs of training a mechanism is; of anything, where nothing is training."""
    training = any(isinstance(leaf, DpSgd | DpFtrl) for each in work for leaf in leaves(each))
    parts = [_runs(part, work) for part in inside(mechanism)]
    match mechanism:
        case Parallel():
            return mechanism.count * max(parts)
        case _ if parts:
            return mechanism.count * sum(parts)
        case DpSgd() | DpFtrl():
            return mechanism.count
        case _:
            return 0 if training else mechanism.count


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
    elif claim.preprocessing.data_dependent and (
        problem := _why_uncounted(claim, claim.preprocessing, subject)
    ):
        what = claim.preprocessing.description or "preprocessing"
        yield finding_at(
            NONPRIVATE_PREPROCESSING,
            subject,
            PREPROCESSING,
            f"{what} was computed from the data and {problem}",
            "compute it with a mechanism that is listed in spec.privacy.mechanisms, name it under "
            "preprocessing.mechanism and set accounted: true, or compute it from public data and set "
            "dataDependent: false",
            about=what,
        )


def _why_uncounted(claim: Privacy, preprocessing: Preprocessing, subject: ReleaseSubject) -> str:
    """Why preprocessing is not in the budget; "" where it is."""
    if not preprocessing.accounted:
        return "is not accounted for in epsilon"
    if preprocessing.mechanism is not None:
        names = {identity_of(each.name) for each in claim.mechanisms if each.name is not None}
        known = identity_of(preprocessing.mechanism) in names
        return "" if known else f"no mechanism has the name {preprocessing.mechanism} that it is said to have"
    parts = [leaf for mechanism in _work(subject) for leaf in leaves(mechanism)]
    if all(isinstance(leaf, DpSgd | DpFtrl) for leaf in parts):
        return "is said to be accounted for, and no mechanism but the training is described"
    return ""


def find_unstated_partitions(subject: ReleaseSubject, _context: ReleaseContext) -> Iterator[Finding]:
    """Parts that overlap cost together: only a public column tells that nobody is in two of them."""
    claim = subject.release.claim
    for number, mechanism in enumerate(claim.mechanisms if claim else ()):
        if _is_unstated(mechanism):
            yield finding_at(
                UNSTATED_PARTITION,
                subject,
                f"{PRIVACY}/mechanisms/{number}",
                "has parallel parts that name no column they are disjoint in, and are counted in sequence",
                "add column: the public attribute whose value decides which part a unit is in; samples of "
                "the same data are not disjoint",
            )


def _is_unstated(mechanism: Mechanism) -> bool:
    unstated = isinstance(mechanism, Parallel) and mechanism.column is None
    return unstated or any(map(_is_unstated, inside(mechanism)))
