"""What the golden files hold: every case in every format, by relative path."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

from gatecli import package
from gatecli.reports.interface import Style
from gatecli.reports.registry import all_reports, report
from tests.support.verdicts import CASES

HERE = Path(__file__).parent

STYLES = {known.name: (known.name, Style()) for known in all_reports()} | {
    "text-verbose-narrow": ("text", Style(verbosity=1, width=60)),
    "text-colour": ("text", Style(colour=True)),
    "text-quiet": ("text", Style(verbosity=-1)),
}


def expected() -> dict[str, str]:
    """Relative path → text, under a version that no release changes."""
    with patch.object(package, "VERSION", "1.2.3"):
        return {
            f"{case}/{file}": report(name).render(build(), style)
            for case, build in CASES.items()
            for file, (name, style) in STYLES.items()
        }


def stored() -> dict[str, str]:
    """Relative path → text, as it is on disk."""
    return {
        path.relative_to(HERE).as_posix(): path.read_bytes().decode()
        for path in HERE.glob("*/*")
        if path.parent.name != "__pycache__"
    }
