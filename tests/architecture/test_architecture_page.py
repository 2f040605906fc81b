"""docs/architecture.md has a row for every package, with what it holds and why it exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS = re.findall(
    r"^\| `([\w/]+)/` \| (.+?) \| (.+?) \|$", (ROOT / "docs/architecture.md").read_text("utf-8"), re.MULTILINE
)
PACKAGES = sorted(
    file.parent.relative_to(ROOT).as_posix()
    for package in ("gatecli", "admission")
    for file in (ROOT / package).rglob("__init__.py")
)


def test_there_are_packages() -> None:
    assert {"gatecli", "gatecli/model", "admission"} <= set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_has_its_row(package: str) -> None:
    assert package in {name for name, _, _ in ROWS}, f"add a row for {package}/ to docs/architecture.md"


def test_no_package_has_two_rows() -> None:
    names = [name for name, _, _ in ROWS]
    assert len(names) == len(set(names))
