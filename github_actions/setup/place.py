"""Names the environment after all that decides what is in it. Standard library only."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import sysconfig
from pathlib import Path

ACTION = Path(__file__).resolve().parent
ROOT = ACTION.parents[1]


def inputs(package: str) -> list[Path]:
    """The files whose content decides what is installed."""
    tools = ROOT / "tools"
    locks = [
        ROOT / "requirements.txt",
        ROOT / "requirements-ledger.txt",
        tools / "build-requirements.txt",
        tools / "install.py",
        ACTION / "run.sh",
    ]
    code = [file for folder in ("gatecli", "admission") for file in (ROOT / folder).rglob("*.py")]
    return [*locks, Path(package)] if package else [*locks, ROOT / "pyproject.toml", *sorted(code)]


def key(package: str, version: str, ledger: str = "false") -> str:
    """The same for the same interpreter, its folder, the locks and the code; different for any other."""
    digest = hashlib.sha256(f"{sys.version}\0{sys.executable}\0{version}\0{ledger}\0".encode())
    for file in inputs(package):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return f"gatecli-{sysconfig.get_platform()}-{platform.python_version()}-{digest.hexdigest()[:32]}"


def main() -> None:
    """Append `key` and `path` to the outputs of the step."""
    ledger = os.environ.get("INPUT_LEDGER", "false")
    named = key(os.environ["INPUT_PACKAGE"], os.environ["INPUT_VERSION"], ledger)
    path = Path(os.environ.get("RUNNER_TOOL_CACHE") or os.environ["RUNNER_TEMP"]) / named
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8", newline="\n") as file:
        file.write(f"key={named}\npath={path}\n")


if __name__ == "__main__":
    main()
