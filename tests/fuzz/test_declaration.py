"""A bounded run of the declaration fuzzer, by Hypothesis instead of atheris."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.fuzz.declaration import NAMES, judge, one_input
from tests.support.declarations import GOOD
from tests.support.examples import share

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
JSON = """{"apiVersion": "gatecli.dev/v1", "kind": "ModelRelease",
 "metadata": {"name": "a", "version": "1"}, "spec": {"privacy": {"epsilon": 1e-1}}}"""
TOML = """[tool.gatecli.release]
metadata = {name = "a", version = "1"}
[tool.gatecli.release.spec.privacy]
epsilon = 1
"""
CARD = """---
name: a
version: '1'
privacy: {epsilon: 1, mechanisms: [{kind: pure, epsilon: 1}]}
---
# a
"""
SEEDS = (
    *(text.encode() for text in (GOOD, JSON, TOML, CARD)),
    *(file.read_bytes() for file in sorted(EXAMPLES.rglob("privacy.yaml"))),
)
TOKENS = (
    *(
        "a: ",
        "- ",
        "? ",
        "&a ",
        "*a",
        "!!str ",
        "!x ",
        "<<: ",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "\n",
        "  ",
        "\t",
        "'",
        '"',
    ),
    *(
        "---\n",
        "...\n",
        "%YAML 1.2\n",
        "|\n",
        ">-\n",
        "# ",
        "1e-5",
        ".nan",
        "0x",
        "~",
        "\\u0000",
        "\\ud800",
        "\ufeff",
    ),
    *(
        "\u2028",
        "é",
        "\0",
        "apiVersion: gatecli.dev/v1\n",
        "kind: ModelRelease\n",
        "spec: ",
        "privacy: ",
        "= 1\n",
    ),
    *("[tool.gatecli.release]\n", '"""', "'''", "9" * 500, "1979-05-27", "\r\n", "\x85"),
)

bounded = settings(
    max_examples=share(150), deadline=timedelta(seconds=10), suppress_health_check=[HealthCheck.too_slow]
)


@st.composite
def mutants(draw: st.DrawFn) -> bytes:
    """A seed with a few slices cut, doubled, or overwritten."""
    content = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 30)))
        middle = draw(
            st.sampled_from([b"", content[start:end] * 2])
            | st.binary(max_size=6)
            | st.sampled_from(TOKENS).map(str.encode)
        )
        content = content[:start] + middle + content[end:]
    return content


@pytest.mark.parametrize("seed", SEEDS)
def test_the_seeds_are_read(seed: bytes) -> None:
    assert any(judge(name, seed) for name in NAMES)


@bounded
@given(st.binary(max_size=200))
@example(b"\xff\xfe\x00\xd8")
@example(b"\xef\xbb\xbf\xef\xbb\xbfa: 1")
@example(b"%YAML " + b"1" * 5000 + b".1\n---\na")
def test_bytes_never_break_the_reader(content: bytes) -> None:
    one_input(content)


@bounded
@given(mutants())
def test_a_broken_declaration_never_breaks_the_reader(content: bytes) -> None:
    one_input(content)


@bounded
@given(st.lists(st.sampled_from(TOKENS), max_size=40).map("".join))
def test_syntax_at_random_never_breaks_the_reader(text: str) -> None:
    one_input(text.encode())


@bounded
@given(st.lists(st.sampled_from(TOKENS), max_size=20).map("".join))
def test_a_key_at_random_never_breaks_a_declaration(text: str) -> None:
    one_input(GOOD.encode() + b"      - " + text.encode())
