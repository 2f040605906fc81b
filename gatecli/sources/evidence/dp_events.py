"""dp-accounting: a tree of DpEvents as JSON.

An event is an object with the fields of `DpEvent.to_named_tuple` (dp_accounting/dp_event.py, version
0.6): `class_name`, optionally `module_name`, and the event's own fields. Events are found in the table
below and nowhere else; `from_named_tuple`, which imports by name, is never called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from gatecli.model.budget import Neighbouring
from gatecli.model.mechanism import (
    Composed,
    DiscreteLaplace,
    DpFtrl,
    DpSgd,
    Gaussian,
    Laplace,
    Mechanism,
    RandomisedResponse,
    RepeatAndSelect,
    RunSelection,
    Sampling,
    Subsampled,
    Unaccountable,
    ZeroConcentrated,
)
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

_MODULE = "dp_accounting.dp_event"
_NAMES_LOST = "json.dump writes to_named_tuple() as a list; write it by gatecli.evidence.write(event, FILE)"
_HEAD = ("class_name", "module_name")

_RELATIONS = {
    "ADD_OR_REMOVE_ONE": Neighbouring.ADD_REMOVE,
    "REPLACE_ONE": Neighbouring.REPLACE_ONE,
    "REPLACE_SPECIAL": Neighbouring.ZERO_OUT,
    **{relation.value: relation for relation in Neighbouring},
}
_RELATION_KEYS = ("neighboring_relation", "neighboring", "neighbouring")

Run = tuple[Mechanism, ...]


def read(data: object) -> EvidenceReading:
    """The event, or {"event": …, "neighboring_relation": a name of dp-accounting's enum, "sensitivity": …}.

    `sensitivity` (`add-remove` or `replace-one`) is the relation of what noise multipliers are relative to.
    """
    relation = sensitivity = None
    where: Where = ()
    if isinstance(data, Mapping) and "event" in data and "class_name" not in data:
        wrapper = record(data, (), required=("event",), optional=(*_RELATION_KEYS, "sensitivity"))
        relation = _relation(wrapper)
        sensitivity = _sensitivity(wrapper.get("sensitivity"))
        data, where = wrapper["event"], ("event",)
    mechanisms = _event(data, where)
    if not mechanisms:
        raise Refused("the event tree applies no mechanism, so it records no run", where)
    return EvidenceReading(mechanisms, neighbouring=relation, sensitivity=sensitivity)


def _sensitivity(name: object) -> Neighbouring | None:
    known = (Neighbouring.ADD_REMOVE, Neighbouring.REPLACE_ONE)
    if name is None:
        return None
    if not isinstance(name, str) or name not in known:
        raise Refused(f"sensitivity is {printable(name)}; known are {' and '.join(known)}", ("sensitivity",))
    return Neighbouring(name)


def _relation(wrapper: Mapping[str, Any]) -> Neighbouring | None:
    given = {key: wrapper[key] for key in _RELATION_KEYS if wrapper.get(key) is not None}
    if len(given) > 1:
        raise Refused(f"it gives the relation more than once: {', '.join(given)}")
    for key, name in given.items():
        if not isinstance(name, str) or name not in _RELATIONS:
            known = ", ".join(_RELATIONS)
            raise Refused(f"the relation {printable(name)} is unknown; known are {known}", (key,))
        return _RELATIONS[name]
    return None


def _event(data: object, where: Where) -> Run:
    if isinstance(data, list) and _MODULE in data[:1]:
        raise Refused("it is a named tuple without the names of its fields", where, mend=_NAMES_LOST)
    if not isinstance(data, Mapping) or "class_name" not in data:
        raise Refused("an event of dp-accounting is an object with a class_name", where)
    name = data["class_name"]
    if data.get("module_name", _MODULE) != _MODULE:
        raise Refused(f"the event is of the module {printable(data['module_name'])}, not of {_MODULE}", where)
    if not isinstance(name, str) or name not in _EVENTS:
        raise Refused(f"{printable(name)} is not a known event of dp-accounting", (*where, "class_name"))
    event = _EVENTS[name]
    fields = record(data, where, required=event.fields, optional=(*_HEAD, *event.optional))
    return event.build(fields, where)


def _nothing(_: Mapping[str, Any], __: Where) -> Run:
    return ()


def _unaccountable(fields: Mapping[str, Any], _: Where) -> Run:
    return (Unaccountable(description=f"a {fields['class_name']} of dp-accounting"),)


def _noisy(fields: Mapping[str, Any], where: Where, field: str) -> Fraction | None:
    """A parameter that says how much noise there is; None where it says none."""
    return exact(fields[field], (*where, field)) or None


def _gaussian(fields: Mapping[str, Any], where: Where) -> Run:
    noise = _noisy(fields, where, "noise_multiplier")
    if noise is None:
        return _unaccountable(fields, where)
    return (build_mechanism(Gaussian, where, noise_multiplier=noise),)


def _laplace(fields: Mapping[str, Any], where: Where) -> Run:
    noise = _noisy(fields, where, "noise_multiplier")
    return _unaccountable(fields, where) if noise is None else (build_mechanism(Laplace, where, scale=noise),)


def _discrete_laplace(fields: Mapping[str, Any], where: Where) -> Run:
    """Its parameter a of exp(−a|x|) is the reciprocal of the scale."""
    rate = _noisy(fields, where, "noise_parameter")
    if rate is None:
        raise Refused("a discrete Laplace parameter of 0 is no distribution", where)
    return (build_mechanism(DiscreteLaplace, where, scale=1 / rate, sensitivity=fields["sensitivity"]),)


def _randomised_response(fields: Mapping[str, Any], where: Where) -> Run:
    noise = _noisy(fields, where, "noise_parameter")
    if noise is None:
        return _unaccountable(fields, where)
    return (build_mechanism(RandomisedResponse, where, noise=noise, categories=fields["num_buckets"]),)


def _zcdp(fields: Mapping[str, Any], where: Where) -> Run:
    if exact(fields.get("xi", 0), (*where, "xi")) != 0:
        return (Unaccountable(description="a ZCDpEvent with xi above 0"),)
    return (build_mechanism(ZeroConcentrated, where, rho=exact(fields["rho"], (*where, "rho"))),)


def _tree(fields: Mapping[str, Any], where: Where) -> Run:
    noise = _noisy(fields, where, "noise_multiplier")
    if noise is None:
        return _unaccountable(fields, where)
    counts = fields["step_counts"]
    trees = rows(counts if isinstance(counts, list) else [counts], (*where, "step_counts"))
    sizes = [whole(tree, (*where, "step_counts", index), least=1) for index, tree in enumerate(trees)]
    # The event promises that a record occurs in one tree at most: the largest tree is the worst.
    return (build_mechanism(DpFtrl, where, noise_multiplier=noise, step_counts=tuple(sorted(sizes)[-1:])),)


def _read_composed(fields: Mapping[str, Any], where: Where) -> Run:
    events = rows(fields["events"], (*where, "events"))
    runs = (_event(event, (*where, "events", index)) for index, event in enumerate(events))
    return tuple(mechanism for run in runs for mechanism in run)


def _self_composed(fields: Mapping[str, Any], where: Where) -> Run:
    count = whole(fields["count"], (*where, "count"), least=1)
    inner = _one(_event(fields["event"], (*where, "event")), where)
    match inner:
        case None:
            return ()
        case DpSgd(count=1):
            return (build_mechanism(DpSgd, where, **dict(inner) | {"steps": inner.steps * count}),)
        case _:
            return (build_mechanism(type(inner), where, **dict(inner) | {"count": inner.count * count}),)


def _one(run: Run, where: Where) -> Mechanism | None:
    """A run as a single mechanism; None where it is empty."""
    if len(run) <= 1:
        return run[0] if run else None
    return build_mechanism(Composed, where, mechanisms=run)


def _read_selected(fields: Mapping[str, Any], where: Where) -> Run:
    """Poisson where the shape is infinite, else the truncated negative binomial of that shape."""
    inner = _one(_event(fields["event"], (*where, "event")), where)
    if inner is None:
        return ()
    mean = exact(fields["mean"], (*where, "mean"))
    if fields["shape"] in _INFINITE:
        selection = build_mechanism(RunSelection, where, distribution="poisson", mean=mean)
    else:
        selection = build_mechanism(
            RunSelection, where, mean=mean, shape=exact(fields["shape"], (*where, "shape"))
        )
    return (build_mechanism(RepeatAndSelect, where, selection=selection, mechanism=inner),)


_INFINITE = ("inf", "Infinity")
"""JSON has no infinity: it is written as text."""


def _poisson(fields: Mapping[str, Any], where: Where) -> Run:
    rate = exact(fields["sampling_probability"], (*where, "sampling_probability"))
    return _read_sampled(fields, where, {"sampling": Sampling.POISSON, "sampling_rate": rate})


def _without_replacement(fields: Mapping[str, Any], where: Where) -> Run:
    size = whole(fields["source_dataset_size"], (*where, "source_dataset_size"), least=1)
    rate = Fraction(whole(fields["sample_size"], (*where, "sample_size"), least=1), size)
    drawn = {"sampling": Sampling.FIXED_SIZE, "sampling_rate": rate, "dataset_size": size}
    return _read_sampled(fields, where, drawn)


def _read_sampled(fields: Mapping[str, Any], where: Where, drawn: dict[str, Any]) -> Run:
    if drawn["sampling_rate"] == 0:
        return (Unaccountable(description=f"a {fields['class_name']} with a sampling rate of 0"),)
    inner = _one(_event(fields["event"], (*where, "event")), where)
    match inner:
        case None | Unaccountable():
            return () if inner is None else (inner,)
        case Gaussian(count=1, noise_multiplier=noise):
            return (build_mechanism(DpSgd, where, noise_multiplier=noise, steps=1, **drawn),)
        case _:
            sampling = drawn["sampling"].value
            return (build_mechanism(Subsampled, where, **drawn | {"sampling": sampling, "mechanism": inner}),)


def _truncated_poisson(fields: Mapping[str, Any], where: Where) -> Run:
    """One step on Poisson batches that are cut to a size at random."""
    noise = _noisy(fields, where, "noise_multiplier")
    rate = _noisy(fields, where, "sampling_probability")
    if noise is None or rate is None:
        return _unaccountable(fields, where)
    size, batch = (
        whole(fields[field], (*where, field), least=1) for field in ("dataset_size", "truncated_batch_size")
    )
    return (
        build_mechanism(
            DpSgd,
            where,
            noise_multiplier=noise,
            sampling_rate=rate,
            steps=1,
            dataset_size=size,
            truncated_batch_size=batch,
        ),
    )


@dataclass(frozen=True, slots=True)
class _Event:
    build: Callable[[Mapping[str, Any], Where], Run]
    fields: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


_BATCH = ("source_dataset_size", "sample_size", "event")
_CUT = ("dataset_size", "sampling_probability", "truncated_batch_size", "noise_multiplier")

_EVENTS: dict[str, _Event] = {
    "NoOpDpEvent": _Event(_nothing),
    "NonPrivateDpEvent": _Event(_unaccountable),
    "UnsupportedDpEvent": _Event(_unaccountable),
    "RandomizedResponseDpEvent": _Event(_randomised_response, ("noise_parameter", "num_buckets")),
    "GaussianDpEvent": _Event(_gaussian, ("noise_multiplier",)),
    "LaplaceDpEvent": _Event(_laplace, ("noise_multiplier",)),
    "DiscreteLaplaceDpEvent": _Event(_discrete_laplace, ("noise_parameter", "sensitivity")),
    "SelfComposedDpEvent": _Event(_self_composed, ("event", "count")),
    "ComposedDpEvent": _Event(_read_composed, ("events",)),
    "PoissonSampledDpEvent": _Event(_poisson, ("sampling_probability", "event")),
    "SampledWithoutReplacementDpEvent": _Event(_without_replacement, _BATCH),
    "SampledWithReplacementDpEvent": _Event(_unaccountable, _BATCH),
    "SingleEpochTreeAggregationDpEvent": _Event(_tree, ("noise_multiplier", "step_counts")),
    "RepeatAndSelectDpEvent": _Event(_read_selected, ("event", "mean", "shape")),
    "MixtureOfGaussiansDpEvent": _Event(
        _unaccountable, ("standard_deviation", "sensitivities", "sampling_probs")
    ),
    "ZCDpEvent": _Event(_zcdp, ("rho",), ("xi",)),
    "TruncatedSubsampledGaussianDpEvent": _Event(
        _truncated_poisson,
        ("dataset_size", "sampling_probability", "truncated_batch_size", "noise_multiplier"),
    ),
}
