"""A small model: the share of customers that leave, from two noisy counts. OpenDP draws the noise.

    python train.py INPUT RELEASE

INPUT is the folder of the customers' files, RELEASE the folder that the job keeps.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import opendp.prelude as dp

import gatecli.evidence

SCALE = 2.0
"""Each of the two counts costs one over it."""


def main(data: Path, release: Path) -> None:
    """Write the evidence of what the model costs, then the model."""
    dp.enable_features("contrib")
    customers = (dp.vector_domain(dp.atom_domain(T=str)), dp.symmetric_distance())
    noisy_count = customers >> dp.t.then_count() >> dp.m.then_laplace(SCALE)
    job = os.environ.get("GATECLI_JOB")
    gatecli.evidence.write([noisy_count, noisy_count], release / "counts.json", job=job)
    ends = list(read_ends(data))
    left, stayed = (noisy_count([end for end in ends if end == which]) for which in ("left", "stayed"))
    share = max(left, 0) / max(left + stayed, 1)
    (release / "model.json").write_text(json.dumps({"churn": round(share, 4)}) + "\n")


def read_ends(folder: Path) -> Iterator[str]:
    """How each customer's contract ended: one line a customer."""
    for path in sorted(folder.glob("*.csv")):
        with path.open(newline="") as file:
            yield from (row["end"] for row in csv.DictReader(file))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
