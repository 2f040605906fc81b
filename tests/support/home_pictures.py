"""`python -m tests.support.home_pictures`: the pictures of the first page, by a real browser.

The terminal shows what `docs/admission.md` shows, which the end-to-end tests hold; the report is that of the
example's table.
"""

from __future__ import annotations

import html
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.chromium import browser, chromium

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs/images"
WIDTH = 1_080
MOST = 1_150
"""Pixels of height: the verdict, the findings and the first charts."""
TERMINAL = """<!doctype html><meta charset="utf-8"><style>
body{{margin:0;background:#1e1e2e;color:#e4e4ef;font:15px/1.5 "DejaVu Sans Mono",monospace;padding:20px 24px}}
pre{{margin:0;white-space:pre-wrap}}b{{color:#a6e3a1;font-weight:normal}}</style><pre>{text}</pre>"""


def denied_apply() -> str:
    """The session of the page about the webhook, as a page that looks like a terminal."""
    page = (ROOT / "docs/admission.md").read_text("utf-8")
    found = re.search(r"^(\$ kubectl apply -f job\.yaml\n.*?)```", page, re.MULTILINE | re.DOTALL)
    assert found is not None
    text = re.sub(
        r"^\$ .*$", lambda line: f"<b>{line.group()}</b>", html.escape(found[1]), flags=re.MULTILINE
    )
    return TERMINAL.format(text=text)


def html_report(folder: Path) -> Path:
    """The report of the example's table."""
    file = folder / "report.html"
    roles = ("--quasi-identifier", "age,zip,sex", "--sensitive", "diagnosis", "--k", "3", "--l", "2")
    command = [sys.executable, "-m", "gatecli", "anonymity", "check", "patients.csv", *roles]
    subprocess.run([*command, "--report", f"html={file}"], cwd=ROOT / "examples/hospital", check=False)
    return file


def main() -> None:
    """Write both pictures."""
    program = chromium()
    if program is None:
        sys.exit("there is no Chromium; on Debian: apt-get install chromium")
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place, browser(program) as page:
        terminal = Path(place) / "terminal.html"
        terminal.write_text(denied_apply(), "utf-8")
        for name, shown in (("denied-apply", terminal), ("html-report", html_report(Path(place)))):
            page.show(shown, width=WIDTH, scheme="light")
            (IMAGES / f"{name}.png").write_bytes(page.screenshot(most=MOST))


if __name__ == "__main__":
    main()
