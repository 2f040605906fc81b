"""The page about libraries names every format and every library; its programs run in tests/training."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatecli.evidence.libraries import WRITERS
from gatecli.model.release import EvidenceFormat

PAGE = (Path(__file__).parents[2] / "docs" / "from-your-library.md").read_text("utf-8")
NAMES = {"snsql": "SmartNoise SQL", "tmlt": "Tumult Analytics"}
"""Libraries that are imported by another name than they go by."""


@pytest.mark.parametrize("name", EvidenceFormat)
def test_every_format_is_in_the_table(name: EvidenceFormat) -> None:
    assert f" | `{name}` |\n" in PAGE


@pytest.mark.parametrize("library", sorted({library for library, _ in WRITERS} - {"builtins"}))
def test_every_library_is_in_the_table(library: str) -> None:
    table = PAGE.partition("\n\n- ")[0].lower().replace("-", "").replace("_", "").replace(" ", "")
    name = NAMES.get(library, library).lower().replace("-", "").replace("_", "").replace(" ", "")
    assert name in table
