"""Which objects of which libraries record what was spent, and what is written of each.

A class is known by its library and its name, and so is every class that is derived from it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gatecli.errors import GatecliError, UsageError
from gatecli.evidence.plain import finite, number, record_of, whole
from gatecli.model.budget import Neighbouring
from gatecli.model.release import EvidenceFormat


@dataclass(frozen=True, slots=True)
class Content:
    """What a file of evidence holds: JSON data, or text."""

    format: EvidenceFormat
    data: Any

    @property
    def text(self) -> str:
        """The file's text."""
        if isinstance(self.data, str):
            return self.data.rstrip("\n") + "\n"
        return json.dumps(self.data, ensure_ascii=False) + "\n"


def _engine(engine: Any) -> Content:
    return _accountant(engine.accountant)


def _accountant(accountant: Any) -> Content:
    """The history alone decides; the accountant's name is kept where it is one of Opacus' own."""
    history = [[number(noise), number(rate), whole(steps)] for noise, rate, steps in accountant.history]
    name = type(accountant).mechanism()
    known = {"mechanism": name} if name in {"gdp", "prv", "rdp"} else {}
    return Content(EvidenceFormat.OPACUS, {"history": history, **known})


def _event(event: Any) -> Content:
    return Content(EvidenceFormat.DP_ACCOUNTING, record_of(event.to_named_tuple()))


def _ledger(accountant: Any) -> Content:
    """All that was composed, under the relation that the accountant was made for."""
    event = record_of(accountant.ledger.to_named_tuple())
    relation = accountant.neighboring_relation.name
    return Content(EvidenceFormat.DP_ACCOUNTING, {"event": event, "neighboring_relation": relation})


def _plan(plan: Any) -> Content:
    return _event(plan.dp_event)


def _plan_config(config: Any) -> Content:
    """The configuration knows the accountant's relation, which its noise multiplier is relative to."""
    relation = config.accountant.neighboring_relation.name
    sensitivity = Neighbouring.REPLACE_ONE if relation == "REPLACE_ONE" else Neighbouring.ADD_REMOVE
    told = {"neighboring_relation": relation, "sensitivity": sensitivity.value}
    return Content(
        EvidenceFormat.DP_ACCOUNTING, {"event": record_of(config.plan.dp_event.to_named_tuple()), **told}
    )


def _measurement(measurement: Any) -> Content:
    return Content(EvidenceFormat.OPENDP, _serialise(measurement))


def _query(query: Any) -> Content:
    distance = query._d_in  # noqa: SLF001 - it has no public name
    return Content(EvidenceFormat.OPENDP, _at_distance(query.resolve(), distance))


def _context(context: Any) -> Content:
    """The whole budget of a context counts, whatever was asked of it; if that has no fixed parts, what it has
    answered so far.
    """
    if type(context.queryable).__name__ == "OdometerQueryable":
        return Content(EvidenceFormat.OPENDP, _loss_so_far(context))
    return Content(EvidenceFormat.OPENDP, _at_distance(context.accountant, context.d_in))


def _loss_so_far(context: Any) -> Any:
    loss = context.current_privacy_loss()
    parts = [finite(part) for part in (loss if isinstance(loss, tuple) else (loss,))]
    told = None if None in parts else parts if isinstance(loss, tuple) else parts[0]
    accountant = context.accountant
    return {
        "privacy_loss": told,
        "output_measure": str(accountant.output_measure),
        "input_metric": str(accountant.input_metric),
        "d_in": number(context.d_in),
    }


def _at_distance(measurement: Any, distance: Any) -> Any:
    tree = _serialise(measurement)
    return tree if distance is None else {"d_in": number(distance), "measurement": tree}


def _serialise(measurement: Any) -> Any:
    """The tree of constructor calls, by the `serialize` of the library that made the object."""
    return json.loads(sys.modules["opendp.mod"].serialize(measurement))


def _polars_query(_: Any) -> Content:
    raise UsageError(
        "OpenDP does not serialise queries on Polars frames",
        advice="declare what context.current_privacy_loss() says as mechanisms of the kind pure, approximate "
        "or zcdp",
    )


def _budget_accountant(accountant: Any) -> Content:
    state = {
        "epsilon": finite(accountant.epsilon),
        "delta": number(accountant.delta),
        "slack": number(accountant.slack),
        "spent_budget": [[number(epsilon), number(delta)] for epsilon, delta in accountant.spent_budget],
        "total": [number(part) for part in accountant.total()],
    }
    return Content(EvidenceFormat.DIFFPRIVLIB, state)


def _odometer(odometer: Any) -> Content:
    privacy = odometer.privacy
    alike = {"epsilon": number(privacy.epsilon), "delta": number(privacy.delta), "k": whole(odometer.k)}
    return Content(EvidenceFormat.SMARTNOISE, {**alike, "spent": [number(part) for part in odometer.spent]})


def _odometer_of_steps(odometer: Any) -> Content:
    steps = [[number(epsilon), number(delta)] for epsilon, delta in odometer.steps]
    spent = [number(part) for part in odometer.spent]
    return Content(EvidenceFormat.SMARTNOISE, {"steps": steps, "spent": spent})


def _reader(reader: Any) -> Content:
    return content_of(reader.odometer)


def _budget(*fields: str) -> Callable[[Any], Content]:
    def write(budget: Any) -> Content:
        values = {field: number(getattr(budget, field)) for field in fields}
        return Content(EvidenceFormat.TUMULT, {"type": type(budget).__name__, **values})

    return write


def _report(report: Any) -> Content:
    return Content(EvidenceFormat.PIPELINE_DP, report.text())


def _flower_accountant(accountant: Any) -> Content:
    return Content(EvidenceFormat.FLOWER, record_of(accountant.state_dict()))


def _flower_strategy(strategy: Any) -> Content:
    accountant = getattr(strategy, "accountant", None)
    if accountant is None:
        raise UsageError(
            f"a {type(strategy).__name__} without an accountant has recorded nothing",
            advice="pass it accountant=RdpAccountant(…), which Flower leaves out by default, or record its "
            "rounds by gatecli.federated.record_strategy",
        )
    return _flower_accountant(accountant)


def _statement(text: str) -> Content:
    return Content(EvidenceFormat.TF_PRIVACY, text)


WRITERS: dict[tuple[str, str], Callable[[Any], Content]] = {
    ("builtins", "str"): _statement,
    ("diffprivlib", "BudgetAccountant"): _budget_accountant,
    ("dp_accounting", "DpEvent"): _event,
    ("dp_accounting", "PrivacyAccountant"): _ledger,
    ("flwr", "DifferentialPrivacyAdaptiveBase"): _flower_strategy,
    ("flwr", "DifferentialPrivacyFixedClippingBase"): _flower_strategy,
    ("flwr", "RdpAccountant"): _flower_accountant,
    ("jax_privacy", "BandMFExecutionPlanConfig"): _plan_config,
    ("jax_privacy", "DPExecutionPlan"): _plan,
    ("opacus", "IAccountant"): _accountant,
    ("opacus", "PrivacyEngine"): _engine,
    ("opendp", "Context"): _context,
    ("opendp", "LazyFrameQuery"): _polars_query,
    ("opendp", "Measurement"): _measurement,
    ("opendp", "Query"): _query,
    ("pipeline_dp", "ExplainComputationReport"): _report,
    ("snsql", "Odometer"): _odometer,
    ("snsql", "OdometerHeterogeneous"): _odometer_of_steps,
    ("snsql", "PrivateReader"): _reader,
    ("tmlt", "ApproxDPBudget"): _budget("epsilon", "delta"),
    ("tmlt", "PureDPBudget"): _budget("epsilon"),
    ("tmlt", "RhoZCDPBudget"): _budget("rho"),
}
"""By the library (its import name) and the name of the class."""

_JOINED: dict[EvidenceFormat, Callable[[Sequence[Any]], Any]] = {
    EvidenceFormat.OPENDP: list,
    EvidenceFormat.PIPELINE_DP: "\n\n".join,
    EvidenceFormat.TUMULT: list,
}
"""How the formats whose files may hold several objects hold them."""


def content_of(thing: Any) -> Content:
    """What is written of an object, or of a list of objects of one library. Raises UsageError."""
    if isinstance(thing, list | tuple) and not hasattr(thing, "_fields"):
        return _join_contents([content_of(each) for each in thing])
    for kind in type(thing).__mro__:
        writer = WRITERS.get((kind.__module__.partition(".")[0], kind.__name__))
        if writer is not None:
            return _write_content(writer, thing)
    kind = type(thing)
    known = ", ".join(f"{library}.{name}" for library, name in WRITERS if library != "builtins")
    raise UsageError(
        f"a {kind.__module__}.{kind.__qualname__} records no spending that gatecli knows",
        advice=f"give one of: {known}",
    )


def _write_content(writer: Callable[[Any], Content], thing: Any) -> Content:
    try:
        return writer(thing)
    except GatecliError:
        raise
    except Exception as error:  # noqa: BLE001 - the library's own code ran, and may raise anything
        reason = " ".join(str(error).split())[:120]
        raise UsageError(
            f"the {type(thing).__name__} does not say what was spent ({type(error).__name__}: {reason})",
            advice="write it after the run, when its budget is computed",
        ) from None


def _join_contents(contents: Sequence[Content]) -> Content:
    formats = {content.format for content in contents}
    if len(formats) != 1 or not (join := _JOINED.get(next(iter(formats)))):
        raise UsageError(
            "a list of objects is written for opendp, tmlt and pipeline_dp, each library by itself",
            advice="write each object to a file of its own",
        )
    return Content(formats.pop(), join([content.data for content in contents]))
