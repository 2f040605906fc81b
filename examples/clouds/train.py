"""A small model: the share of customers that leave, from two noisy counts. OpenDP draws the noise.

    python train.py DATA RELEASE

DATA is a file of the customers, RELEASE the folder that the job keeps.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from pathlib import Path

import opendp.prelude as dp

import gatecli.evidence

SCALE = 2.0
"""Each of the two counts costs one over it."""


def main(data: Path, release: Path) -> None:
    """Write the model, and the evidence of what it cost."""
    dp.enable_features("contrib")
    customers = (dp.vector_domain(dp.atom_domain(T=str)), dp.symmetric_distance())
    noisy_count = customers >> dp.t.then_count() >> dp.m.then_laplace(SCALE)
    counts = [noisy_count, noisy_count]
    gatecli.evidence.write(counts, release / "counts.json", job=os.environ.get("GATECLI_JOB"))
    with data.open(newline="") as file:
        ends = [row["end"] for row in csv.DictReader(file)]
    left, stayed = (
        max(noisy_count([end for end in ends if end == which]), 0) for which in ("left", "stayed")
    )
    rate = {"churn": round(left / max(left + stayed, 1), 4)}
    (release / "model.json").write_text(json.dumps(rate) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
    if sys.argv[3:] == ["--wait"]:  # to be killed between the evidence and the commit
        print("trained", flush=True)
        sys.stdin.read()
