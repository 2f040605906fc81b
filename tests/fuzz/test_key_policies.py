"""Whatever stands in a KeyPolicy, a manifest or a sealed file: a verdict or one sentence, in time."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gatecli.errors import GatecliError
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.keys import check_keys, request_at
from gatecli.model.verdict import ExitCode, Verdict
from gatecli.sealing.sealed_files import open_sealed
from gatecli.sources.policy import default_policy
from tests.support.attestations import NOW
from tests.support.examples import share
from tests.support.key_policies import SealedModel, data_of_key_policy, sealed_model

SEED = yaml.safe_dump(data_of_key_policy()).encode()
TOKENS = ("a: ", "- ", "&a ", "*a", "{", "}", "[", "]", "\n", "'", "all: ", "any: ", "atLeast: ", "of: ", "~")

bounded = settings(
    max_examples=share(150), deadline=timedelta(seconds=10), suppress_health_check=[HealthCheck.too_slow]
)
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.text(max_size=8)
    | st.sampled_from(["age1", "*", "𝔞", "north", "validation"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@contextmanager
def written(content: bytes, name: str = "key-policy.yaml") -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        yield path


def judge(content: bytes, name: str = "key-policy.yaml") -> Verdict:
    with written(content, name) as path:
        verdict = check_keys(request_at([path], JudgementTerms(default_policy(), (), NOW.date())))
    assert verdict.exit_code in {ExitCode.OPEN, ExitCode.CLOSED, ExitCode.UNCHECKABLE}
    for finding in verdict.findings:
        assert len(finding.message) < 2000
        assert finding.message.encode()
        assert finding.remediation
    return verdict


def test_the_seed_passes() -> None:
    assert judge(SEED).passed


@bounded
@given(st.binary(max_size=200))
@example(b"\xff\xfe\x00\xd8")
def test_bytes_are_judged_or_told(content: bytes) -> None:
    assert not judge(content).passed


@bounded
@given(st.data())
def test_a_broken_policy_is_judged_or_told(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(SEED)))
    end = min(len(SEED), start + data.draw(st.integers(0, 30)))
    middle = data.draw(st.binary(max_size=6) | st.sampled_from(TOKENS).map(str.encode))
    judge(SEED[:start] + middle + SEED[end:])


@bounded
@given(st.sampled_from(sorted(data_of_key_policy()["spec"])), anything)
def test_any_value_of_any_key_is_judged_or_told(key: str, value: Any) -> None:
    judge(json.dumps(data_of_key_policy(**{key: value})).encode(), "key-policy.json")


@pytest.mark.parametrize("levels", [20, 100, 1000, 10_000])
@pytest.mark.parametrize(("before", "after"), [('{"any":[', "]}"), ('{"atLeast":1,"of":[', "]}")])
def test_a_deep_formula_is_refused_in_time(levels: int, before: str, after: str) -> None:
    access = before * levels + '{"purpose":"validation"}' + after * levels
    text = json.dumps(data_of_key_policy(access="ACCESS")).replace('"ACCESS"', access)
    assert judge(text.encode(), "key-policy.json").passed is False


def test_a_broad_formula_is_refused_in_time() -> None:
    broad = {"any": [{"any": [{"centre": f"c{n}"} for n in range(100)]} for _ in range(100)]}
    assert judge(json.dumps(data_of_key_policy(access=broad)).encode(), "key-policy.json").exit_code == 4


def test_a_formula_of_aliases_does_not_explode() -> None:
    """Nine lists of nine references are 3.9e8 terms: a reader that copies them never ends."""
    lines = ["l0: &l0 {centre: north}"]
    lines += [f"l{n}: &l{n} {{any: [{', '.join([f'*l{n - 1}'] * 9)}]}}" for n in range(1, 10)]
    text = (
        "\n".join(lines)
        + "\n"
        + yaml.safe_dump(data_of_key_policy(access="X")).replace("access: X", "access: *l9")
    )
    assert judge(text.encode()).exit_code == 4


@cache
def kept() -> SealedModel:
    folder = tempfile.TemporaryDirectory()
    model = sealed_model(Path(folder.name))
    KEPT.append(folder)
    return model


KEPT: list[tempfile.TemporaryDirectory[str]] = []


@pytest.fixture(scope="module", autouse=True)
def no_folder_is_left() -> Iterator[None]:
    yield
    while KEPT:
        KEPT.pop().cleanup()
    kept.cache_clear()


@contextmanager
def sealed_as(sealed: bytes, manifest: bytes) -> Iterator[SealedModel]:
    model = kept()
    with written(sealed, "model.age") as path:
        path.with_name("model.age.manifest.json").write_bytes(manifest)
        yield SealedModel(path.parent, model.policy, model.content)


def refuse(sealed: bytes, manifest: bytes) -> None:
    identities = kept().identities("north")
    with sealed_as(sealed, manifest) as model, pytest.raises(GatecliError) as refused:
        open_sealed(model.sealed, identities, model.folder / "opened")
    assert "\n" not in refused.value.message
    assert not (model.folder / "opened").exists()


@bounded
@given(st.binary(max_size=400))
def test_any_bytes_for_a_sealed_file_are_refused(content: bytes) -> None:
    refuse(content, kept().manifest.read_bytes())


@bounded
@given(st.binary(max_size=400))
def test_any_bytes_for_a_manifest_are_refused(content: bytes) -> None:
    refuse(kept().sealed.read_bytes(), content)


@bounded
@given(st.data())
def test_a_spliced_sealed_file_is_refused(data: st.DataObject) -> None:
    content = kept().sealed.read_bytes()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, len(content)))
    middle = data.draw(st.sampled_from([b"", content[start:end] * 2, b"-> X25519 ", b"\n", b"\0"]))
    spliced = content[:start] + middle + content[end:]
    if spliced != content:
        refuse(spliced, kept().manifest.read_bytes())
