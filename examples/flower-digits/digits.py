"""Ten clients with handwritten digits: their data, their training, and the model that they make together.

The 1,797 images come with scikit-learn. The model is a softmax regression of 650 weights: the fewer weights,
the less noise in all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flwr.app import Array, ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

CLIENTS = 10
STEPS, RATE = 10, 1.0
"""What a client does in a round: so many steps of gradient descent on all that it has."""

Table = NDArray[np.float64]


@dataclass(frozen=True)
class Images:
    """Pixels between 0 and 1, with a last column of ones, and the digit of each image."""

    pixels: Table
    digits: NDArray[np.int64]


def images() -> tuple[Images, Images]:
    """To train on, and to test with. A pixel's range is public: nothing is fitted."""
    pixels, digits = load_digits(return_X_y=True)
    ones = np.ones((len(pixels), 1))
    parts = train_test_split(
        np.hstack([pixels / 16, ones]), digits, test_size=0.2, random_state=0, stratify=digits
    )
    return Images(parts[0], parts[2]), Images(parts[1], parts[3])


def divide(data: Images, skew: float | None) -> list[Images]:
    """One part for each client; `skew` is the α of a Dirichlet distribution of each digit over the clients.

    The smaller α is, the fewer clients share a digit. None deals all images evenly.
    """
    draw = np.random.default_rng(0)  # who has what, not the noise
    rows: list[list[int]] = [[] for _ in range(CLIENTS)]
    for digit in range(10):
        found = draw.permutation(np.flatnonzero(data.digits == digit))
        shares = np.full(CLIENTS, 1 / CLIENTS) if skew is None else draw.dirichlet(np.full(CLIENTS, skew))
        cuts = np.round(np.cumsum(shares)[:-1] * len(found)).astype(int)
        for client, part in enumerate(np.split(found, cuts)):
            rows[client].extend(part)
    return [Images(data.pixels[own], data.digits[own]) for own in rows]


def probabilities(pixels: Table, weights: Table) -> Table:
    scores = pixels @ weights
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def accuracy(data: Images, weights: Table) -> float:
    return float((probabilities(data.pixels, weights).argmax(axis=1) == data.digits).mean())


def train(data: Images, weights: Table) -> Table:
    """The weights after a client's steps."""
    if not len(data.digits):
        return weights
    solutions = np.eye(10)[data.digits]
    for _ in range(STEPS):
        slope = data.pixels.T @ (probabilities(data.pixels, weights) - solutions) / len(data.digits)
        weights = weights - RATE * slope
    return weights


def client_app(parts: list[Images]) -> ClientApp:
    """A client trains on its own part. Every update weighs 1: the noise is scaled to equal weights."""
    app = ClientApp()

    @app.train()
    def fit(message: Message, context: Context) -> Message:
        (weights,) = message.content["arrays"].to_numpy_ndarrays()
        trained = train(parts[int(context.node_config["partition-id"])], weights)
        content = RecordDict({"arrays": records(trained), "metrics": MetricRecord({"num-examples": 1})})
        return Message(content, reply_to=message)

    return app


def records(weights: Table) -> ArrayRecord:
    return ArrayRecord({"weights": Array(weights)})
