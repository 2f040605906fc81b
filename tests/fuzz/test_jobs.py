"""A bounded run of the fuzzer of job definitions, by Hypothesis instead of atheris."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.jobs import judge, one_input
from tests.support.examples import share
from tests.support.job_definitions import FORMS, JOB, TRAINING_JOB, machine_of

SEEDS = [json.loads(form(JOB)) for form in FORMS.values()] + [TRAINING_JOB, machine_of(TRAINING_JOB)]
ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    10**30,
    "",
    "\ufdd0",
    "{% $x %}",
    "$(x)",
    [],
    {},
    [[]],
    {"Ref": "A"},
    {"Fn::Sub": ["${A}", {"A": {"Ref": "A"}}]},
    {"Get": "Parameters.A"},
    {"Std:Join": {"On": 1, "Values": []}},
    {"A.$": "$.a"},
    ["sh", "-c", "gatecli cloud sagemaker run 'a"],
    "postgresql://[::1/x",
    "a" * 3000,
]


def paths_in(data: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value below."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path for key, value in items for path in ((*at, key), *paths_in(value, (*at, key)))]


def put(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value at a path."""
    if not path:
        return value
    copy = dict(data) if isinstance(data, dict) else list(data)
    copy[path[0]] = put(data[path[0]], path[1:], value)
    return copy


@st.composite
def changed_definitions(draw: st.DrawFn) -> bytes:
    """A definition of which a few values are something else."""
    data = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(paths_in(data) or [()]))
        data = put(data, path, draw(st.sampled_from(ODD)))
    return json.dumps(data).encode()


BOUNDED = settings(
    max_examples=share(300), deadline=timedelta(seconds=20), suppress_health_check=[HealthCheck.too_slow]
)


@BOUNDED
@given(changed_definitions())
def test_a_definition_with_odd_values_is_judged_or_told(content: bytes) -> None:
    one_input(content)


@BOUNDED
@given(st.sampled_from([json.dumps(seed).encode() for seed in SEEDS]), st.data())
def test_a_definition_with_odd_bytes_is_judged_or_told(content: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(content)))
    one_input(content[:at] + data.draw(st.binary(max_size=3)) + content[at + 1 :])


@pytest.mark.parametrize("seed", range(len(SEEDS)))
def test_every_seed_defines_a_job(seed: int, tmp_path: Path) -> None:
    file = tmp_path / "job.json"
    file.write_text(json.dumps(SEEDS[seed]), "utf-8")
    assert judge(file) == 1


def test_machines_inside_of_machines_are_read_within_bounds(tmp_path: Path) -> None:
    machine: Any = machine_of(JOB)
    for _ in range(12):
        machine = {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": machine}}}
    file = tmp_path / "job.json"
    file.write_text(json.dumps(machine), "utf-8")
    assert judge(file) == 1
    file.write_text('{"StartAt": "A", "States": ' * 3000, "utf-8")
    assert judge(file) == 0
