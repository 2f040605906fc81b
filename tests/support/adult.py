"""A made-up table with the schema of UCI Adult and roughly its published marginals; no record of it.

Shape and shares follow Becker and Kohavi, "Adult", UCI Machine Learning Repository, 1996.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

QUASI_IDENTIFIERS = (
    "age",
    "workclass",
    "education",
    "marital-status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "native-country",
)
"""What the literature on anonymity names of Adult (LeFevre et al. 2005, Kohlmayer et al. 2012)."""

SHARES: dict[str, tuple[tuple[str, float], ...]] = {
    "workclass": (
        ("Private", 0.70),
        ("Self-emp-not-inc", 0.08),
        ("Local-gov", 0.06),
        ("?", 0.06),
        ("State-gov", 0.04),
        ("Self-emp-inc", 0.03),
        ("Federal-gov", 0.0295),
        ("Without-pay", 0.0004),
        ("Never-worked", 0.0002),
    ),
    "education": (
        ("HS-grad", 0.32),
        ("Some-college", 0.22),
        ("Bachelors", 0.16),
        ("Masters", 0.05),
        ("Assoc-voc", 0.04),
        ("11th", 0.04),
        ("Assoc-acdm", 0.03),
        ("10th", 0.03),
        ("7th-8th", 0.02),
        ("Prof-school", 0.018),
        ("9th", 0.016),
        ("12th", 0.013),
        ("Doctorate", 0.013),
        ("5th-6th", 0.01),
        ("1st-4th", 0.005),
        ("Preschool", 0.0016),
    ),
    "marital-status": (
        ("Married-civ-spouse", 0.46),
        ("Never-married", 0.33),
        ("Divorced", 0.14),
        ("Separated", 0.03),
        ("Widowed", 0.03),
        ("Married-spouse-absent", 0.013),
        ("Married-AF-spouse", 0.0007),
    ),
    "occupation": (
        ("Prof-specialty", 0.13),
        ("Craft-repair", 0.13),
        ("Exec-managerial", 0.12),
        ("Adm-clerical", 0.12),
        ("Sales", 0.11),
        ("Other-service", 0.10),
        ("Machine-op-inspct", 0.06),
        ("?", 0.06),
        ("Transport-moving", 0.05),
        ("Handlers-cleaners", 0.04),
        ("Farming-fishing", 0.03),
        ("Tech-support", 0.03),
        ("Protective-serv", 0.02),
        ("Priv-house-serv", 0.0046),
        ("Armed-Forces", 0.0003),
    ),
    "relationship": (
        ("Husband", 0.41),
        ("Not-in-family", 0.26),
        ("Own-child", 0.16),
        ("Unmarried", 0.11),
        ("Wife", 0.05),
        ("Other-relative", 0.03),
    ),
    "race": (
        ("White", 0.85),
        ("Black", 0.096),
        ("Asian-Pac-Islander", 0.032),
        ("Amer-Indian-Eskimo", 0.0096),
        ("Other", 0.0083),
    ),
    "sex": (("Male", 0.67), ("Female", 0.33)),
    "native-country": (
        ("United-States", 0.896),
        ("Mexico", 0.02),
        ("?", 0.018),
        *((f"Country-{number:02d}", 0.0017) for number in range(39)),
    ),
    "income": (("<=50K", 0.76), (">50K", 0.24)),
}


def _drawn(random: np.random.Generator, column: str, rows: int) -> Any:
    values, shares = zip(*SHARES[column], strict=True)
    weights = np.array(shares)
    return random.choice(np.array(values), rows, p=weights / weights.sum())


def adult(rows: int, seed: int = 7) -> pa.Table:
    """`rows` made-up records in the columns of Adult."""
    random = np.random.default_rng(seed)
    gains = np.where(random.random(rows) < 0.08, random.integers(1, 119, rows) * 840, 0)
    losses = np.where(random.random(rows) < 0.047, random.integers(1, 92, rows) * 47, 0)
    hours = np.where(random.random(rows) < 0.47, 40, np.clip(random.normal(40, 14, rows), 1, 99))
    education = _drawn(random, "education", rows)
    grades = {value: grade for grade, (value, _) in enumerate(SHARES["education"], 1)}
    drawn = {name: _drawn(random, name, rows) for name in SHARES if name != "education"}
    columns = {
        "age": np.clip(random.gamma(8.0, 4.8, rows), 17, 90).astype(np.int64),
        "workclass": drawn["workclass"],
        "fnlwgt": np.clip(random.gamma(3.2, 59_000, rows), 12_285, 1_484_705).astype(np.int64),
        "education": education,
        "education-num": np.array([grades[str(value)] for value in education]),
        "marital-status": drawn["marital-status"],
        "occupation": drawn["occupation"],
        "relationship": drawn["relationship"],
        "race": drawn["race"],
        "sex": drawn["sex"],
        "capital-gain": gains,
        "capital-loss": losses,
        "hours-per-week": hours.astype(np.int64),
        "native-country": drawn["native-country"],
        "income": drawn["income"],
    }
    return pa.table(columns)
