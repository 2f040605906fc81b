"""Train the churn classifier with DP-SGD, and record what the accountant saw.

Synthetic customers, logistic regression, Poisson-sampled batches, per-person clipping, Gaussian noise:
small, but every number in privacy.yaml is what is really run here.
Writes model.safetensors and accountant.json.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
PEOPLE, FEATURES = 60_000, 8
NOISE_MULTIPLIER, SAMPLING_RATE, STEPS, CLIPPING_NORM = 1.1, 0.00426667, 14_040, 1.0
LEARNING_RATE = 0.05


def customers(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Features of shape (people, features) and churned-or-not of shape (people,)."""
    features = random.normal(size=(PEOPLE, FEATURES))
    odds = features @ np.linspace(-1.0, 1.0, FEATURES)
    return features, (random.random(PEOPLE) < 1 / (1 + np.exp(-odds))).astype(float)


def train(features: np.ndarray, churned: np.ndarray, random: np.random.Generator) -> np.ndarray:
    weights = np.zeros(FEATURES)
    for _ in range(STEPS):
        batch = np.flatnonzero(random.random(PEOPLE) < SAMPLING_RATE)
        error = 1 / (1 + np.exp(-features[batch] @ weights)) - churned[batch]
        gradients = features[batch] * error[:, None]
        norms = np.linalg.norm(gradients, axis=1, keepdims=True)
        clipped = gradients / np.maximum(1.0, norms / CLIPPING_NORM)
        noise = random.normal(scale=NOISE_MULTIPLIER * CLIPPING_NORM, size=FEATURES)
        weights -= LEARNING_RATE * (clipped.sum(axis=0) + noise) / (PEOPLE * SAMPLING_RATE)
    return weights


def main() -> None:
    random = np.random.default_rng(2026)
    weights = train(*customers(random), random).astype("<f4")
    tensor = {"weights": {"dtype": "F32", "shape": [FEATURES], "data_offsets": [0, weights.nbytes]}}
    header = json.dumps(tensor).encode()
    header += b" " * (-len(header) % 8)
    (HERE / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + weights.tobytes())
    history = {"history": [[NOISE_MULTIPLIER, SAMPLING_RATE, STEPS]], "mechanism": "prv"}
    (HERE / "accountant.json").write_text(json.dumps(history) + "\n")


if __name__ == "__main__":
    main()
