"""What `make demo` shows: a release that fails, how to fix it, and the fixed one that passes."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCENES = (
    ("A release that promises less than its training cost:", "gatecli release check examples/churn-model", 1),
    ("Why that is refused:", "gatecli explain dp-understated-epsilon", 0),
    (
        "The noise that would keep the promise of ε = 1:",
        "gatecli release calibrate examples/churn-model/privacy.yaml",
        0,
    ),
    ("The same training with an honest ε:", "gatecli release check examples/churn-model-mended --verbose", 0),
)


def main() -> int:
    """Run every scene; 0 where each ends with the exit code it should."""
    path = f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ.get('PATH', '')}"
    surprises = 0
    for title, command, expected in SCENES:
        sys.stdout.write(f"\n# {title}\n$ {command}\n")
        sys.stdout.flush()
        done = subprocess.run(shlex.split(command), cwd=ROOT, env={**os.environ, "PATH": path}, check=False)
        sys.stdout.write(f"(exit {done.returncode})\n")
        surprises += done.returncode != expected
    return min(surprises, 1)


if __name__ == "__main__":
    sys.exit(main())
