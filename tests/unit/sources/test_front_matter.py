"""Keys that are set in front matter, where everything else stays byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecli.errors import UsageError
from gatecli.sources.front_matter import set_front_matter
from gatecli.sources.markdown_text import front_matter
from gatecli.sources.yaml_text import read_yaml

TAG, KEY = "differential-privacy", "gatecli"
LINES = {"epsilon": "2.5", "unit": "person"}


def edited(text: str) -> str:
    return set_front_matter("README.md", text, TAG, KEY, LINES)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "# Card\n",
            '---\ntags:\n- differential-privacy\ngatecli:\n  epsilon: "2.5"\n  unit: "person"\n---\n# Card\n',
        ),
        (
            "---\nlicense: mit # as all\n---\nx",
            (
                "---\nlicense: mit # as all\ntags:\n- differential-privacy\n"
                'gatecli:\n  epsilon: "2.5"\n  unit: "person"\n---\nx'
            ),
        ),
        (
            "---\ntags:\n  - a # first\n  - 'b'\nlicense: mit\n---\n",
            (
                "---\ntags:\n  - a # first\n  - 'b'\n  - differential-privacy\nlicense: mit\n"
                'gatecli:\n  epsilon: "2.5"\n  unit: "person"\n---\n'
            ),
        ),
        (
            "---\ntags: [a, b] # two\n---\n",
            (
                "---\ntags: [a, b, differential-privacy] # two\n"
                'gatecli:\n  epsilon: "2.5"\n  unit: "person"\n---\n'
            ),
        ),
        (
            "---\ntags: []\n---\n",
            '---\ntags: [differential-privacy]\ngatecli:\n  epsilon: "2.5"\n  unit: "person"\n---\n',
        ),
        (
            "---\ngatecli:\n  epsilon: '9'\n\n# mine\nlicense: mit\ntags: [differential-privacy]\n---\n",
            (
                '---\ngatecli:\n  epsilon: "2.5"\n  unit: "person"\n'
                "\n# mine\nlicense: mit\ntags: [differential-privacy]\n---\n"
            ),
        ),
        (
            "---\r\ntags:\r\n- a\r\n---\r\nx\r\n",
            (
                "---\r\ntags:\r\n- a\r\n- differential-privacy\r\n"
                'gatecli:\r\n  epsilon: "2.5"\r\n  unit: "person"\r\n---\r\nx\r\n'
            ),
        ),
    ],
)
def test_the_rest_stays_as_it_is(before: str, after: str) -> None:
    assert edited(before) == after
    assert edited(after) == after


@pytest.mark.parametrize(
    "text",
    [
        "\n---\nlicense: mit\n---\n",
        "\ufeff---\nlicense: mit\n---\n",
        "---\nlicense: mit\n",
        "---\ntags: text\n---\n",
        "---\ntags:\n---\n",
        "---\n- a\n---\n",
        "---\n{license: mit}\n---\n",
        "---\ntags: &tags [a]\nother: *tags\n---\n",
        "---\ntags: [a]\ntags: [b]\n---\n",
        "---\n? gatecli\n: {epsilon: 1}\n---\n",
    ],
)
def test_what_cannot_be_edited_safely_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        edited(text)


def metadata_of(text: str) -> dict[str, object]:
    (document,) = read_yaml("README.md", front_matter(text) or "")
    assert isinstance(document.data, dict)
    return document.data


@given(values=st.dictionaries(st.from_regex("[a-z]{1,5}", fullmatch=True), st.text(max_size=20), min_size=1))
def test_no_value_leaves_its_place(values: dict[str, str]) -> None:
    card = "---\nlicense: mit\n---\n# Card\n"
    try:
        text = set_front_matter("README.md", card, TAG, KEY, values)
    except UsageError:
        return  # what no YAML reader takes is refused, and not written
    assert text.endswith("---\n# Card\n")
    assert metadata_of(text) == {"license": "mit", "tags": [TAG], KEY: values}


def test_a_value_that_looks_like_yaml_is_text() -> None:
    values = {"a": '": x\n---\n', "b": "#", "c": "*d", "e": "\u2028"}
    text = set_front_matter("README.md", "x", TAG, KEY, values)
    assert metadata_of(text)[KEY] == values
