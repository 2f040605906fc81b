"""An index that is a folder: tiny wheels and source distributions, and the lock that pins some of them."""

from __future__ import annotations

import hashlib
import stat
import zipfile
from pathlib import Path


def make_wheel(
    folder: Path,
    name: str,
    version: str,
    *requires: str,
    extras: tuple[str, ...] = (),
    program: str | None = None,
) -> Path:
    """A wheel with one module, which holds its version, and a program of its name where one is given."""
    info = f"{name}-{version}.dist-info"
    metadata = [
        "Metadata-Version: 2.1",
        f"Name: {name}",
        f"Version: {version}",
        *(f"Provides-Extra: {extra}" for extra in extras),
        *(f"Requires-Dist: {each}" for each in requires),
    ]
    files = {
        f"{name}.py": f"version = {version!r}\n",
        f"{info}/METADATA": "\n".join(metadata) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if program is not None:
        files[f"{name}-{version}.data/scripts/{name}"] = program
    record = [f"{path},," for path in (*files, f"{info}/RECORD")]
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in {**files, f"{info}/RECORD": "\n".join(record) + "\n"}.items():
            entry = zipfile.ZipInfo(path)
            entry.external_attr = (stat.S_IFREG | 0o755) << 16
            archive.writestr(entry, text)
    return wheel


def make_lock(file: Path, *wheels: Path) -> Path:
    """A lock file that pins the wheels by version and hash."""
    lines = []
    for wheel in wheels:
        name, version, *_ = wheel.name.split("-")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        lines.append(f"{name}=={version} \\\n    --hash=sha256:{digest}\n")
    file.write_text("".join(lines), "utf-8")
    return file
