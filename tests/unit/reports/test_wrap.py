from __future__ import annotations

from gatecli.reports.wrap import cells, wrap


def test_wide_characters_take_two_cells_and_combining_ones_none() -> None:
    assert cells("abc") == 3
    assert cells("顾客") == 4
    assert cells("e\u0301") == 1
    assert cells("ε") == 1


def test_a_line_hangs_under_its_first_word() -> None:
    assert wrap("one two three four", 16, first="  fix: ", rest=" " * 8) == [
        "  fix: one two",
        "        three",
        "        four",
    ]


def test_wide_text_breaks_between_characters_but_never_before_closing_punctuation() -> None:
    lines = wrap("准标识符，把三条记录", 8)
    assert lines == ["准标识", "符，把三", "条记录"]
    assert all(cells(line) <= 8 for line in lines)


def test_an_address_is_never_broken() -> None:
    url = "https://gatecli.dev/rules/#dp-understated-epsilon-顾客"
    assert wrap(f"see {url} for more", 20) == ["see", url, "for more"]


def test_a_relation_stays_together() -> None:
    assert wrap("cost at least ε = 2.38 here", 19) == ["cost at least", "ε = 2.38 here"]


def test_no_word_is_lost() -> None:
    text = "declares ε = 1.0, 但是 14040 steps 顾客 cost more"
    for width in range(1, 60):
        assert "".join(wrap(text, width)).replace(" ", "") == text.replace(" ", "")


def test_an_empty_text_is_one_empty_line() -> None:
    assert wrap("", 10) == [""]
