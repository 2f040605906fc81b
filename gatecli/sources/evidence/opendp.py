"""OpenDP: measurements as `opendp.serialize` writes them (opendp/mod.py, version 0.16); losses of odometers.

A serialised measurement is the tree of the constructor calls that made it. Every call must stand in
`_CONSTRUCTORS` before the first one is made; `opendp.deserialize`, which imports by name, is never
called. The privacy map of the rebuilt measurement, evaluated by OpenDP, is what counts.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from typing import Any

from gatecli.model.budget import Neighbouring
from gatecli.model.mechanism import Mechanism, Unaccountable
from gatecli.sources.evidence.opendp_losses import (
    ODOMETER_NOTE,
    claim,
    is_loss,
    read_loss,
    relation_in,
    require_records,
)
from gatecli.sources.evidence.reading import (
    EvidenceReading,
    Refused,
    Where,
    build_mechanism,
    exact,
    record,
    rows,
    shortest,
)
from gatecli.sources.positioned_tree import printable

_FUNCTION, _MODULE, _KWARGS, _VERSION = "__function__", "__module__", "__kwargs__", "__version__"
_TUPLE = "__tuple__"

_CONSTRUCTORS: dict[str, frozenset[str]] = {
    "domains": frozenset({"atom_domain", "vector_domain", "option_domain"}),
    "metrics": frozenset(
        {
            "absolute_distance",
            "change_one_distance",
            "discrete_distance",
            "hamming_distance",
            "insert_delete_distance",
            "l1_distance",
            "l2_distance",
            "linf_distance",
            "symmetric_distance",
        }
    ),
    "measures": frozenset({"approximate", "max_divergence", "zero_concentrated_divergence"}),
    "core": frozenset(
        {
            "measurement_input_domain",
            "measurement_input_metric",
            "transformation_output_domain",
            "transformation_output_metric",
        }
    ),
    "transformations": frozenset(
        {
            "make_cast",
            "make_cast_default",
            "make_cast_inherent",
            "make_clamp",
            "make_count",
            "make_count_by_categories",
            "make_count_distinct",
            "make_drop_null",
            "make_identity",
            "make_impute_constant",
            "make_mean",
            "make_quantile_score_candidates",
            "make_resize",
            "make_sum",
            "make_variance",
        }
    ),
    "measurements": frozenset(
        {
            "make_gaussian",
            "make_geometric",
            "make_laplace",
            "make_noisy_max",
            "make_randomized_response",
            "make_randomized_response_bool",
        }
    ),
    "combinators": frozenset(
        {
            "make_adaptive_composition",
            "make_approximate",
            "make_basic_composition",
            "make_chain_mt",
            "make_chain_tt",
            "make_composition",
            "make_fix_delta",
            "make_pureDP_to_zCDP",
            "make_zCDP_to_approxDP",
        }
    ),
}


def read(data: object) -> EvidenceReading:
    """One measurement, what one odometer has seen, or a list of them.

    A measurement counts as what its privacy map says of neighbouring datasets.
    {"measurement": …, "d_in": …} gives the distance where it is not one record. A measurement on an
    aggregate, whose sensitivity the file does not say, is unaccountable.
    """
    wheres: list[tuple[object, Where]] = [(data, ())]
    if isinstance(data, list):
        wheres = [(item, (index,)) for index, item in enumerate(data)]
    if not wheres:
        raise Refused("the list holds no measurement")
    seen = tuple(read_loss(item, where) for item, where in wheres if is_loss(item))
    items = [_unwrap_tree(item, where) for item, where in wheres if not is_loss(item)]
    if not items:
        return EvidenceReading(seen, neighbouring=_shared_relation(seen), notes=(ODOMETER_NOTE,))
    for tree, _, where in items:
        _check(tree, where)
    with _library() as modules:
        mechanisms = tuple(_mechanism(modules, *item) for item in items)
        version = str(modules["mod"].__version__)
    return EvidenceReading(
        (*seen, *mechanisms),
        neighbouring=_shared_relation((*seen, *mechanisms)),
        notes=(
            *_version_notes({tree[_VERSION] for tree, _, _ in items}, version),
            *((ODOMETER_NOTE,) if seen else ()),
        ),
    )


def _shared_relation(mechanisms: tuple[Mechanism, ...]) -> Neighbouring | None:
    relations = {mechanism.neighbouring for mechanism in mechanisms}
    return relations.pop() if len(relations) == 1 else None


def _unwrap_tree(data: object, where: Where) -> tuple[Mapping[str, Any], Fraction | None, Where]:
    """The serialised tree, the distance that was given for it, and where the tree stands."""
    if not isinstance(data, Mapping) or _FUNCTION in data:
        return _call(data, where), None, where
    wrapper = record(data, where, required=("measurement", "d_in"))
    distance = exact(wrapper["d_in"], (*where, "d_in"))
    if distance <= 0:
        raise Refused("d_in is not above 0, and nothing protects against no change", (*where, "d_in"))
    inner = (*where, "measurement")
    return _call(wrapper["measurement"], inner), distance, inner


def _call(data: object, where: Where) -> Mapping[str, Any]:
    needed = (_FUNCTION, _MODULE, _VERSION)
    call = record(data, where, required=needed, optional=(_KWARGS,))
    if not all(isinstance(call[key], str) for key in needed):
        raise Refused("a constructor's name and version are text", where)
    return call


def _check(data: object, where: Where) -> None:
    """Refuses any call that is not whitelisted, and anything that is neither a call nor plain data."""
    match data:
        case {"__function__": _}:
            call = _call(data, where)
            module, function = call[_MODULE], call[_FUNCTION]
            if function not in _CONSTRUCTORS.get(module, ()):
                raise Refused(
                    f"{printable(f'{module}.{function}')} is not a constructor that is accepted as evidence",
                    where,
                )
            arguments = call.get(_KWARGS, {})
            if not isinstance(arguments, Mapping):
                raise Refused("a constructor's arguments are an object", (*where, _KWARGS))
            for key, value in arguments.items():
                _check(value, (*where, _KWARGS, key))
        case {"__tuple__": items}:
            record(data, where, required=(_TUPLE,))
            _check(rows(items, (*where, _TUPLE)), (*where, _TUPLE))
        case list():
            for index, item in enumerate(data):
                _check(item, (*where, index))
        case Mapping():
            raise Refused("an object in the tree is neither a constructor nor a tuple", where)
        case _:
            return


@contextmanager
def _library() -> Iterator[dict[str, Any]]:
    """OpenDP's own modules, with the feature that its constructors need, and without its warnings."""
    try:
        from opendp import (  # noqa: PLC0415 - an optional package of a second to import
            combinators,
            core,
            domains,
            measurements,
            measures,
            metrics,
            mod,
            transformations,
        )
    except ImportError:
        raise Refused(
            "evidence of the format opendp needs the opendp package", mend="pip install 'gatecli[opendp]'"
        ) from None
    enabled = "contrib" in mod.GLOBAL_FEATURES
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mod.enable_features("contrib")
        try:
            yield {
                "combinators": combinators,
                "core": core,
                "domains": domains,
                "measurements": measurements,
                "measures": measures,
                "metrics": metrics,
                "mod": mod,
                "transformations": transformations,
            }
        finally:
            if not enabled:
                mod.disable_features("contrib")


def _rebuilt(modules: Mapping[str, Any], data: Any) -> Any:
    """The object that a checked tree describes."""
    match data:
        case {"__function__": function, "__module__": module}:
            named = {key: _rebuilt(modules, value) for key, value in data.get(_KWARGS, {}).items()}
            return getattr(modules[module], function)(**named)
        case {"__tuple__": items}:
            return tuple(_rebuilt(modules, item) for item in items)
        case list():
            return [_rebuilt(modules, item) for item in data]
        case Decimal():
            return float(data)
        case _:
            return data


def _ask_opendp(where: Where, ask: Callable[[], Any]) -> Any:
    """What OpenDP answers; its own errors as a refusal."""
    try:
        return ask()
    except Exception as error:  # noqa: BLE001 - OpenDP's own, and any for arguments of a wrong type
        reason = " ".join(str(error).split())[:120]
        problem = f"OpenDP does not accept the measurement ({type(error).__name__}: {reason})"
        raise Refused(problem, where) from None


def _mechanism(
    modules: Mapping[str, Any], tree: Mapping[str, Any], distance: Fraction | None, where: Where
) -> Mechanism:
    measurement = _ask_opendp(where, lambda: _rebuilt(modules, tree))
    metric, measure = _ask_opendp(
        where, lambda: (str(measurement.input_metric), str(measurement.output_measure))
    )
    relation = relation_in(metric)
    if distance is None and relation is None:
        return Unaccountable(description=f"an OpenDP measurement in {metric}, of which d_in is not given")
    if distance is not None:
        require_records(distance, metric, where)
    d_in = _argument(Fraction(1) if distance is None else distance)
    loss = _claim(measure, _ask_opendp(where, lambda: measurement.map(d_in)), where)
    return build_mechanism(type(loss), where, **dict(loss) | {"neighbouring": relation})


def _argument(distance: Fraction) -> int | float:
    """A distance as OpenDP takes it; one that no float holds is rounded up, against the spender."""
    if distance.denominator == 1:
        return distance.numerator
    near = float(distance)
    return near if Fraction(near) >= distance else math.nextafter(near, math.inf)


def _claim(measure: str, loss: Any, where: Where) -> Mechanism:
    """What a privacy map returned, as a claim in its measure. OpenDP rounds its maps up.

    A fixed δ is its author's number: the shortest text of it, where ε is computed and stays as it is.
    """
    parts = loss if isinstance(loss, tuple) else (loss,)
    if not all(isinstance(part, int | float) and math.isfinite(part) for part in parts):
        return Unaccountable(
            description=f"an OpenDP measurement whose privacy map in {measure} is no finite number"
        )
    first, *rest = parts
    return claim(measure, (Fraction(first), *(Fraction(shortest(part)) for part in rest)), where)


def _version_notes(written: set[object], installed: str) -> tuple[str, ...]:
    others = sorted(printable(version) for version in written if version != installed)
    if not others:
        return ()
    return (f"the measurement was written by OpenDP {', '.join(others)} and evaluated by {installed}",)
