"""What was run, as it counts for a claim: evidence by what it is relative to, and all runs of a tuning.

A file of evidence records parameters; what they mean depends on what the file often cannot say: the
relation that a budget holds under, the sensitivity that a noise multiplier is a multiple of, how batches
were drawn. Where nothing says it, the reading that costs more holds, or none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from gatecli.model.budget import Neighbouring
from gatecli.model.federated_evidence import FederatedFlaw
from gatecli.model.mechanism import (
    AboveThreshold,
    Approximate,
    Composed,
    DiscreteLaplace,
    DpFtrl,
    DpSgd,
    Exponential,
    Gaussian,
    GaussianDp,
    Laplace,
    Mechanism,
    Parallel,
    Pure,
    Renyi,
    RepeatAndSelect,
    ReportNoisyMax,
    Sampling,
    Subsampled,
    Unaccountable,
    ZeroConcentrated,
)
from gatecli.model.release import Evidence, EvidenceFormat, ModelRelease, Privacy

BLACK_BOXES = (
    AboveThreshold,
    Approximate,
    Exponential,
    GaussianDp,
    Pure,
    Renyi,
    ReportNoisyMax,
    ZeroConcentrated,
)
"""Mechanisms that are known by their budget alone."""

ADD_REMOVE, REPLACE_ONE = Neighbouring.ADD_REMOVE, Neighbouring.REPLACE_ONE

Change = Callable[[Mechanism], Mechanism]


def inside(mechanism: Mechanism) -> tuple[Mechanism, ...]:
    """The mechanisms that one is directly made of."""
    match mechanism:
        case Composed(mechanisms=parts) | Parallel(partitions=parts):
            return parts
        case Subsampled(mechanism=inner) | RepeatAndSelect(mechanism=inner):
            return (inner,)
        case _:
            return ()


def leaves(mechanism: Mechanism) -> Iterator[Mechanism]:
    """The mechanisms that a tree of compositions is made of."""
    parts = inside(mechanism)
    if not parts:
        yield mechanism
    for part in parts:
        yield from leaves(part)


def kinds(mechanism: Mechanism) -> frozenset[str]:
    """The kinds of the parts of a mechanism; DP-SGD is sampled Gaussian noise, and counts as such."""
    return frozenset("gaussian" if leaf.kind == "dp-sgd" else leaf.kind for leaf in leaves(mechanism))


def kinds_of(mechanisms: Iterable[Mechanism]) -> frozenset[str]:
    """The kinds of the parts of several."""
    return frozenset(kind for mechanism in mechanisms for kind in kinds(mechanism))


def change_leaves(mechanism: Mechanism, change: Change) -> Mechanism:
    """The mechanism with `change` made to each leaf of it."""
    parts = tuple(change_leaves(part, change) for part in inside(mechanism))
    return _made_of(mechanism, parts) if parts else change(mechanism)


def declared_work(claim: Privacy) -> tuple[Mechanism, ...]:
    """The declared mechanisms as they count."""
    return select_run(claim, in_sequence(claim.mechanisms))


def in_sequence(mechanisms: Iterable[Mechanism]) -> tuple[Mechanism, ...]:
    """The mechanisms with parts in sequence that nothing says are disjoint."""
    return tuple(map(_in_sequence, mechanisms))


def _in_sequence(mechanism: Mechanism) -> Mechanism:
    parts = in_sequence(inside(mechanism))
    match mechanism:
        case Parallel(column=None):
            return Composed(
                mechanisms=parts,
                name=mechanism.name,
                count=mechanism.count,
                neighbouring=mechanism.neighbouring,
            )
        case _:
            return _made_of(mechanism, parts)


def _made_of(mechanism: Mechanism, parts: tuple[Mechanism, ...]) -> Mechanism:
    match mechanism:
        case Composed():
            return mechanism.model_copy(update={"mechanisms": parts})
        case Parallel():
            return mechanism.model_copy(update={"partitions": parts})
        case Subsampled() | RepeatAndSelect():
            return mechanism.model_copy(update={"mechanism": parts[0]})
        case _:
            return mechanism


def select_run(claim: Privacy, mechanisms: tuple[Mechanism, ...]) -> tuple[Mechanism, ...]:
    """The mechanisms of one run, repeated as the declared selection says."""
    selection = claim.tuning.selection if claim.tuning else None
    if selection is None or not mechanisms or any(map(has_selection, mechanisms)):
        return mechanisms
    run = mechanisms[0] if len(mechanisms) == 1 else Composed(mechanisms=mechanisms)
    return (RepeatAndSelect(selection=selection, mechanism=run),)


def has_selection(mechanism: Mechanism) -> bool:
    """Whether a mechanism accounts for a random number of runs."""
    return isinstance(mechanism, RepeatAndSelect) or any(map(has_selection, inside(mechanism)))


def relation_of(evidence: Evidence) -> Neighbouring | None:
    """The relation that the file, its format or the declaration states; None where nothing does."""
    return evidence.neighbouring or evidence.reference.neighbouring


def sensitivity_of(evidence: Evidence) -> Neighbouring | None:
    """The relation of what noise multipliers are relative to, by the file or the declaration."""
    return evidence.sensitivity or evidence.reference.sensitivity


def is_of_unknown_relation(evidence: Evidence, mechanism: Mechanism) -> bool:
    """Whether it is a budget that nothing gives a relation."""
    stated = mechanism.neighbouring or relation_of(evidence)
    return stated is None and any(isinstance(leaf, BLACK_BOXES) for leaf in leaves(mechanism))


def is_declared_poisson(evidence: Evidence) -> bool:
    """Whether the declaration says, as the file does, that clients of Flower were drawn by coins."""
    return (
        evidence.reference.format is EvidenceFormat.FLOWER
        and evidence.reference.sampling is Sampling.POISSON
        and evidence.federated is not None
        and any(each.flaw is FederatedFlaw.SAMPLING for each in evidence.federated.flaws)
    )


def is_kept_in_place(evidence: Evidence, release: ModelRelease) -> bool:
    """Whether TF-Privacy's add-or-remove-one is meant: every other example stays in its batch."""
    return release.claim is not None and _is_in_place(evidence, release.claim.neighbouring)


def _is_in_place(evidence: Evidence, neighbouring: Neighbouring | None) -> bool:
    return (
        evidence.reference.format is EvidenceFormat.TF_PRIVACY
        and neighbouring is ADD_REMOVE
        and any(
            isinstance(leaf, DpSgd) and leaf.sampling is Sampling.SHUFFLE
            for mechanism in evidence.mechanisms
            for leaf in leaves(mechanism)
        )
    )


def recorded_work(evidence: Evidence, release: ModelRelease) -> Iterator[Mechanism]:
    """The mechanisms of a file as they count for the release's claim."""
    claim = release.claim
    if claim is not None and claim.neighbouring is not None:
        sizes = [dataset.records for dataset in release.spec.datasets if dataset.records]
        yield from work_under(evidence, claim.neighbouring, sizes)


def work_under(evidence: Evidence, neighbouring: Neighbouring, sizes: Sequence[int]) -> Iterator[Mechanism]:
    """The mechanisms of a file as they count under a relation; `sizes` are the records of the datasets."""
    in_place = _is_in_place(evidence, neighbouring)
    for mechanism in evidence.mechanisms:
        if neighbouring is not ADD_REMOVE and is_of_unknown_relation(evidence, mechanism):
            yield _of_unknown_relation(evidence)
            continue
        stated = mechanism.neighbouring or relation_of(evidence)
        read = change_leaves(mechanism, lambda leaf: _relative(leaf, evidence, neighbouring))
        if evidence.reference.format is EvidenceFormat.OPACUS:
            read = change_leaves(read, lambda leaf: _as_sampled(leaf, evidence.reference.sampling, sizes))
        if is_declared_poisson(evidence):
            read = change_leaves(read, _by_coins)
        if in_place:
            read = change_leaves(read, _in_place)
        yield read if read.neighbouring else read.model_copy(update={"neighbouring": stated})


def _of_unknown_relation(evidence: Evidence) -> Unaccountable:
    return Unaccountable(
        description=f"a budget in {evidence.reference.path} whose neighbouring relation nothing states"
    )


def _relative(leaf: Mechanism, evidence: Evidence, target: Neighbouring | None) -> Mechanism:
    """A mechanism of dp-accounting by what its noise multiplier is relative to.

    Unstated, that is what one unit adds: the reading that costs more where units are replaced.
    """
    if evidence.reference.format is not EvidenceFormat.DP_ACCOUNTING:
        return leaf
    stated = sensitivity_of(evidence)
    match leaf:
        case Gaussian() | Laplace() | DiscreteLaplace():
            relation = stated or leaf.neighbouring or relation_of(evidence)
            if stated is None and target is REPLACE_ONE and relation in {None, REPLACE_ONE}:
                relation = ADD_REMOVE
            return leaf.model_copy(update={"neighbouring": relation})
        case DpSgd() | DpFtrl() if stated is REPLACE_ONE and target is REPLACE_ONE:
            # A clipped sum moves by two clipping norms, which its own multiplier is relative to one of.
            return leaf.model_copy(update={"noise_multiplier": 2 * leaf.noise_multiplier})
        case _:
            return leaf


def _as_sampled(leaf: Mechanism, sampling: Sampling | None, sizes: Sequence[int]) -> Mechanism:
    """An Opacus run with its batches drawn as the declaration says; Opacus writes all as Poisson."""
    if not isinstance(leaf, DpSgd) or sampling is None:
        return leaf
    match sampling:
        case Sampling.POISSON:
            return leaf
        case Sampling.SHUFFLE:
            epochs = math.ceil(leaf.steps * leaf.sampling_rate)
            return _as_drawn(leaf, sampling=sampling, epochs=epochs)
        case Sampling.FIXED_SIZE:
            if len(sizes) != 1:
                return Unaccountable(
                    description="batches of a fixed size from data of unknown size (give its records)"
                )
            return _as_drawn(leaf, sampling=sampling, dataset_size=sizes[0])


def _as_drawn(run: DpSgd, **drawn: Any) -> DpSgd:
    return run.model_copy(update=drawn)


def _by_coins(leaf: Mechanism) -> Mechanism:
    return _as_drawn(leaf, sampling=Sampling.POISSON) if isinstance(leaf, DpSgd) else leaf


def _in_place(leaf: Mechanism) -> Mechanism:
    """Every example once an epoch, in a batch that no other example leaves: one Gaussian an epoch."""
    if not isinstance(leaf, DpSgd) or leaf.sampling is not Sampling.SHUFFLE:
        return leaf
    batches = math.ceil(Fraction(1) / leaf.sampling_rate)
    passes = max(leaf.epochs or 1, -(-leaf.steps // batches))
    return Gaussian(noise_multiplier=leaf.noise_multiplier, count=passes * leaf.count)
