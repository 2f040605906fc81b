"""Opacus: the history of a privacy accountant, however the run saved it (accountants.py)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from gatecli.model.budget import Neighbouring
from gatecli.model.mechanism import DpSgd, Mechanism, Sampling, Unaccountable
from gatecli.model.number import show
from gatecli.sources.evidence.accountants import MECHANISM, AccountantState, containers, one_state
from gatecli.sources.evidence.pickle_data import Instance, attributes
from gatecli.sources.evidence.reading import (
    EvidenceReading,
    Refused,
    Where,
    build_mechanism,
    exact,
    rows,
    whole,
)
from gatecli.sources.evidence.run_log import is_log, states_of_runs
from gatecli.sources.positioned_tree import printable

_POISSON = "poisson_sampling"
"""The argument of `PrivacyEngine.make_private`; a run's settings are often saved beside its accountant."""

_SAMPLING_NOTE = (
    "Opacus records every batch as Poisson sampled; that holds only where the data loader was made "
    "with poisson_sampling=True"
)
_SHUFFLED_NOTE = (
    "the file says poisson_sampling: false, so the run is read as shuffled: every record once an epoch"
)
_GDP_NOTE = (
    "the run used Opacus' GDP accountant, whose ε is a central-limit approximation that understates; "
    "only its history of steps is used"
)
_NOTES: dict[object, tuple[str, ...]] = {None: (), "rdp": (), "prv": (), "gdp": (_GDP_NOTE,)}
_NEARLY = Fraction(1, 10**9)
"""A sampling rate is one over a number of batches, rounded: so many epochs more or less are none."""


def read(data: object) -> EvidenceReading:
    """Every history entry as a DP-SGD run under add-remove.

    A run without noise, or of sampling rate 0, is unaccountable and never free.
    """
    states = _states(data)
    if not states:
        raise Refused(
            "it holds no privacy accountant of Opacus",
            mend="write it by gatecli.evidence.write(privacy_engine, FILE)",
        )
    sampling = Sampling.SHUFFLE if _is_shuffled(data) else Sampling.POISSON
    runs = tuple(run for state in states for run in _runs(state, sampling))
    notes = [note for state in states for note in _notes(state)]
    notes.insert(0, _SAMPLING_NOTE if sampling is Sampling.POISSON else _SHUFFLED_NOTE)
    if len(states) > 1:
        notes.append(f"the log holds {len(states)} runs, and all of them count")
    return EvidenceReading(runs, neighbouring=Neighbouring.ADD_REMOVE, notes=tuple(dict.fromkeys(notes)))


def _states(data: object) -> list[AccountantState]:
    if isinstance(data, list) and is_log(data):
        return states_of_runs(data)
    state = one_state(data)
    return [] if state is None else [state]


def _is_shuffled(data: object) -> bool:
    """Whether the file says anywhere that batches were not Poisson sampled."""
    held = ((attributes(value) if isinstance(value, Instance) else value) for value, _ in containers(data))
    return any(isinstance(value, Mapping) and value.get(_POISSON) is False for value in held)


def _notes(state: AccountantState) -> tuple[str, ...]:
    beside = ", ".join(state.beside[:8])
    return (*_NOTES[_mechanism(state)], *([f"beside the history stand {beside}: not read"] if beside else []))


def _mechanism(state: AccountantState) -> str | None:
    name = state.mechanism
    if name is not None and (not isinstance(name, str) or name not in _NOTES):
        known = ", ".join(sorted(str(key) for key in _NOTES if key))
        raise Refused(
            f"the accountant's mechanism is {printable(name)}; known are {known}",
            (*state.where[:-1], MECHANISM),
        )
    return name


def _runs(state: AccountantState, sampling: Sampling) -> tuple[Mechanism, ...]:
    entries = rows(state.history, state.where)
    if not entries:
        raise Refused("the accountant's history is empty, so it records no step", state.where)
    return tuple(_run(entry, (*state.where, index), sampling) for index, entry in enumerate(entries))


def _run(entry: object, where: Where, sampling: Sampling) -> Mechanism:
    noise, rate, steps = rows(entry, where, width=3)
    sigma, probability = exact(noise, (*where, 0)), exact(rate, (*where, 1))
    count = whole(steps, (*where, 2), least=1)
    if 0 in (sigma, probability):
        return Unaccountable(
            description=f"{count} steps of DP-SGD with noise multiplier {show(sigma)} and "
            f"sampling rate {show(probability)}"
        )
    passes = {} if sampling is Sampling.POISSON else {"epochs": math.ceil(count * probability - _NEARLY)}
    return build_mechanism(
        DpSgd,
        where,
        noise_multiplier=sigma,
        sampling_rate=probability,
        steps=count,
        sampling=sampling,
        **passes,
    )
