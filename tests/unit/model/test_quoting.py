"""What of a file a sentence may quote."""

from __future__ import annotations

import pytest

from gatecli.model.quoting import figure, quote_name, quote_text, requote_sentence


@pytest.mark.parametrize("text", ["epsilom", "2026-13-21", "dp-sgd", "1.2.3", "gatecli.dev/v2", "0.00426667"])
def test_a_mistyped_word_is_quoted(text: str) -> None:
    assert quote_text(text) == f"'{text}'"


@pytest.mark.parametrize(
    "text",
    [
        "430102199607193689",
        "138 2945 7163",
        "517-29-8264",
        "E39274815",
        "GB82WEST12345698765432",
        "carol@corp",
        "-----BEGIN RSA PRIVATE KEY-----",
        "４３０１０２１９９６０７１９３６８９",
        "gatecli.dev/v1carol.sparrow@corporation.io and more of it",
    ],
)
def test_what_may_be_somebodys_is_told_by_its_size(text: str) -> None:
    assert quote_text(text) == f"a text of {len(text)} characters"
    assert quote_name(text) == quote_text(text)


def test_a_long_text_is_cut() -> None:
    assert quote_text("a" * 100) == "'" + "a" * 39 + "…'"


@pytest.mark.parametrize("literal", ["0.0042666712345", "14040", "-1", "1e-5", "1.5e300", "1234567"])
def test_a_parameter_is_shown_as_it_was_written(literal: str) -> None:
    assert figure(literal) == literal


@pytest.mark.parametrize(
    "literal", ["430102199607193689", "13829457163.5", "4.30102199607193689E+17", "517298264"]
)
def test_a_number_of_many_digits_is_not_shown(literal: str) -> None:
    assert figure(literal) == "a number of many digits"


def test_a_parsers_own_sentence_quotes_no_more() -> None:
    assert requote_sentence("Duplicate inline table key 'carol@corporation.io'") == (
        "Duplicate inline table key a text of 20 characters"
    )
