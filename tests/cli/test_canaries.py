"""Personal data where none is looked for: in names, keys, options and broken files. It is never shown."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gatecli.cli.app import main
from gatecli.reports.registry import ReportFormat

RESIDENT_ID, SSN, ADDRESS = "430102199607193689", "517-29-8264", "carol.sparrow@corporation.io"
CANARIES = (RESIDENT_ID, SSN, ADDRESS)
FORMATS = tuple(ReportFormat)

Shown = Callable[..., str]


@pytest.fixture(name="shown")
def what_a_command_shows_and_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shown:
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> str:
        main(arguments)
        said = capsys.readouterr()
        report = Path("report")
        return said.out + said.err + (report.read_text("utf-8") if report.exists() else "")

    return run


def assert_silent(text: str) -> None:
    assert text
    assert [canary for canary in CANARIES if canary[:-2] in text] == []


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("canary", CANARIES)
def test_names_of_files_and_folders_are_masked(shown: Shown, format_: str, canary: str) -> None:
    folder = Path(f"of-{canary}")
    folder.mkdir()
    (folder / f"{canary}.yaml").write_text(f"a: {SSN}\n", "utf-8")
    (folder / f"{canary}.bin").write_bytes(b"\0\1")
    (folder / "privacy.yaml").write_text("a: [\n", "utf-8")
    report = f"{format_}=report"
    assert_silent(shown("check", ".", "-vv", "--no-cache", "--format", format_, "--report", report))


BROKEN = (
    "{0}: 1\n{0}: 2\n",
    "a: *{0}\n",
    "a: !{0} x\n",
    "a: !!bool {0}\n",
    "apiVersion: {0}\nkind: {0}\n",
    "apiVersion: gatecli.dev/v1\nkind: ModelRelease\nmetadata: {{name: {0}, {0}: 1}}\nspec: {0}\n",
    '{{"a": {0}',
    '{{"{0}": 1, "{0}": 2}}',
    "? {0}\n",
)


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("canary", [*CANARIES, RESIDENT_ID[:17], "13829457163"])
def test_what_is_wrong_with_a_file_is_said_without_its_values(shown: Shown, broken: str, canary: str) -> None:
    text = broken.format(canary)
    Path("privacy.yaml").write_text(text, "utf-8")
    for command in (
        ("release", "check", "privacy.yaml", "-vv"),
        ("pii", "scan", ".", "--policy", "privacy.yaml"),
        ("release", "check", ".", "--waivers", "privacy.yaml"),
    ):
        assert canary[:9] not in shown(*command)


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize(
    "arguments",
    [
        ("explain", "{}"),
        ("{}",),
        ("pii", "scan", "--{}"),
        ("pii", "scan", ".", "--fail-on", "{}"),
        ("pii", "scan", ".", "--report", "{}"),
        ("pii", "scan", ".", "--changed-since", "{}"),
        ("release", "allocate", "--epsilon", "1", "--delta", "1e-6", "{}:weight=2", "b"),
        ("anonymity", "check", "sqlite:///{}.db#t", "--quasi-identifier", "a", "--k", "2"),
    ],
)
def test_an_option_that_holds_a_value_is_masked_where_it_is_quoted(
    shown: Shown, canary: str, arguments: tuple[str, ...]
) -> None:
    assert_silent(shown(*(each.format(canary) for each in arguments)))


def test_a_report_from_elsewhere_is_compared_and_adopted_without_its_values(shown: Shown) -> None:
    Path("a.txt").write_text("ssn 517-30-8264\n", "utf-8")
    shown("pii", "scan", "a.txt", "--report", "json=now.json")
    report = Path("now.json").read_text("utf-8")
    Path("then.json").write_text(report.replace("a.txt", f"{RESIDENT_ID}.txt"), "utf-8")
    for format_ in ("text", "json", "markdown"):
        assert_silent(shown("diff", "now.json", "then.json", "-v", "--format", format_))
    assert_silent(shown("baseline", "then.json", "--output", "report"))


@pytest.mark.parametrize("interrupt", ["default_int_handler", "SIG_IGN"])
def test_a_request_to_end_leaves_no_copy_behind(tmp_path: Path, interrupt: str) -> None:
    """Also where the interrupt is ignored, as a shell has it for a job in the background."""
    script = (
        "import pathlib, signal, tempfile\n"
        f"signal.signal(signal.SIGINT, signal.{interrupt})\n"
        "from gatecli.cli import app\n"
        "def work(**given):\n"
        "    with tempfile.TemporaryDirectory(dir='.') as folder:\n"
        f"        (pathlib.Path(folder) / 'copy').write_text('{SSN}')\n"
        "        signal.raise_signal(signal.SIGTERM)\n"
        "app.app = work\n"
        "app.run()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, list(tmp_path.iterdir())) == (130, [])
    assert "nothing was judged" in done.stderr
