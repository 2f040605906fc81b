"""Opacus: the state of a privacy accountant, as JSON or inside a checkpoint.

`accountant.state_dict()` is {"history": [[noise multiplier, sample rate, steps], …], "mechanism":
"rdp" | "gdp" | "prv"} (opacus/accountants/accountant.py, version 1.6);
`PrivacyEngine.save_checkpoint` keeps it under "privacy_accountant_state_dict".
"""

from __future__ import annotations

from collections.abc import Mapping

from gatecli.model.budget import Neighbouring
from gatecli.model.mechanism import DpSgd, Mechanism, Unaccountable
from gatecli.model.number import show
from gatecli.sources.evidence.reading import (
    EvidenceReading,
    Refused,
    Where,
    build_mechanism,
    exact,
    record,
    rows,
    whole,
)
from gatecli.sources.positioned_tree import printable

STATE = "privacy_accountant_state_dict"

_BESIDE_STATE = (
    "module_state_dict",
    "optimizer_state_dict",
    "noise_scheduler_state_dict",
    "grad_clip_scheduler_state_dict",
    "epoch",
)

_SAMPLING_NOTE = (
    "Opacus records every batch as Poisson sampled; that holds only where the data loader was made "
    "with poisson_sampling=True"
)
_GDP_NOTE = (
    "the run used Opacus' GDP accountant, whose ε is a central-limit approximation that understates; "
    "only its history of steps is used"
)
_NOTES = {"rdp": (), "prv": (), "gdp": (_GDP_NOTE,)}


def read(data: object) -> EvidenceReading:
    """Every history entry as a DP-SGD run under add-remove.

    A run without noise, or of sampling rate 0, is unaccountable and never free.
    """
    state, where = _state(data)
    entries = rows(state["history"], (*where, "history"))
    if not entries:
        raise Refused("the accountant's history is empty, so it records no step", (*where, "history"))
    mechanism = state["mechanism"]
    if not isinstance(mechanism, str) or mechanism not in _NOTES:
        raise Refused(
            f"the accountant's mechanism is {printable(mechanism)}; known are {', '.join(sorted(_NOTES))}",
            (*where, "mechanism"),
        )
    runs = tuple(_run(entry, (*where, "history", index)) for index, entry in enumerate(entries))
    return EvidenceReading(
        runs, neighbouring=Neighbouring.ADD_REMOVE, notes=(_SAMPLING_NOTE, *_NOTES[mechanism])
    )


def _state(data: object) -> tuple[Mapping[str, object], Where]:
    where: Where = ()
    if isinstance(data, Mapping) and STATE in data:
        data = record(data, (), required=(STATE,), optional=_BESIDE_STATE)[STATE]
        where = (STATE,)
    return record(data, where, required=("history", "mechanism")), where


def _run(entry: object, where: Where) -> Mechanism:
    noise, rate, steps = rows(entry, where, width=3)
    sigma, probability = exact(noise, (*where, 0)), exact(rate, (*where, 1))
    count = whole(steps, (*where, 2), least=1)
    if 0 in (sigma, probability):
        return Unaccountable(
            description=f"{count} steps of DP-SGD with noise multiplier {show(sigma)} and "
            f"sampling rate {show(probability)}"
        )
    return build_mechanism(DpSgd, where, noise_multiplier=sigma, sampling_rate=probability, steps=count)
