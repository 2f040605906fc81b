"""Installs what lock files pin into a virtual environment: exactly that, once, and checked.

    python3 tools/install.py .venv --editable --lock requirements.txt

A lock file is complete, so nothing is resolved: what the index offers besides makes no difference, today or
in two years. pip installs the tools (uv, and what builds), uv the rest, from the index that pip is configured
to ask. An environment is used only when all of it was installed and fits together; any other is made anew by
the same command. The standard library alone, in a syntax that older Pythons can read, so that they can say
why they will not do.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Mapping, Sequence

OLDEST, NEWEST = (3, 11), (3, 14)
ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / "tools" / "build-requirements.txt"
MARKER = ".installed.json"
SOURCE_ONLY = ("pyspark", "python-terraform")
"""The packages that have no wheels. They are built by the tools' setuptools, which is pinned."""
BINARY = ("--only-binary", ":all:", *(word for name in SOURCE_ONLY for word in ("--no-binary", name)))
AGAIN = "the same command begins anew"
SECTIONS = ("global", "install", ":env:")
"""Of pip's configuration, the later before the earlier."""
OPTIONS = {
    "index-url": "--default-index",
    "extra-index-url": "--index",
    "find-links": "--find-links",
    "trusted-host": "--allow-insecure-host",
}
"""uv's name for a setting of pip that may hold several values."""
VARIABLES = {"cert": "SSL_CERT_FILE", "client-cert": "SSL_CLIENT_CERT", "proxy": "ALL_PROXY"}
UNAVAILABLE = "{} could not be had from the package index (is there a network?)"
ALTERED = "{} is not what the lock file pins: its hash is another"
PROBLEMS = (
    (r"Hash mismatch for `([^`]+)`", ALTERED),
    (
        r"HASHES FROM THE REQUIREMENTS FILE(?s:.)*?\n +(\S+)",
        "{} is not what the lock file pins: its hash is another",
    ),
    (r"No matching distribution found for (\S+)", UNAVAILABLE),
    (r"Failed to fetch: \S+/([^/\s]+)/?", UNAVAILABLE),
    (r"Failed to download `([^`]+)`", UNAVAILABLE),
    (r"you require ([^\s,]+)", UNAVAILABLE),
)
"""What pip and uv say, with the package in it, and the sentence that is made of it."""


class InstallError(Exception):
    """What was not installed, why, and what to do about it: one sentence."""


def check_python(version: tuple[int, ...]) -> None:
    """Raise InstallError for a Python that gatecli does not support."""
    if not OLDEST <= version <= NEWEST:
        this = ".".join(map(str, version))
        raise InstallError(
            f"gatecli needs Python 3.11 to 3.14, and this is {this}: install one of them and name it, for "
            "example make PYTHON=python3.13 …"
        )


def locks(arguments: argparse.Namespace) -> dict[str, str]:
    """The digest of each lock file by its name, in the order in which they are installed."""
    return {
        lock_name(file): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in (arguments.tools, *arguments.lock, *arguments.unchecked)
    }


def lock_name(file: Path) -> str:
    """The same wherever the checkout is."""
    return os.path.relpath(file, ROOT)


def project(arguments: argparse.Namespace) -> str:
    """What stands for gatecli itself: a package, or this checkout with its metadata."""
    if arguments.package is not None:
        return str(arguments.package)
    kind = "editable" if arguments.editable else "copied"
    return kind + " " + hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()


def read_record(folder: Path) -> dict[str, Any]:
    """The record of a whole environment; nothing where it is not whole, or another Python's."""
    try:
        held = json.loads((folder / MARKER).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return held if held.get("python") == sys.version and program(folder, "python").exists() else {}


def program(folder: Path, name: str) -> Path:
    """One of the environment's programs."""
    return folder / (f"Scripts/{name}.exe" if os.name == "nt" else f"bin/{name}")


def install(folder: Path, arguments: argparse.Namespace) -> None:
    """Make `folder` hold what is wanted. Raises InstallError; what is there then is not used."""
    aim, held = locks(arguments), read_record(folder)
    present = held.get("locks", {})
    if aim.items() <= present.items() and held.get("project") == project(arguments):
        return
    print(f"installing gatecli and its packages into {folder} (once) …", file=sys.stderr, flush=True)
    # A whole environment grows by further locks; one that holds an older lock, or contradictions, does not.
    stale = any(aim.get(name, digest) != digest for name, digest in present.items())
    if not present or stale or held.get("unchecked"):
        present = {}
        create(folder)
    (folder / MARKER).unlink(missing_ok=True)
    fill(folder, arguments, [name for name in aim if name not in present])
    record = {
        "python": sys.version,
        "locks": {**present, **aim},
        "unchecked": [lock_name(file) for file in arguments.unchecked],
        "project": project(arguments),
    }
    part = folder / (MARKER + ".part")
    part.write_text(json.dumps(record, indent=1), "utf-8")
    part.replace(folder / MARKER)


def create(folder: Path) -> None:
    """An empty environment with pip, in place of what is there."""
    # Of an environment's own interpreter the one that it was made from: its files are about to go.
    base = getattr(sys, "_base_executable", sys.executable)
    done = run([base, "-m", "venv", "--clear", str(folder)])
    if done.returncode:
        raise InstallError(
            "python -m venv failed (on Debian: apt-get install python3-venv): "
            + (done.stdout + done.stderr).strip()
        )


def fill(folder: Path, arguments: argparse.Namespace, missing: Sequence[str]) -> None:
    """Install the missing locks and the project, and check that all fits together."""
    if lock_name(arguments.tools) in missing:
        raise_failure(
            pip(folder, "install", "--quiet", "--no-compile", *pinned_requirements(arguments.tools))
        )
    configuration = pip(folder, "config", "list")
    raise_failure(configuration)
    index, variables = index_settings(configuration.stdout)

    def uv(*words: str) -> None:
        # Bytecode is made when it is first needed: most of what is installed is never imported.
        command = [str(program(folder, "uv")), "pip", *words, "--python", str(program(folder, "python"))]
        raise_failure(run(command, {**variables, "UV_NO_PROGRESS": "1"}))

    def uv_install(*words: str) -> None:
        uv("install", "--quiet", "--no-deps", "--no-build-isolation", *index, *words)

    for lock in arguments.lock:
        if lock_name(lock) in missing:
            uv_install(*BINARY, "--require-hashes", "--requirement", str(lock))
    uv_install(
        *([arguments.package] if arguments.package else ["--editable"] * arguments.editable + [str(ROOT)])
    )
    if arguments.lock:
        uv("check", "--quiet")
    for lock in arguments.unchecked:
        uv_install("--require-hashes", "--requirement", str(lock))


def pinned_requirements(lock: Path) -> list[str]:
    """Options of pip to take a lock file as it stands."""
    return ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--requirement", str(lock)]


def pip(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """What became of a command of pip."""
    return run([str(program(folder, "python")), "-m", "pip", "--disable-pip-version-check", *words])


def index_settings(configuration: str) -> tuple[list[str], dict[str, str]]:
    """Options and variables of uv for the index that pip's configuration (`pip config list`) names."""
    settings = {}
    for section in SECTIONS:
        for line in configuration.splitlines():
            name, _, value = line.partition("=")
            if name.startswith(section + "."):
                settings[name[len(section) + 1 :]] = ast.literal_eval(value)
    options = [
        word
        for name, option in OPTIONS.items()
        for value in settings.get(name, "").split()
        for word in (option, value)
    ]
    if settings.get("no-index", "").lower() in {"1", "true", "yes", "on"}:
        options.append("--no-index")
    # Hashes decide which file is taken, so any index may give it, as with pip.
    options += ["--index-strategy", "unsafe-best-match"]
    return options, {variable: settings[name] for name, variable in VARIABLES.items() if name in settings}


def raise_failure(done: subprocess.CompletedProcess[str]) -> None:
    """Raise InstallError for a command of pip or uv that failed, with the package that it failed for."""
    if not done.returncode:
        return
    said = done.stderr + done.stdout
    for pattern, sentence in PROBLEMS:
        found = re.search(pattern, said)
        if found:
            raise InstallError(f"{sentence.format(found.group(1))}; {AGAIN}")
    raise InstallError(f"{said.strip()}\n{AGAIN}")


def run(
    command: Sequence[str], variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The ended program and what it said."""
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, **(variables or {})},
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Install what lock files pin into a virtual environment.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lock", action="append", type=Path, default=[], metavar="FILE", help="repeatable")
    unchecked = "a lock whose packages contradict others or gatecli itself; repeatable"
    parser.add_argument("--unchecked", action="append", type=Path, default=[], metavar="FILE", help=unchecked)
    tools = "the lock of what installs and builds"
    parser.add_argument("--tools", type=Path, default=TOOLS, metavar="FILE", help=tools)
    parser.add_argument("--package", help="a wheel or NAME==VERSION in place of this checkout")
    parser.add_argument("--editable", action="store_true", help="this checkout as it is edited, not a copy")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """0 where the environment holds what is wanted, 2 where it could not be made, 130 when interrupted."""
    parsed = parse(arguments)
    try:
        check_python(sys.version_info[:2])
        install(parsed.folder, parsed)
    except (InstallError, OSError) as error:
        print(f"gatecli is not installed: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"gatecli is not installed: interrupted; {AGAIN}", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
