"""What a gate says while it works, as it is shown on stderr."""

from __future__ import annotations

import pytest

from gatecli.cli import notices
from gatecli.cli.notices import Listener, listening
from gatecli.gates.notices import NotScanned, Progress, Remark, Timing

NARROWED = NotScanned(("part of it",))


@pytest.mark.parametrize(
    ("verbose", "quiet", "expected"),
    [
        (0, False, ""),
        (1, False, "note: part of it\n"),
        (0, True, ""),
        (1, True, ""),
    ],
)
def test_what_narrowed_the_search_is_said_where_it_is_asked(
    capsys: pytest.CaptureFixture[str], verbose: int, *, quiet: bool, expected: str
) -> None:
    Listener(verbose, quiet=quiet)(NARROWED)
    assert capsys.readouterr() == ("", expected)


def test_nothing_is_said_of_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Listener()(NotScanned(()))
    assert capsys.readouterr().err == ""


def test_a_remark_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    Listener(quiet=True)(Remark("the cache is not used"))
    assert capsys.readouterr().err == "the cache is not used\n"


def test_progress_is_not_shown_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with listening() as listener:
        listener(Progress("counting the records", 0.5))
    assert capsys.readouterr().err == ""


def test_the_line_of_progress_is_gone_before_anything_else_and_in_the_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr(notices, "PATIENCE", 0)
    with listening() as listener:
        listener(Progress("counting the records", 0.5))
        listener(Remark("a remark"))
        listener(Progress("counting the classes", 1.0))
    clear = "\r\x1b[K"
    assert capsys.readouterr().err == (
        f"{clear} 50%  counting the records …{clear}a remark\n{clear}100%  counting the classes …{clear}"
    )


def test_timings_have_their_share_of_the_whole() -> None:
    listener = Listener()
    listener(Timing("release", 1.0))
    listener(Timing("pii", 3.0))
    assert listener.timings().splitlines() == [
        "release       1.00 s   25%",
        "pii           3.00 s   75%",
        "all           4.00 s  100%",
    ]
