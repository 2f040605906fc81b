"""Mechanisms for the tests of `gatecli audit mechanism`: right, wrong, and impossible to run."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any, NoReturn

import numpy as np

_SEEDED = np.random.default_rng(7)


def count(data: list[int], epsilon: float, rng: np.random.Generator) -> float:
    return len(data) + rng.laplace(0, 1 / epsilon)


def noisy_max(data: list[int], epsilon: float, rng: np.random.Generator) -> float:
    return max(value + rng.laplace(0, 1 / (4 * epsilon)) for value in data)


def gaussian(data: list[int], epsilon: float, delta: float, rng: np.random.Generator) -> float:
    sigma = float(np.sqrt(2 * np.log(1.25 / delta)) / epsilon)
    return float(sum(data) + rng.normal(0, sigma))


def known_noise(data: list[int]) -> float:
    return sum(data) + _SEEDED.laplace(0, 10)


def known_coin(data: list[int]) -> bool:
    return bool((_SEEDED.random() < 0.6) == (sum(data) % 2 == 0))


def known_noise_above_0(data: list[int]) -> float:
    return max(0, sum(data)) + _SEEDED.laplace(0, 10)


def constant(data: list[int]) -> str:
    return "always"


def raising(data: list[int]) -> NoReturn:
    raise ValueError(f"no place for {CUSTOMER}\nand a second line")


def printing(data: list[int], rng: np.random.Generator) -> float:
    print(CUSTOMER)  # noqa: T201 - what the test is about
    sys.stderr.write(CUSTOMER)
    os.write(2, CUSTOMER.encode())
    return sum(data) + rng.laplace(0, 1)


def telling(data: list[str], rng: np.random.Generator) -> str:
    return data[0] if data and rng.random() < 0.9 else "nobody"


def keyed(data: list[int], rng: np.random.Generator) -> float:
    if "AUDIT_TEST_TOKEN" in os.environ or "AUDIT_TEST_FOLDER" not in os.environ:
        raise ValueError
    return sum(data) + rng.laplace(0, 1)


def leaving(data: list[int]) -> NoReturn:
    raise SystemExit(3)


def dying(data: list[int]) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def hanging(data: list[int]) -> NoReturn:
    signal.pause()
    raise AssertionError


def spinning(data: list[int]) -> NoReturn:
    while True:
        pass


def hungry(data: list[int]) -> int:
    return len(bytearray(64 * 1024**3))


def strange(data: list[int]) -> object:
    return object()


def wishful(data: list[int], temperature: float) -> float:
    return temperature


def stingy(data: list[int], runs: int) -> list[int]:
    return [1] * (runs - 1)


def changing(data: list[int], rng: np.random.Generator) -> list[Any]:
    return [None, "x", float("nan"), True][: int(rng.integers(0, 5))]


NOT_A_FUNCTION = 3
CUSTOMER = "alice@example.org"
