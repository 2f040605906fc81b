"""A command line is its words, or is refused: nothing that could run a second program is read as words."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecli.checks.cloud.shell_text import shell_words
from gatecli.model.job_definition import HOLE, VALUE

CALL = "gatecli cloud sagemaker run --dataset a -- python train.py"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CALL, CALL.split()),
        (f"  {CALL}\n", CALL.split()),
        (CALL.replace(" --dataset", " \\\n  --dataset"), CALL.split()),
        ("gatecli 'a b' \"c d\" e\\ f", ["gatecli", "a b", "c d", "e f"]),
        ("a''b \"\" ''", ["ab", "", ""]),
        ('a "$X" ${Y}z', ["a", HOLE, f"{HOLE}z"]),
        ('a "\\$X \\" \\\\"', ["a", '$X " \\']),
        ("a *.csv ~/b", ["a", f"{HOLE}.csv", f"{HOLE}/b"]),
        ("a b#c --x=1", ["a", "b#c", "--x=1"]),
        ("", []),
    ],
)
def test_a_simple_command_is_its_words(text: str, words: list[str]) -> None:
    assert shell_words(text).words == tuple(words)
    assert shell_words(text).fault == ""


@pytest.mark.parametrize(
    ("ending", "why"),
    [
        ("; python train.py", "after ;"),
        (" || python train.py", "after |"),
        (" && rm x", "after &"),
        (" & python train.py", "after &"),
        ("\npython train.py", "another line"),
        ("\rpython train.py", "another line"),
        (" > out", "redirects with >"),
        (" < in", "redirects with <"),
        (" $(python train.py)", "with $"),
        (" `python train.py`", "within `"),
        (' "$(python train.py)"', "runs a command"),
        (' "`python train.py`"', "runs a command"),
        (" ${X:-$(y)}", "with $"),
        (" <(python train.py)", "redirects with <"),
        (" (x)", "subshell"),
        (" # comment", "comment"),
        (" 'open", "not closed"),
        (' "open', "not closed"),
        (" \\", "backslash"),
    ],
)
def test_whatever_could_run_more_is_refused(ending: str, why: str) -> None:
    read = shell_words(f"gatecli cloud sagemaker run -- python{ending}")
    assert read.words == ()
    assert why in read.fault


@pytest.mark.parametrize(
    ("text", "loose"),
    [("a $X b", {1}), ("a \"$X\" '$X'", set()), ("a *.csv x$Y", {1, 2}), (f"a {VALUE} '{VALUE}'", set())],
)
def test_words_that_may_become_several_are_known(text: str, loose: set[int]) -> None:
    assert shell_words(text).loose == loose


def test_a_value_that_is_a_plain_word_is_unknown_and_nothing_more() -> None:
    assert shell_words(f"a --lr={VALUE} \"{VALUE}\" '{VALUE}'").words == ("a", f"--lr={HOLE}", HOLE, HOLE)


def test_a_command_that_begins_with_a_word_of_the_shell_is_refused() -> None:
    assert shell_words("! gatecli cloud").fault
    assert shell_words("{ gatecli cloud; }").fault


@given(st.text(st.characters(codec="utf-8", exclude_characters=HOLE), max_size=60))
def test_whatever_the_text_it_is_words_or_a_fault(text: str) -> None:
    read = shell_words(text)
    assert not (read.words and read.fault)
    assert read.words or read.fault or not shlex.split(text, comments=True)


@given(st.lists(st.text(st.sampled_from("ab $`\"'\\;|&<>#*?~!{}()\t="), max_size=8), min_size=1, max_size=4))
def test_quoted_words_are_read_as_a_shell_reads_them(words: list[str]) -> None:
    assert shell_words(shlex.join(words)).words == tuple(words)


@pytest.mark.parametrize("text", ["a 'b c' \"d\\\\e\" f\\ g", "a b'c'\"d\" ''", "a \\\n b", 'a "x\\y"'])
def test_words_are_those_that_a_real_shell_gives_its_program(text: str) -> None:
    program = "import sys; print(chr(0).join(sys.argv[1:]), end='')"
    words = shell_words(text).words[1:]
    script = text.replace("a ", f"python3 -c {shlex.quote(program)} ", 1)
    given_ = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True).stdout
    assert "\0".join(words) == given_
