"""TensorFlow Privacy: the parameters of its privacy statement as JSON, or the printed statement.

Source: `compute_dp_sgd_privacy_statement` in compute_dp_sgd_privacy_lib.py of tensorflow-privacy 0.9.
It prints two figures: one that holds in any data order, and one that assumes Poisson sampling.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.mechanism import DpSgd, Mechanism, Sampling, Unaccountable
from gatecli.sources.evidence.reading import EvidenceReading, Refused, build_mechanism, exact, record, whole
from gatecli.sources.positioned_tree import printable

_REQUIRED = ("number_of_examples", "batch_size", "num_epochs", "noise_multiplier")
_OPTIONAL = ("delta", "used_microbatching", "max_examples_per_user", "accountant_type", "sampling")

_RUN = re.compile(
    r"DP-SGD performed over (?P<number_of_examples>[0-9]+) examples with (?P<batch_size>[0-9]+) examples per "
    r"iteration, noise multiplier (?P<noise_multiplier>[0-9.e+-]+) for (?P<num_epochs>[0-9.e+-]+) epochs "
    r"(?P<microbatching>with|without) microbatching, and "
    r"(?:no bound on number of|at most (?P<max_examples_per_user>[0-9]+)) examples per user\."
)
_GUARANTEE = re.compile(
    r"Example-level DP with add-or-remove-one adjacency at delta = (?P<delta>[0-9.e+-]+) computed with "
    r"(?:RDP|PLD) accounting: Epsilon with each example occurring once per epoch: (?P<epsilon>[0-9.]+) "
    r"Epsilon assuming Poisson sampling \(\*\): "
)

_SHUFFLED_NOTE = (
    "the figure for every example once an epoch is used, since nothing says that batches were Poisson "
    'sampled; if they were, give the parameters as JSON with "sampling": "poisson"'
)
_MICROBATCH_NOTE = (
    "microbatching doubles the sensitivity, so half the noise multiplier counts (arXiv:2303.00654, 5.6)"
)


def read(data: object) -> EvidenceReading:
    """One DP-SGD run under add-remove: shuffled, unless the parameters say "sampling": "poisson"."""
    if isinstance(data, str):
        return _statement(data)
    return _reading(record(data, (), required=_REQUIRED, optional=_OPTIONAL))


def _statement(text: str) -> EvidenceReading:
    """The numbers of a printed statement; its ε is printed to three decimals."""
    joined = re.sub(r"-\s+", "-", text)
    flat = " ".join(joined.split())
    runs, guarantees = list(_RUN.finditer(flat)), list(_GUARANTEE.finditer(flat))
    if len(runs) != 1 or len(guarantees) != 1:
        raise Refused("the text is not one privacy statement as TensorFlow Privacy 0.9 prints it")
    found = runs[0].groupdict()
    parameters: dict[str, Any] = {key: _printed_value(found[key]) for key in _REQUIRED}
    parameters["used_microbatching"] = found["microbatching"] == "with"
    if found["max_examples_per_user"] is not None:
        parameters["max_examples_per_user"] = _printed_value(found["max_examples_per_user"])
    return _reading(parameters, _stated_budget(guarantees[0]))


def _printed_value(text: str) -> int | Decimal | str:
    return int(text) if text.isdigit() and len(text) < 20 else text


def _stated_budget(guarantee: re.Match[str]) -> Budget:
    epsilon, delta = exact(guarantee["epsilon"], ()), exact(guarantee["delta"], ())
    if not 0 <= delta < 1:
        raise Refused("the statement's delta is not a probability below 1")
    return Budget(epsilon, delta)


def _reading(fields: Mapping[str, Any], stated: Budget | None = None) -> EvidenceReading:
    microbatched = _flag(fields)
    sampling = _sampling(fields)
    notes = [_MICROBATCH_NOTE] * microbatched + [_SHUFFLED_NOTE] * (sampling is Sampling.SHUFFLE)
    bound = fields.get("max_examples_per_user")
    if bound is not None:
        most = whole(bound, ("max_examples_per_user",), least=1)
        notes.append(
            f"the run bounds a user to {most} examples; a claim per user needs maxContributions: {most}"
        )
    noise = exact(fields["noise_multiplier"], ("noise_multiplier",)) / (2 if microbatched else 1)
    run = _run(fields, noise, sampling)
    return EvidenceReading((run,), stated, Neighbouring.ADD_REMOVE, tuple(notes))


def _flag(fields: Mapping[str, Any]) -> bool:
    """Microbatching counts as used unless it is denied, as in the library."""
    used = fields.get("used_microbatching", True)
    if not isinstance(used, bool):
        raise Refused(
            f"used_microbatching is {printable(used)} where true or false is meant", ("used_microbatching",)
        )
    return used


def _sampling(fields: Mapping[str, Any]) -> Sampling:
    name = fields.get("sampling", Sampling.SHUFFLE.value)
    if name not in (Sampling.SHUFFLE.value, Sampling.POISSON.value):
        raise Refused(f"sampling is {printable(name)}; known are poisson and shuffle", ("sampling",))
    return Sampling(name)


def _run(fields: Mapping[str, Any], noise: Fraction, sampling: Sampling) -> Mechanism:
    examples = whole(fields["number_of_examples"], ("number_of_examples",), least=1)
    rate = Fraction(whole(fields["batch_size"], ("batch_size",), least=1), examples)
    epochs = exact(fields["num_epochs"], ("num_epochs",))
    if noise == 0:
        return Unaccountable(description="DP-SGD with noise multiplier 0")
    passes = {"epochs": math.ceil(epochs)} if sampling is Sampling.SHUFFLE else {}
    return build_mechanism(
        DpSgd,
        (),
        noise_multiplier=noise,
        sampling_rate=rate,
        steps=math.ceil(epochs / rate),
        sampling=sampling,
        dataset_size=examples,
        **passes,
    )
