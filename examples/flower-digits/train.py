"""Train within the budget that privacy.yaml declares, as the command of a job.

    gatecli cloud flower run … --output release -- python train.py release

Writes rounds.json, which is the evidence, and model.npz into the folder, which has to be empty. The entry
point judges both, and completes the declaration.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
from digits import accuracy, divide, images
from training import strategy_with, train_together

import gatecli.federated

NOISE_MULTIPLIER = 1.6
"""Of the clipping norm over the number of clients. The rounds of training.py cost ε = 9.86 with it."""


def main(folder: Path) -> None:
    trained, tested = images()
    strategy = gatecli.federated.record_strategy(
        strategy_with(NOISE_MULTIPLIER), folder / "rounds.json", job=os.environ.get("GATECLI_JOB")
    )
    weights = train_together(divide(trained, skew=None), strategy)
    np.savez(folder / "model.npz", weights=weights)
    print(f"right on {accuracy(tested, weights):.0%} of {len(tested.digits)} images")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
