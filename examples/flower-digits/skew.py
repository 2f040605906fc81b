"""How good the model is by ε and by how unevenly the clients' data are: prints a table in Markdown.

Its runs are for the reader: nothing of them is released, and their evidence is not kept.
"""

from __future__ import annotations

import sys
from statistics import mean

from digits import accuracy, divide, images
from training import strategy_with, train_together

COLUMNS = {"none": 0.0, "20": 0.918, "10": 1.581, "5": 2.821, "2": 6.305}
"""Noise multipliers by the ε that ten rounds cost with them at δ = 1e-5, under zero-out."""

SKEWS = {"even": None, "Dirichlet, α = 1": 1.0, "Dirichlet, α = 0.1": 0.1}


def main(runs: int) -> None:
    trained, tested = images()
    print(
        "| data of the clients | "
        + " | ".join("no noise" if e == "none" else f"ε = {e}" for e in COLUMNS)
        + " |"
    )
    print("|---" * (1 + len(COLUMNS)) + "|")
    for name, skew in SKEWS.items():
        parts = divide(trained, skew)
        cells = []
        for noise in COLUMNS.values():
            strategy = strategy_with(noise)
            times = runs if noise else 1
            cells.append(mean(accuracy(tested, train_together(parts, strategy)) for _ in range(times)))
        print(f"| {name} | " + " | ".join(f"{cell:.0%}" for cell in cells) + " |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
