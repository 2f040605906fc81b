"""`make modules`: every Terraform module as a folder and an archive that need nothing beside them.

In the repository a module calls its neighbour (`source = "../evidence"`), or names the webhook's manifests,
which a source of the whole repository brings along. A registry or an archive of one folder does not: there
these files have to be inside. The text of a module changes in nothing but the neighbour's address.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODULES = ROOT / "terraform_modules"
DEPLOY = ROOT / "admission" / "deploy"
LICENSE = ROOT / "LICENSE"

_MANIFESTS = "../../admission/deploy"
"""What a module names that stands outside of the modules: the webhook's manifests."""

_NEIGHBOUR = re.compile(r'^(?P<before>\s*source\s*=\s*")\.\./(?P<name>\w+)"', re.MULTILINE)
_OUTSIDE = re.compile(r'^\s*source\s*=\s*"\.\./', re.MULTILINE)
_LEFT_OUT = shutil.ignore_patterns(".terraform*", "terraform.tfstate*", "*.gate.json*")
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that an archive can name: equal files make equal archives."""


class FlattenError(ValueError):
    """A module that cannot stand alone, or no room for it."""


def neighbours(module: Path) -> tuple[str, ...]:
    """The names of the modules beside a module that it calls, sorted."""
    texts = (file.read_text("utf-8") for file in module.glob("*.tf"))
    return tuple(sorted({found["name"] for text in texts for found in _NEIGHBOUR.finditer(text)}))


def flat_files(module: Path) -> Mapping[str, bytes]:
    """The configuration of a module and of the neighbours that it calls, by their paths in its flat form.

    Raises FlattenError where a neighbour has neighbours itself, or where a path is taken.
    """
    files: dict[str, bytes] = {}
    for file in sorted(module.glob("*.tf")):
        text = file.read_text("utf-8")
        files[file.name] = _NEIGHBOUR.sub(r'\g<before>./\g<name>"', text).encode()
    for name in neighbours(module):
        files |= _inside(module, name)
    if left := [name for name, content in files.items() if _OUTSIDE.search(content.decode())]:
        raise FlattenError(f"{module.name}/{left[0]} calls a module that is not its neighbour")
    return files


def _inside(module: Path, name: str) -> Mapping[str, bytes]:
    if (module / name).exists():
        raise FlattenError(f"{module.name}/{name} is there already")
    files = {f"{name}/{file.name}": file.read_bytes() for file in sorted((module.parent / name).glob("*.tf"))}
    if not files:
        raise FlattenError(f"{module.name} calls {name}, which is not there")
    return files


def write_modules(modules: Path, to: Path) -> list[Path]:
    """Write the flat form of each module into a folder of its own below `to`, which must not be there.

    What a module's own tests need stands beside it, so they stay behind. Raises FlattenError.
    """
    if to.exists():
        raise FlattenError(f"{to} is there already")
    folders = sorted(folder for folder in modules.iterdir() if folder.is_dir())
    return [_write(module, to / module.name) for module in folders]


def _write(module: Path, to: Path) -> Path:
    for name, content in flat_files(module).items():
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        (to / name).write_bytes(content)
    shutil.copy(module / "README.md", to)
    shutil.copy(LICENSE, to)
    if any(_MANIFESTS in file.read_text("utf-8") for file in module.glob("*.tf")):
        shutil.copytree(DEPLOY, to / "deploy", ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    if (module / "examples").exists():
        shutil.copytree(module / "examples", to / "examples", ignore=_LEFT_OUT)
    return to


def write_archive(folder: Path) -> Path:
    """A ZIP archive of a folder's files, beside it; the same bytes for the same files."""
    archive = folder.with_name(f"{folder.name}.zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), _EPOCH)
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, file.read_bytes())
    return archive


def main(arguments: Sequence[str] | None = None) -> int:
    """Write folders and archives, and name the archives."""
    parser = argparse.ArgumentParser(description="Write each Terraform module so that it stands alone.")
    parser.add_argument("to", type=Path, help="a folder that is not there yet")
    to = parser.parse_args(arguments).to
    try:
        for folder in write_modules(MODULES, to):
            print(write_archive(folder))
    except FlattenError as error:
        print(f"{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
