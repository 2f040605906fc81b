"""Writes a gate's outputs and its job summary from the reports. Standard library only."""

from __future__ import annotations

import json
import os
from pathlib import Path

SUMMARY_LIMIT = 1_048_576
"""Bytes of a step's summary; GitHub drops a longer one whole."""


NOT_JUDGED = frozenset({3, 4})
"""Exit codes of gatecli: there was nothing to check, or something could not be checked."""


def outputs(report: Path) -> dict[str, str]:
    """The action's outputs; what was not judged is an error, neither a pass nor a gate that is closed."""
    if not report.is_file():
        return {"verdict": "error", "findings": "0", "report-path": ""}
    content = json.loads(report.read_text("utf-8"))
    verdict = (
        "error"
        if content["exit_code"] in NOT_JUDGED
        else {"pass": "pass", "fail": "fail"}[content["verdict"]]
    )
    live = sum(finding["suppressed"] is None for finding in content["findings"])
    return {"verdict": verdict, "findings": str(live), "report-path": str(report)}


def main() -> None:
    """Read the environment of a step, and append to the files that it names."""
    folder = Path(os.environ["REPORTS"])
    lines = (f"{name}={value}\n" for name, value in outputs(folder / "report.json").items())
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8", newline="\n") as file:
        file.writelines(lines)
    markdown = folder / "report.md"
    if os.environ["INPUT_SUMMARY"] == "true" and markdown.is_file():
        text = markdown.read_bytes()
        if len(text) > SUMMARY_LIMIT:
            text = b"The report is too long for a summary.\n"
        with Path(os.environ["GITHUB_STEP_SUMMARY"]).open("ab") as file:
            file.write(text)


if __name__ == "__main__":
    main()
