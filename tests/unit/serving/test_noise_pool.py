"""Each draw is used once, by the process that drew it."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from gatecli.serving.noise_pool import NoisePool


def numbered(batch: int = 4) -> NoisePool:
    numbers = count(1)
    return NoisePool(lambda zeros: [next(numbers) for _ in zeros], batch)


@given(st.lists(st.integers(0, 9), max_size=12), st.integers(1, 5))
def test_each_draw_is_used_once_in_the_order_of_drawing(sizes: list[int], batch: int) -> None:
    pool = numbered(batch)
    used = [each for size in sizes for each in pool.add_noise([0] * size)]
    assert used == list(range(1, sum(sizes) + 1))


def test_numbers_keep_their_places() -> None:
    assert numbered().add_noise([100, 200, 300]) == [101, 202, 303]


def test_less_than_half_a_batch_is_low() -> None:
    pool = numbered(4)
    seen = [pool.is_low]
    pool.fill()
    for size in (2, 1):
        pool.add_noise([0] * size)
        seen.append(pool.is_low)
    assert seen == [True, False, True]


def test_threads_that_fill_and_one_that_takes_use_no_draw_twice() -> None:
    pool = numbered(64)
    used: list[int] = []
    with ThreadPoolExecutor(4) as threads:
        filling = [threads.submit(pool.fill) for _ in range(200)]
        for _ in range(2000):
            used += pool.add_noise([0, 0, 0])
        for each in filling:
            each.result()
    assert len(set(used)) == len(used) == 6000


FORKING = """
import json, os
from fractions import Fraction
from functools import partial
from gatecli.data.engines.open_dp import OpenDp
from gatecli.serving.noise_pool import NoisePool

pool = NoisePool(partial(OpenDp().add_laplace, scale=Fraction(10**9)), 64)
pool.fill()
first = pool.add_noise([0] * 8)
read, write = os.pipe()
if os.fork() == 0:
    os.write(write, json.dumps([pool.add_noise([0] * 64) for _ in range(2)]).encode())
    os._exit(0)
os.wait()
print(json.dumps([first, pool.add_noise([0] * 64), *json.loads(os.read(read, 1 << 16))]))
"""


def test_a_fork_uses_nothing_that_its_parent_drew() -> None:
    """Neither what lies in the pool, nor what the engine would draw next."""
    done = subprocess.run([sys.executable, "-c", FORKING], check=True, capture_output=True)
    first, parent, *child = json.loads(done.stdout)
    assert not {*first, *parent} & {each for draws in child for each in draws}


def test_a_fork_that_fills_first_uses_nothing_either() -> None:
    pool = numbered(4)
    pool.fill()
    pool._owner = -1
    pool.fill()
    assert pool.add_noise([0])[0] > 4
