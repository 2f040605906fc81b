"""For any sequence of edits, a run with a cache says byte for byte what one without says."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from gatecli.cache.codec import Codec
from gatecli.model.budget import Bounds, Neighbouring
from gatecli.model.verdict import Checked
from tests.support.check_runs import check
from tests.support.examples import share

RULES = Path(__file__).parents[1] / "rules"
PLANS = [(RULES / "tf-dataset-ungated" / kind / "plan.json").read_bytes() for kind in ("pass", "fail")]

RELEASE = b"""\
apiVersion: gatecli.dev/v1
kind: ModelRelease
metadata: {name: m, version: "1"}
spec:
  sensitivity: low
  privacy: {unit: person, neighbouring: add-remove, epsilon: 1, delta: 1.0e-6,
            mechanisms: [{kind: gaussian, noiseMultiplier: SIGMA}]}
"""
TABLE = b"""\
  datasets: [{name: d, anonymity: {path: people.csv, quasiIdentifiers: [zip], k: K}}]
"""
PERSON = b"ssn: 536-22-1234"
ALLOWED = PERSON + b"  # gatecli: allow pii-us-ssn -- a sample until 2026-06-30\n"

FILES: dict[str, list[bytes]] = {
    "privacy.yaml": [
        RELEASE.replace(b"SIGMA", b"9"),
        RELEASE.replace(b"SIGMA", b"0.5") + TABLE.replace(b"K", b"2"),
        RELEASE.replace(b"SIGMA", b"9") + TABLE.replace(b"K", b"3"),
        b"kind: [",
    ],
    "people.csv": [b"zip\n1\n1\n2\n2\n", b"zip\n1\n2\n2\n", b""],
    "plan.json": [*PLANS, PLANS[1][:600]],
    "sub/a.yaml": [PERSON + b"\n", ALLOWED, b"a: 1\n", b"# gatecli: allow nothing\n"],
    "sub/b.txt": [PERSON + b"\n", b"\xff\xfe\0", b"\0\1\2", b""],
    "model.onnx": [b"weights"],
}
POLICY = """\
apiVersion: gatecli.dev/v1
kind: PrivacyPolicy
metadata: {name: p}
spec: {extends: default, SPEC}
---
apiVersion: gatecli.dev/v1
kind: PrivacyWaiver
metadata: {name: w}
spec: {rule: pii-us-ssn, subject: SUBJECT, reason: r, owner: o, expires: 2026-09-30}
"""
SPECS = (
    "severities: {pii-us-ssn: note}",
    "pii: {entities: {US_SSN: ignore}}",
    "pii: {timeBudget: 0s}",
    "anonymity: {minK: 3}",
    "terraform: {publishers: {aws_s3_object: ignore}}",
)
DAYS = (date(2026, 6, 1), date(2026, 8, 1), date(2026, 11, 1))

Edit = Callable[[Path, Path], None]


def writing(name: str, content: bytes) -> Edit:
    def edit(root: Path, _cache: Path) -> None:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(content)

    return edit


def removing(name: str) -> Edit:
    return lambda root, _cache: (root / name).unlink(missing_ok=True)


def ruling(spec: str) -> Edit:
    def edit(root: Path, _cache: Path) -> None:
        text = POLICY.replace("SPEC", spec).replace("SUBJECT", (root / "sub/a.yaml").as_posix() + "@1")
        (root / "gatecli.yaml").write_text(text, "utf-8")

    return edit


def harming(number: int, at: int) -> Edit:
    """Another byte somewhere in what is kept."""

    def edit(_root: Path, cache: Path) -> None:
        files = sorted(cache.glob("*.shelf"))
        if files:
            file = files[number % len(files)]
            content = bytearray(file.read_bytes())
            content[at % len(content)] ^= 1
            file.write_bytes(content)

    return edit


EDITS = st.one_of(
    st.sampled_from([(name, content) for name, contents in FILES.items() for content in contents]).map(
        lambda pair: writing(*pair)
    ),
    st.sampled_from([*FILES, "gatecli.yaml"]).map(removing),
    st.sampled_from(SPECS).map(ruling),
    st.tuples(st.integers(0, 9), st.integers(0, 10**6)).map(lambda pair: harming(*pair)),
)


@settings(max_examples=share(20))
@given(st.lists(st.tuples(st.lists(EDITS, min_size=1, max_size=6), st.sampled_from(DAYS)), max_size=4))
def test_a_run_with_a_cache_says_what_one_without_says(steps: list[tuple[list[Edit], date]]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        root, cache = Path(scratch, "project"), Path(scratch, "cache")
        root.mkdir()
        for edits, day in steps:
            for edit in edits:
                edit(root, cache)
            with patch("gatecli.frontdoor.session.datetime") as clock:
                clock.now.return_value = datetime(day.year, day.month, day.day, tzinfo=UTC)
                assert check(root, "--cache-dir", cache) == check(root)
                assert check(root, "--cache-dir", cache) == check(root)


PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(),
    st.fractions(),
    st.decimals(allow_nan=False),
    st.dates(),
    st.sampled_from(Neighbouring),
)
MEASURES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), MEASURES), st.text(), st.fractions(), st.fractions())
def test_what_is_kept_comes_back_the_same(
    measures: dict[str, object], name: str, one: object, other: object
) -> None:
    codec = Codec()
    checked = Checked("table", name, name, measures, measures)
    assert repr(codec.decode(codec.encode(checked))) == repr(checked)
    bounds = Bounds(one, Neighbouring.ADD_REMOVE, None, other, name)  # type: ignore[arg-type]  # fractions
    assert codec.decode(codec.encode(bounds)) == bounds
