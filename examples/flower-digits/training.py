"""Federated averaging with noise on each round's mean, by Flower's own strategies."""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np
from digits import CLIENTS, Images, Table, client_app, records
from federation import run_federation
from flwr.app import Context
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import DifferentialPrivacyServerSideFixedClipping, FedAvg, Strategy

ROUNDS, CLIPPING_NORM = 10, 1.0

Wrap = Callable[[Strategy], Strategy]


def strategy_with(noise_multiplier: float) -> Strategy:
    """All clients in each round, their updates clipped, and noise on their mean."""
    averaging = FedAvg(
        fraction_train=1.0, fraction_evaluate=0.0, min_train_nodes=CLIENTS, min_available_nodes=CLIENTS
    )
    return DifferentialPrivacyServerSideFixedClipping(averaging, noise_multiplier, CLIPPING_NORM, CLIENTS)


def train_together(parts: list[Images], strategy: Strategy) -> Table:
    """The weights that the clients make in `ROUNDS` rounds."""
    logging.getLogger("flwr").setLevel(logging.ERROR)
    made: list[Table] = []
    server = ServerApp()

    @server.main()
    def main(grid: Grid, context: Context) -> None:
        start = records(np.zeros((65, 10)))
        result = strategy.start(grid=grid, initial_arrays=start, num_rounds=ROUNDS)
        made.extend(result.arrays.to_numpy_ndarrays())

    run_federation(server, client_app(parts), len(parts))
    return made[0]
