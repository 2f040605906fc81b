from __future__ import annotations

from gatecli.sources.ignore import decision, patterns_of


def test_no_pattern_makes_a_long_name_take_long() -> None:
    patterns = patterns_of("*a" * 60 + "b\n" + "/".join(["**", "a*"] * 30) + "/b\n")
    deep = "/".join(["a" * 30] * 60)
    assert decision(patterns, "a" * 255, folder=False) is None
    assert decision(patterns, deep, folder=False) is None


def test_the_last_pattern_that_matches_decides() -> None:
    patterns = patterns_of("*.log\n!keep.log\n")
    assert decision(patterns, "a.log", folder=False) is True
    assert decision(patterns, "x/keep.log", folder=False) is False
    assert decision(patterns, "other", folder=False) is None


def test_a_trailing_slash_means_folders() -> None:
    patterns = patterns_of("build/")
    assert decision(patterns, "build", folder=False) is None
    assert decision(patterns, "build", folder=True) is True
