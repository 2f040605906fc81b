"""Seal, open and rotate a large artifact, beside a copy and the same library alone: rate and peak memory.

    .venv/bin/python benchmarks/keys.py [--quick]

Each is a process of its own, so that the peak is its own. `bare` is pyrage from file to file, without digest,
manifest or check: what the age format itself costs here.
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from gatecli.sealing.identities import write_identity  # noqa: E402 - after the path
from tests.support.key_policies import data_of_key_policy, recipient  # noqa: E402 - after the path

SIZES = (16, 256) if "--quick" in sys.argv else (16, 1024)
MEBIBYTE = 2**20

BARE_SEAL = """import pyrage,sys
key = pyrage.x25519.Recipient.from_str(sys.argv[3])
pyrage.encrypt_file(sys.argv[1], sys.argv[2], [key])"""
BARE_OPEN = """import pyrage,sys
key = [line for line in open(sys.argv[3]) if line.startswith('AGE')][0].strip()
pyrage.decrypt_file(sys.argv[1], sys.argv[2], [pyrage.x25519.Identity.from_str(key)])"""
COPY = "import shutil,sys;shutil.copyfile(sys.argv[1],sys.argv[2])"
HASH = "import hashlib,sys;hashlib.file_digest(open(sys.argv[1],'rb'),'sha256')"


def run(*arguments: str) -> tuple[float, int]:
    """Seconds, and the peak of resident memory in MiB."""
    before = time.perf_counter()
    process = subprocess.Popen(arguments, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, arguments
    return time.perf_counter() - before, peak_of(usage)


def peak_of(usage: resource.struct_rusage) -> int:
    return usage.ru_maxrss // (1024 if sys.platform == "linux" else MEBIBYTE)


def write_policies(folder: Path, public: str) -> None:
    people = [recipient("north-statistics", "north", public, "statistician")]
    for epoch in (1, 2):
        data = data_of_key_policy(epoch=epoch, recipients=people, access={"purpose": "validation"})
        (folder / f"epoch{epoch}.key-policy.json").write_text(json.dumps(data))


def measure(folder: Path, mebibytes: int, public: str) -> None:
    plain, sealed, key = folder / "model", folder / "model.age", folder / "north.key"
    with plain.open("wb") as file:
        for _ in range(mebibytes):
            file.write(os.urandom(MEBIBYTE))
    python, gatecli = sys.executable, (sys.executable, "-m", "gatecli", "keys")
    policies = [f"--key-policy={folder / f'epoch{epoch}.key-policy.json'}" for epoch in (1, 2)]
    rows = {
        "copy": run(python, "-c", COPY, f"{plain}", f"{folder / 'copy'}"),
        "sha256": run(python, "-c", HASH, f"{plain}"),
        "bare seal": run(python, "-c", BARE_SEAL, f"{plain}", f"{folder / 'bare'}", public),
        "bare open": run(python, "-c", BARE_OPEN, f"{folder / 'bare'}", f"{folder / 'copy'}", f"{key}"),
        "keys seal": run(*gatecli, "seal", f"{plain}", policies[0], "-o", f"{sealed}"),
        "keys open": run(*gatecli, "open", f"{sealed}", "-i", f"{key}", "-o", f"{folder / 'copy'}"),
        "keys rotate": run(
            *gatecli, "rotate", f"{sealed}", policies[1], "-i", f"{key}", "-o", f"{folder / 'next.age'}"
        ),
    }
    for name, (seconds, peak) in rows.items():
        bare = re.sub("keys", "bare", name)
        ratio = f"{seconds / rows[bare][0]:6.2f} × bare" if bare in rows and bare != name else ""
        rate = f"{seconds:7.2f} s {mebibytes / seconds:8.0f} MiB/s {peak:5} MiB"
        print(f"{mebibytes:>6} MiB  {name:<12} {rate}  {ratio}")
    for path in folder.glob("*"):
        if path != key and "key-policy" not in path.name:
            path.unlink()


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        public = write_identity(folder / "north.key")
        write_policies(folder, public)
        for size in SIZES:
            measure(folder, size, public)


if __name__ == "__main__":
    main()
