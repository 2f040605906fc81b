"""From a verdict to its reports: on stdout and in files, in one run, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from gatecli.errors import UsageError
from gatecli.frontdoor.console import out
from gatecli.frontdoor.options import Colour, ReportFormat, no_colour_wanted, source_date_epoch
from gatecli.gates.concealment import without_values
from gatecli.model.verdict import ExitCode, Verdict
from gatecli.reports.interface import Style
from gatecli.reports.registry import report

REPORTS_AT_ONCE = 20


def style_of(colour: Colour, *, verbose: int = 0, quiet: bool = False) -> Style:
    """How text is shown on this stdout."""
    terminal = sys.stdout.isatty()
    coloured = colour is Colour.ALWAYS or (colour is Colour.AUTO and terminal and not no_colour_wanted())
    width = max(40, min(120, shutil.get_terminal_size((100, 24)).columns)) if terminal else 100
    return Style(coloured, width, -1 if quiet else verbose)


def report_targets(reports: Sequence[str]) -> dict[Path, ReportFormat]:
    """`FORMAT=FILE` options as a table; raises UsageError on anything else."""
    targets: dict[Path, ReportFormat] = {}
    for text in reports:
        name, separator, file = text.partition("=")
        if not separator or not file or name not in set(ReportFormat):
            known = ", ".join(ReportFormat)
            raise UsageError(f"--report {text}: not FORMAT=FILE", advice=f"FORMAT is one of {known}")
        path = Path(file)
        if path in targets:
            raise UsageError(f"--report names {file} twice", advice="give each report a file of its own")
        targets[path] = ReportFormat(name)
    if len(targets) > REPORTS_AT_ONCE:
        raise UsageError(f"more than {REPORTS_AT_ONCE} reports in one run", advice="ask for fewer")
    return targets


def publish(
    verdict: Verdict, shown: ReportFormat, targets: dict[Path, ReportFormat], style: Style
) -> ExitCode:
    """Write every report file atomically, then show one on stdout; the verdict's exit code.

    A file is evidence and says when it was made; what stdout shows is the same for the same input.
    """
    verdict = without_values(verdict)
    plain = Style(colour=False, width=100, verbosity=style.verbosity, made_at=_now())
    write_together({path: report(name).render(verdict, plain) for path, name in targets.items()})
    out(report(shown).render(verdict, style))
    return verdict.exit_code


def _now() -> str:
    """What a kept report is dated; the same input gives the same bytes where a build fixes its clock."""
    fixed = source_date_epoch()
    now = datetime.now(UTC) if fixed is None else datetime.fromtimestamp(fixed, UTC)
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")


def write_together(contents: Mapping[Path, str | bytes]) -> None:
    """Stage every file beside its place, then move all in; on a failure none is left half-written."""
    staged: list[tuple[str, Path]] = []
    try:
        for path, content in contents.items():
            staged.append((_stage(path, content), path))
        for temporary, path in staged:
            Path(temporary).replace(path)
    except OSError as error:
        name = error.filename2 or error.filename or "a report"
        raise UsageError(f"cannot write {name}: {error.strerror}", advice="choose a writable place") from None
    finally:
        for temporary, _ in staged:
            with contextlib.suppress(FileNotFoundError):
                Path(temporary).unlink()


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write a file line by line beside its place, then move it in; on a failure none is left half-written."""
    staged: str | None = None
    try:
        staged = _stage(path, "")
        with Path(staged).open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
        Path(staged).replace(path)
    except OSError as error:
        name = error.filename2 or error.filename or path
        raise UsageError(f"cannot write {name}: {error.strerror}", advice="choose a writable place") from None
    finally:
        if staged is not None:
            Path(staged).unlink(missing_ok=True)


def _stage(path: Path, content: str | bytes) -> str:
    if path.is_dir():
        raise IsADirectoryError(21, "it is a folder", str(path))
    if path.is_symlink():  # such as /dev/stdout, which a file would replace for everybody
        raise OSError(22, "it is a link", str(path))
    if path.exists() and not path.is_file():
        raise OSError(22, "it is not a regular file", str(path))
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content)
    umask = os.umask(0)
    os.umask(umask)
    Path(temporary).chmod(0o666 & ~umask)
    return temporary
