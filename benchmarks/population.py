"""How near estimates of population uniqueness are to the truth, for samples of a table that is all of it.

python benchmarks/population.py CSV COLUMN,COLUMN[,...] ...     one or more sets of quasi-identifiers
"""

from __future__ import annotations

import csv
import random
import sys
from collections import Counter
from fractions import Fraction
from pathlib import Path

from gatecli.anonymity.population.uniqueness import TOLERANCE, population_uniqueness
from gatecli.model.anonymity import ClassSize

FRACTIONS = tuple(Fraction(text) for text in ("0.02", "0.05", "0.1", "0.2", "0.5"))
SEEDS = range(3)

Record = tuple[str, ...]


def read_records(path: Path, columns: list[str]) -> list[Record]:
    """The columns of each row of a CSV file with a header."""
    with path.open(newline="", encoding="utf-8") as file:
        return [tuple(row[column] for column in columns) for row in csv.DictReader(file)]


def class_sizes(records: list[Record]) -> tuple[ClassSize, ...]:
    """The distribution of the sizes of their classes."""
    classes = Counter(Counter(records).values())
    return tuple(ClassSize(size, count, size * count) for size, count in sorted(classes.items()))


def estimate_ratios(population: list[Record], fraction: Fraction) -> list[float | None]:
    """Estimate ÷ truth of each sample; None where it was withheld."""
    unique = sum(item.classes for item in class_sizes(population) if item.size == 1)
    truth = Fraction(unique, len(population))
    ratios: list[float | None] = []
    for seed in SEEDS:
        sample = random.Random(seed).sample(population, int(len(population) * fraction))  # noqa: S311 - a benchmark
        found = population_uniqueness(class_sizes(sample), fraction).uniqueness
        ratios.append(None if found is None or not truth else float(found / truth))
    return ratios


def main(arguments: list[str]) -> None:
    """Print a line for each set of columns and fraction, and how many estimates were near the truth."""
    answered = near = 0
    for columns in arguments[1:]:
        population = read_records(Path(arguments[0]), columns.split(","))
        for fraction in FRACTIONS:
            ratios = estimate_ratios(population, fraction)
            told = [ratio for ratio in ratios if ratio is not None]
            answered += len(told)
            near += sum(abs(ratio - 1) <= TOLERANCE for ratio in told)
            shown = " ".join("withheld" if ratio is None else f"{ratio:8.2f}" for ratio in ratios)
            print(f"{columns:40} {float(fraction):5} {shown}")
    print(f"{near} of {answered} estimates within {TOLERANCE:.0%}")


if __name__ == "__main__":
    main(sys.argv[1:])
