"""`make generated`: everything that is written from code, written again. Read the diff."""

from __future__ import annotations

import json
from pathlib import Path

from gatecli.model.schemas import schemas
from tests.golden.regenerate import main as golden
from tests.support.command_reference import reference

DOCS = Path(__file__).resolve().parents[2] / "docs"


def main() -> None:
    (DOCS / "cli.md").write_text(reference(), "utf-8")
    for name, schema in schemas().items():
        (DOCS / "schemas" / f"{name}.json").write_text(
            json.dumps(schema, indent=2, ensure_ascii=False) + "\n", "utf-8"
        )
    golden()


if __name__ == "__main__":
    main()
