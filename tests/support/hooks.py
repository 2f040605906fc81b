"""A repository that offers our hooks, which pre-commit can install without the package index."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent

# Builds a wheel that holds the entry point, and leads to the gatecli of this environment.
_BACKEND = """\
import zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    info = "gatecli-0.dist-info"
    with zipfile.ZipFile(f"{{folder}}/gatecli-0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("gatecli.pth", {paths!r})
        wheel.writestr(f"{{info}}/METADATA", "Metadata-Version: 2.1\\nName: gatecli\\nVersion: 0\\n")
        wheel.writestr(f"{{info}}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{{info}}/entry_points.txt", "[console_scripts]\\ngatecli = gatecli.cli.app:run\\n")
        wheel.writestr(f"{{info}}/RECORD", "")
    return "gatecli-0-py3-none-any.whl"
"""
_PROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "gatecli"
version = "0"
"""


@dataclass(frozen=True)
class Repository:
    """A git repository whose commits run the hooks."""

    folder: Path
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.home),
            "PRE_COMMIT_HOME": str(self.home / "pre-commit"),
            "PIP_NO_INDEX": "1",
            "LANG": "C.UTF-8",
            **{
                f"GIT_{who}_{what}": "a@example.org"
                for who in ("AUTHOR", "COMMITTER")
                for what in ("NAME", "EMAIL")
            },
        }

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )

    def git(self, *arguments: str) -> str:
        done = self.run("git", "-c", "init.defaultBranch=main", *arguments)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def write(self, name: str, text: str, *, staged: bool = True) -> None:
        file = self.folder / name
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(text, "utf-8")
        if staged:
            self.git("add", "--", name)

    def commit(self) -> tuple[bool, str]:
        """Whether a commit was made, and what the hooks said."""
        done = self.run("git", "commit", "-m", "a")
        return done.returncode == 0, done.stdout


def offered(home: Path) -> tuple[Path, str]:
    """A repository with our list of hooks, and its commit."""
    source = Repository(home / "gatecli", home)
    source.folder.mkdir(parents=True)
    paths = f"{sysconfig.get_path('purelib')}\n{ROOT}\n"
    source.git("init", "--quiet")
    source.write("backend.py", _BACKEND.format(paths=paths))
    source.write("pyproject.toml", _PROJECT)
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", source.folder)
    source.git("add", "--all")
    source.git("commit", "--quiet", "-m", "a")
    return source.folder, source.git("rev-parse", "HEAD").strip()


def configured(repository: Repository, source: Path, revision: str, *hooks: str) -> None:
    """Install these hooks in a new repository."""
    listed = "".join(f"\n      - id: {hook}" for hook in hooks)
    repository.folder.mkdir(parents=True)
    repository.git("init", "--quiet")
    repository.write(
        ".pre-commit-config.yaml",
        f"repos:\n  - repo: {source}\n    rev: {revision}\n    hooks:{listed}\n",
    )
    done = repository.run("pre-commit", "install")
    assert done.returncode == 0, done.stdout
