"""Runs of Flower's own strategies in one process, recorded; started by the tests in Flower's environment.

    python recorded_run.py FOLDER

Each scenario writes FOLDER/SCENARIO/rounds.json. Prints a line of JSON: what each ended in.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples" / "flower-digits"))

from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.clientapp.mod import LocalDpMod, adaptiveclipping_mod
from flwr.compat.common.parameter import ndarrays_to_parameters
from flwr.server.strategy import DifferentialPrivacyServerSideFixedClipping as FixedClippingOfFits
from flwr.server.strategy import FedAvg as FedAvgOfFits
from flwr.serverapp import (
    NeighboringRelation,
    PrivacyConfig,
    RdpAccountant,
    SamplingMethod,
    strategy,
)

import gatecli.evidence
import gatecli.federated
from gatecli.errors import GatecliError

InProcessGrid: Any = import_module("federation").InProcessGrid  # of the example
CLIENTS, ROUNDS = 10, 3


class Crash(Exception):
    """The server's process ends in the middle of a round."""


def client_app(
    weight: Callable[[int], int] = lambda _: 1,
    mods: list[Any] | None = None,
    failing: frozenset[int] = frozenset(),
    metrics: dict[str, float] | None = None,
    broken: float = 0.0,
    kind: type = float,
) -> ClientApp:
    app = ClientApp(mods=mods)

    @app.train()  # type: ignore[untyped-decorator]
    def train(message: Message, context: Context) -> Message:
        client = int(context.node_config["partition-id"])
        if client in failing:
            raise Crash
        (weights,) = message.content["arrays"].to_numpy_ndarrays()
        told = MetricRecord({"num-examples": weight(client), **(metrics or {})})
        update = weights + client - 4.5
        update[0] += broken if client == 3 else 0.0
        arrays = ArrayRecord({"w": Array(update.astype(kind))})
        return Message(RecordDict({"arrays": arrays, "metrics": told}), reply_to=message)

    return app


def averaging(clients: int = CLIENTS) -> Any:
    return strategy.FedAvg(
        fraction_train=clients / CLIENTS,
        fraction_evaluate=0.0,
        min_train_nodes=clients,
        min_available_nodes=CLIENTS,
    )


def fixed(clients: int = CLIENTS, noise: float = 1.5, within: Any = None, **more: Any) -> Any:
    return strategy.DifferentialPrivacyServerSideFixedClipping(
        within or averaging(clients), noise, 2.0, clients, **more
    )


def adaptive(stddev: float, side: str = "Server") -> Any:
    kind = getattr(strategy, f"DifferentialPrivacy{side}SideAdaptiveClipping")
    return kind(averaging(), 1.0 if stddev else 0.0, CLIENTS, clipped_count_stddev=stddev)


def accountant() -> Any:
    relation, method = NeighboringRelation.ADD_OR_REMOVE_ONE, SamplingMethod.NO_AMPLIFICATION
    return RdpAccountant(PrivacyConfig(1e-5, CLIENTS, relation, method))


def run(
    file: Path, plan: Any, app: ClientApp, grid: Any = InProcessGrid, kind: type = float, **options: Any
) -> dict[str, Any]:
    recorded = gatecli.federated.record_strategy(plan, file, **options)
    start = ArrayRecord({"w": Array(np.zeros(3, dtype=kind))})
    result = recorded.start(grid=grid(app, CLIENTS), initial_arrays=start, num_rounds=ROUNDS)
    return {"arrays": len(result.arrays or ())}


def crash_in_the_second_round(file: Path) -> dict[str, Any]:
    plan, calls = fixed(), []
    aggregate = plan.strategy.aggregate_train

    def fail(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 2:
            raise Crash
        return aggregate(*arguments)

    plan.strategy.aggregate_train = fail
    try:
        run(file, plan, client_app())
    except Crash:
        return {"crashed": True}
    return {"crashed": False}


def unwritable(file: Path) -> dict[str, Any]:
    """The record cannot be written from the second round on: its folder is gone."""
    folder = file.parent / "gone"
    folder.mkdir()
    released: list[Any] = []
    plan = fixed()
    recorded = gatecli.federated.record_strategy(plan, folder / "rounds.json")
    grid, arrays = InProcessGrid(client_app(), CLIENTS), ArrayRecord({"w": Array(np.zeros(3))})
    messages = recorded.configure_train(1, arrays, ConfigRecord(), grid)
    replies = grid.send_and_receive(messages)
    (folder / "rounds.json").unlink()
    folder.rmdir()
    try:
        released.append(recorded.aggregate_train(1, replies))
    except GatecliError as error:
        return {"released": len(released), "error": str(error)}
    return {"released": len(released)}


def local(file: Path, *, tell: bool = True, kind: type = float, norm: float = 1.0) -> dict[str, Any]:
    noise = LocalDpMod(norm, 2.0, 1.0, 1e-5)
    mods = [gatecli.federated.tell_local_noise(noise) if tell else noise]
    return run(file, averaging(), client_app(mods=mods, kind=kind), kind=kind, local=noise)


def accounted(file: Path) -> dict[str, Any]:
    spent = accountant()
    plan = fixed(accountant=spent)
    run(file.with_suffix(".rounds"), plan, client_app())
    return {"format": gatecli.evidence.write(plan, file), "epsilon": spent.get_epsilon(1e-5)}


def unaccounted(file: Path) -> dict[str, Any]:
    try:
        gatecli.evidence.write(fixed(), file)
    except GatecliError as error:
        return {"error": str(error), "advice": error.advice}
    return {}


class Fit:
    """What a client of older versions answers."""

    def __init__(self, parameters: Any) -> None:
        self.parameters, self.num_examples = parameters, 1
        self.metrics: dict[str, Any] = {}


class Manager:
    """As many clients as Flower's own client manager says."""

    def num_available(self) -> int:
        return CLIENTS

    def sample(self, num_clients: int, **_: Any) -> list[int]:
        return list(range(num_clients))


def fits(file: Path, broken: float = 0.0) -> dict[str, Any]:
    """A strategy of clients and fits, as Flower had them alone before messages."""
    plan = FixedClippingOfFits(
        FedAvgOfFits(fraction_fit=1.0, min_fit_clients=CLIENTS, min_available_clients=CLIENTS),
        1.5,
        2.0,
        CLIENTS,
    )
    recorded = gatecli.federated.record_strategy(plan, file)
    parameters = ndarrays_to_parameters([np.zeros(3)])
    for number in (1, 2, 3):
        asked = recorded.configure_fit(number, parameters, Manager())
        results = [(client, Fit(ndarrays_to_parameters([np.ones(3) + broken]))) for client, _ in asked]
        parameters, _ = recorded.aggregate_fit(number, results, [])
    return {"released": parameters is not None}


class WithoutNoise(strategy.DifferentialPrivacyServerSideFixedClipping):  # type: ignore[misc]
    """Looks as Flower's wrapper does, and adds nothing."""

    def aggregate_train(self, server_round: int, replies: Any) -> Any:
        return self.strategy.aggregate_train(server_round, replies)


class TenTimes(strategy.DifferentialPrivacyServerSideFixedClipping):  # type: ignore[misc]
    """Stands between the noise and the mean, and makes the mean ten times as large."""

    def aggregate_train(self, server_round: int, replies: Any) -> Any:
        arrays, metrics = self.strategy.aggregate_train(server_round, replies)
        (weights,) = arrays.to_numpy_ndarrays()
        return ArrayRecord({"w": Array(10 * weights)}), metrics


def describe(_: int) -> Any:
    return (
        gatecli.federated.clipping(2.0),
        gatecli.federated.server_noise(1.5, 2.0, CLIENTS),
    )


SCENARIOS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "fixed": lambda file: run(file, fixed(), client_app()),
    "half": lambda file: run(file, fixed(5), client_app()),
    "weights": lambda file: run(file, fixed(), client_app(weight=lambda client: 1 + client)),
    "adaptive": lambda file: run(file, adaptive(2.0), client_app()),
    "client-adaptive": lambda file: run(
        file, adaptive(2.0, "Client"), client_app(mods=[adaptiveclipping_mod])
    ),
    "unpaid": lambda file: run(file, adaptive(0.0), client_app()),
    "failing": lambda file: run(file, fixed(), client_app(failing=frozenset({3}))),
    "plain": lambda file: run(file, averaging(), client_app()),
    "optimiser": lambda file: run(
        file, fixed(within=strategy.FedAdam(min_train_nodes=CLIENTS)), client_app()
    ),
    "subclass": lambda file: run(file, WithoutNoise(averaging(), 1.5, 2.0, CLIENTS), client_app()),
    "between": lambda file: run(file, fixed(within=TenTimes(averaging(), 1.5, 2.0, CLIENTS)), client_app()),
    "nan": lambda file: run(file, fixed(), client_app(broken=float("nan"))),
    "infinite": lambda file: run(file, fixed(), client_app(broken=float("inf"))),
    "nan-fits": lambda file: fits(file, broken=float("nan")),
    "metrics": lambda file: run(file, fixed(), client_app(metrics={"loss": 0.5})),
    "described": lambda file: run(file, averaging(), client_app(), describe=describe),
    "local": local,
    "untold": lambda file: local(file, tell=False),
    "whole-numbers": lambda file: local(file, kind=int, norm=100.0),
    "crash": crash_in_the_second_round,
    "unwritable": unwritable,
    "accounted": accounted,
    "unaccounted": unaccounted,
    "fits": fits,
}


def missing(file: Path) -> dict[str, Any]:
    """Eight of ten clients answer in time."""

    def impatient(*arguments: Any) -> Any:
        grid = InProcessGrid(*arguments)
        whole = grid.send_and_receive
        grid.send_and_receive = lambda messages, **options: list(whole(messages, **options))[:8]
        return grid

    return run(file, fixed(noise=2.5), client_app(), grid=impatient)


def resumed(file: Path) -> dict[str, Any]:
    run(file, fixed(), client_app())
    return run(file, fixed(), client_app(), resume=True)


def repeated(file: Path) -> dict[str, Any]:
    run(file, fixed(), client_app())
    try:
        return run(file, fixed(), client_app())
    except GatecliError as error:
        return {"error": str(error)}


SCENARIOS |= {"missing": missing, "resumed": resumed, "repeated": repeated}


def run_all(folder: Path) -> dict[str, Any]:
    """Each scenario in a folder of its own, by its name."""
    ended = {}
    for name, scenario in SCENARIOS.items():
        (folder / name).mkdir()
        ended[name] = scenario(folder / name / "rounds.json")
    return ended


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(run_all(Path(sys.argv[1]))) + "\n")
