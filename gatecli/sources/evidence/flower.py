"""Flower: the state of its privacy accountant, or the rounds that `gatecli.federated` recorded.

The state is `PrivacyAccountant.state_dict()` of Flower 1.42 (schema version 1): events of one sampled
Gaussian each. Its noise multipliers are relative to the clipping norm, as those of Flower's strategies are.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from pydantic import ValidationError

from gatecli.model.federated_evidence import (
    ClientSampling,
    FederatedEvidence,
    FederatedFlaw,
    FederatedRecord,
    FederatedRound,
    FlawedRounds,
    LocalNoise,
)
from gatecli.model.mechanism import DpSgd, Mechanism, Sampling
from gatecli.sources.evidence.federated_rounds import has_lost_clients, read_rounds
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
from gatecli.sources.problems import problems_of

_MEND = "write it by gatecli.evidence.write(accountant, FILE), or record rounds by gatecli.federated"
_SCHEMA_VERSION = 1

_CONFIG = ("target_delta", "population_size", "neighboring_relation", "sampling_method", "max_epsilon")
_EVENT = ("noise_multiplier", "sample_size", "population_size")
_RELATIONS = {
    "poisson": "add-or-remove-one",
    "without-replacement": "replace-one",
    "no-amplification": "add-or-remove-one",
}
"""What Flower's accountant permits: the relation of each way to sample."""

_FIXED_MEAN = (
    "Flower averages a fixed number of clients, so a client that is added takes another's place: read as "
    "rounds of fixed size, which hold under zero-out and replace-one"
)
_METRICS = "clients also sent {names}, without noise: what is published of these is not in the budget"
_LOST = (
    "a client that was drawn did not answer, and nobody knows how many would have: rounds without "
    "amplification by sampling: {count} of them"
)
_UNENDED = "rounds that released nothing cost nothing: {count} of them"


def read(data: object) -> EvidenceReading:
    """Rounds as mechanisms of one client, under zero-out or replace-one."""
    if isinstance(data, Mapping) and "schema" in data:
        return _read_recorded(data)
    return _read_state(data)


def _read_recorded(data: object) -> EvidenceReading:
    try:
        evidence = FederatedEvidence.from_file(data)
    except ValidationError as error:
        first = problems_of(error, data, FederatedEvidence)[0]
        raise Refused(first.message, pointer=first.pointer, mend=_MEND) from None
    mechanisms, found = read_rounds(evidence)
    return EvidenceReading(mechanisms, notes=tuple(_notes(evidence)), federated=found)


def _notes(evidence: FederatedEvidence) -> list[str]:
    names = sorted({name for each in evidence.rounds for name in each.metrics})
    unended = sum(
        each.count
        for each in evidence.rounds
        if not each.released and getattr(each.noise, "place", "") != "local"
    )
    lost = sum(each.count for each in evidence.rounds if _loses_amplification(each, evidence))
    notes = [_METRICS.format(names=", ".join(map(printable, names)))] if names else []
    notes += [_LOST.format(count=lost)] if lost else []
    return [*notes, *([_UNENDED.format(count=unended)] if unended else [])]


def _loses_amplification(each: FederatedRound, evidence: FederatedEvidence) -> bool:
    return (
        each.released
        and evidence.sampling is ClientSampling.FIXED_SIZE
        and each.sampled < each.population
        and has_lost_clients(each, evidence)
        and not isinstance(each.noise, LocalNoise)
    )


def _read_state(data: object) -> EvidenceReading:
    state = record(
        data, (), required=("schema_version", "backend", "config", "compositions"), optional=("orders",)
    )
    if whole(state["schema_version"], ("schema_version",), least=1) != _SCHEMA_VERSION:
        raise Refused(
            f"its schema_version is {state['schema_version']}; {_SCHEMA_VERSION} is known",
            ("schema_version",),
        )
    config = record(state["config"], ("config",), required=_CONFIG)
    method = _sampling_method(config)
    population = whole(config["population_size"], ("config", "population_size"), least=1)
    entries = rows(state["compositions"], ("compositions",))
    if not entries:
        raise Refused(
            "the accountant composed no event, so it records no round", ("compositions",), mend=_MEND
        )
    runs = tuple(
        _run(entry, ("compositions", index), method, population) for index, entry in enumerate(entries)
    )
    return EvidenceReading(runs, notes=(_FIXED_MEAN,), federated=FederatedRecord(None, _flaws(method)))


def _sampling_method(config: Mapping[str, Any]) -> str:
    method, relation = config["sampling_method"], config["neighboring_relation"]
    if not isinstance(method, str) or method not in _RELATIONS:
        known = ", ".join(_RELATIONS)
        raise Refused(
            f"its sampling_method is {printable(method)}; known are {known}", ("config", "sampling_method")
        )
    if relation != _RELATIONS[method]:
        raise Refused(
            f"its neighboring_relation is {printable(relation)}, where {method} has {_RELATIONS[method]}",
            ("config", "neighboring_relation"),
        )
    return method


def _flaws(method: str) -> tuple[FlawedRounds, ...]:
    if method != "poisson":
        return ()
    sentence = (
        "says that each client was drawn by its own coin; Flower's strategies draw a fixed number without "
        "replacement, and are read so"
    )
    return (FlawedRounds(FederatedFlaw.SAMPLING, sentence),)


def _run(entry: object, where: Where, method: str, population: int) -> Mechanism:
    fields = record(entry, where, required=("event", "count"))
    event = record(fields["event"], (*where, "event"), required=_EVENT)
    place = (*where, "event")
    size = whole(event["sample_size"], (*place, "sample_size"), least=1)
    if whole(event["population_size"], (*place, "population_size"), least=1) != population:
        raise Refused("an event is of another population than the accountant", (*place, "population_size"))
    if size > population:
        raise Refused("a sample is larger than the population", (*place, "sample_size"))
    return build_mechanism(
        DpSgd,
        place,
        noise_multiplier=exact(event["noise_multiplier"], (*place, "noise_multiplier")),
        sampling=Sampling.FIXED_SIZE,
        sampling_rate=Fraction(1) if method == "no-amplification" else Fraction(size, population),
        dataset_size=population,
        steps=whole(fields["count"], (*where, "count"), least=1),
    )
