"""How the cost of the nine classic measures grows with the rows: figures, and a picture of them.

python benchmarks/anonymity_growth.py [ROWS ...] [--svg FILE]     default: 1e5 1e6 1e7, no picture

1e8 needs 3 GB of disk and some minutes, most of them to make the data. The picture in the documentation:
python benchmarks/anonymity_growth.py 1e5 1e6 1e7 1e8 --svg docs/images/anonymity-growth.svg
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log10
from pathlib import Path

ATTRIBUTES = {"diagnosis": "categorical, 60 values", "salary": "numeric, 5,000 values"}
DEFAULT_ROWS = ("1e5", "1e6", "1e7")
SEEN = re.compile(r"([\d,]+) rows .* ([\d.]+) s CPU")
LEFT, TOP, WIDTH, HEIGHT = 70, 30, 520, 300
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #333 }
  .grid { stroke: #ccc } .even { stroke: #888; stroke-dasharray: 5 5 }
  .diagnosis { stroke: #0b6bcb; fill: #0b6bcb } .salary { stroke: #c2410c; fill: #c2410c }
  polyline { fill: none !important; stroke-width: 2.5 } text.diagnosis, text.salary { stroke: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #ddd } .grid { stroke: #444 } .even { stroke: #999 }
    .diagnosis { stroke: #6cb2ff; fill: #6cb2ff } .salary { stroke: #ff9a62; fill: #ff9a62 }
  }
"""


@dataclass(frozen=True, slots=True)
class Seen:
    rows: int
    seconds: float
    """Of all processors together: what other work of the machine does not change."""


def measure_in_process(rows: str, attribute: str) -> Seen:
    """One size in a process of its own, by `benchmarks/anonymity.py`."""
    program = Path(__file__).with_name("anonymity.py")
    command = [sys.executable, str(program), "--size", rows, attribute]
    words = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    print(words, end="", flush=True)
    found = SEEN.search(words)
    assert found is not None
    return Seen(int(found[1].replace(",", "")), float(found[2]))


def across(rows: float) -> float:
    return LEFT + (log10(rows) - 5) / 3 * WIDTH


def up(seconds: float) -> float:
    return TOP + HEIGHT - (log10(seconds) + 1) / 3.5 * HEIGHT


def grid() -> list[str]:
    bottom = TOP + HEIGHT
    parts = []
    for power, label in zip(range(5, 9), ("10⁵", "10⁶", "10⁷", "10⁸ rows"), strict=True):
        x = across(10**power)
        parts += [f'<line class="grid" x1="{x:.0f}" y1="{TOP}" x2="{x:.0f}" y2="{bottom}"/>']
        parts += [f'<text x="{x:.0f}" y="{bottom + 20}" text-anchor="middle">{label}</text>']
    for seconds in (0.1, 1, 10, 100):
        y = up(seconds)
        parts += [f'<line class="grid" x1="{LEFT}" y1="{y:.0f}" x2="{LEFT + WIDTH}" y2="{y:.0f}"/>']
        parts += [f'<text x="{LEFT - 8}" y="{y + 4:.0f}" text-anchor="end">{seconds:g} s</text>']
    return parts


def line(attribute: str, found: Sequence[Seen]) -> list[str]:
    points = [(across(item.rows), up(item.seconds)) for item in found]
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = [f'<circle class="{attribute}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in points]
    return [f'<polyline class="{attribute}" points="{joined}"/>', *dots]


def picture(figures: dict[str, list[Seen]]) -> str:
    """Processor seconds by rows, both logarithmic, and what growth in proportion to the rows would be."""
    parts = grid()
    last = next(item for item in figures["diagnosis"] if item.rows >= 10**7)
    low, high = (last.seconds / last.rows * rows for rows in (1e6, 1e8))
    ends = f'x1="{across(1e6):.1f}" y1="{up(low):.1f}" x2="{across(1e8):.1f}" y2="{up(high):.1f}"'
    parts.append(f'<line class="even" {ends}/>')
    for at, (attribute, found) in enumerate(figures.items()):
        parts += line(attribute, found)
        y = TOP + 20 + 20 * at
        parts.append(f'<text class="{attribute}" x="{LEFT + 12}" y="{y}">{ATTRIBUTES[attribute]}</text>')
    parts.append(f'<text x="{LEFT + 12}" y="{TOP + 60}">dashed: in proportion to the rows</text>')
    size = f'viewBox="0 0 {LEFT + WIDTH + 60} {TOP + HEIGHT + 40}"'
    title = "Processor seconds for all nine classic measures, by rows"
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{title}">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n{body}\n</svg>\n"
    )


def main(arguments: list[str]) -> None:
    file = Path(arguments[arguments.index("--svg") + 1]) if "--svg" in arguments else None
    sizes = arguments[: arguments.index("--svg")] if file else arguments
    figures = {
        name: [measure_in_process(rows, name) for rows in sizes or DEFAULT_ROWS] for name in ATTRIBUTES
    }
    for name, found in figures.items():
        for one, more in pairwise(found):
            ratio = more.seconds / one.seconds
            print(f"{name}: {more.rows / one.rows:.0f} × the rows, {ratio:.1f} × the processor time")
    if file:
        file.parent.mkdir(exist_ok=True)
        file.write_text(picture(figures), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
