"""The installer on an index that is a folder of wheels: what it makes, and what it leaves when it fails."""

from __future__ import annotations

import hashlib
import json
import os
import runpy
import signal
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from tests.support.wheels import make_lock, make_wheel

ROOT = Path(__file__).resolve().parents[2]
INSTALL = ROOT / "tools/install.py"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder with an index, a lock and an environment. The lock's `asking` wants an extra of `keys`."""

    folder: Path

    def __call__(self, *locks: Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the installer, which can reach nothing but the folder's own index."""
        return self.run(self.arguments(*locks), variables)

    def run(self, arguments: list[str], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(INSTALL), *arguments],
            env={**self.variables(), **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def arguments(self, *locks: Path) -> list[str]:
        chosen = [part for lock in locks or (self.lock(),) for part in ("--lock", str(lock))]
        package = ["--package", str(self.folder / "shipped-1-py3-none-any.whl")]
        return [str(self.environment), *chosen, *package, "--tools", str(self.folder / "tools.txt")]

    def variables(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        index = {
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.index),
            "PIP_CONFIG_FILE": os.devnull,
            "UV_CACHE_DIR": str(self.folder / "cache"),
            "UV_NO_CONFIG": "1",
        }
        return {**kept, **index}

    @property
    def index(self) -> Path:
        return self.folder / "index"

    @property
    def environment(self) -> Path:
        return self.folder / "environment"

    def lock(self) -> Path:
        return self.folder / "lock.txt"

    def versions(self, *modules: str) -> list[str]:
        code = f"import {','.join(modules)}\nprint({','.join(f'{module}.version' for module in modules)})"
        command = [str(self.environment / "bin/python"), "-c", code]
        return str(subprocess.run(command, capture_output=True, text=True, check=True).stdout).split()


def new_place(folder: Path) -> Place:
    made = Place(folder)
    made.index.mkdir()
    asking = make_wheel(made.index, "asking", "1.0", "keys[safe]")
    keys = make_wheel(made.index, "keys", "2.62", "locks; extra == 'safe'", extras=("safe",))
    locks = make_wheel(made.index, "locks", "3.0")
    make_lock(made.lock(), asking, keys, locks)
    make_wheel(folder, "shipped", "1", "asking")
    uv = f"#!/bin/sh\nexec '{Path(sys.executable).with_name('uv')}' \"$@\"\n"
    make_lock(folder / "tools.txt", make_wheel(made.index, "uv", "1", program=uv))
    return made


@dataclass(frozen=True, slots=True)
class Attempts:
    """Two installations that fail, and the environment that the third makes."""

    place: Place
    without_network: subprocess.CompletedProcess[str]
    interrupted: tuple[int, str]


@pytest.fixture(scope="module", name="attempts")
def all_attempts(tmp_path_factory: pytest.TempPathFactory) -> Attempts:
    """The index has a newer version of what another package wants an extra of."""
    place = new_place(tmp_path_factory.mktemp("whole"))
    make_wheel(place.index, "keys", "2.63", "locks; extra == 'safe'", extras=("safe",))
    away = {"PIP_NO_INDEX": "", "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    without_network = place(**away, PIP_FIND_LINKS="")
    assert not (place.environment / ".installed.json").exists()
    ended = interrupted(place)
    assert not (place.environment / ".installed.json").exists()
    done = place()
    assert done.returncode == 0, done.stderr
    return Attempts(place, without_network, ended)


@pytest.fixture(name="whole")
def one_whole_environment(attempts: Attempts) -> Place:
    return attempts.place


def test_without_a_network_the_first_package_is_named(attempts: Attempts) -> None:
    done = attempts.without_network
    assert done.returncode == 2
    assert f"uv==1 {UNAVAILABLE}" in done.stderr


def test_an_interrupt_is_told(attempts: Attempts) -> None:
    code, said = attempts.interrupted
    assert code == 130
    assert "interrupted; the same command begins anew" in said


def test_a_newer_version_on_the_index_changes_nothing(whole: Place) -> None:
    """As it was on 28 November 2026, when pip was allowed to resolve a lock again."""
    assert whole.versions("asking", "keys", "locks", "shipped") == ["1.0", "2.62", "3.0", "1"]
    resolving = ["--ignore-installed", "--dry-run", "--require-hashes", "--requirement", str(whole.lock())]
    resolved = subprocess.run(
        [str(whole.environment / "bin/python"), "-m", "pip", "install", *resolving],
        env=whole.variables(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert resolved.returncode != 0, "this index no longer shows what pip does when it resolves"


def test_what_is_whole_is_kept_and_grows(whole: Place) -> None:
    again = whole()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    kept = whole.environment / "kept"
    kept.touch()
    more = make_lock(whole.folder / "more.txt", make_wheel(whole.index, "more", "5"))
    assert whole(whole.lock(), more).returncode == 0
    assert kept.exists()
    assert whole.versions("asking", "more") == ["1.0", "5"]
    assert whole().stderr == ""


def refusal(whole: Place, lock: Path, **variables: str) -> str:
    """What is said where this further lock cannot be installed; then the environment is whole again."""
    marker = whole.environment / ".installed.json"
    record = marker.read_bytes()
    done = whole(whole.lock(), lock, **variables)
    assert done.returncode == 2
    assert not marker.exists(), "half an environment is taken for a whole one"
    marker.write_bytes(record)
    first, *said = done.stderr.splitlines()
    assert first.endswith("(once) …")
    return "\n".join(said)


UNAVAILABLE = "could not be had from the package index (is there a network?); the same command begins anew"


def test_a_package_that_cannot_be_had_is_named(whole: Place) -> None:
    lock = make_lock(whole.folder / "absent.txt", make_wheel(whole.folder, "absent", "4.0"))
    assert refusal(whole, lock) == f"gatecli is not installed: absent==4.0 {UNAVAILABLE}"
    away = {"PIP_NO_INDEX": "", "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}
    assert refusal(whole, lock, **away) == f"gatecli is not installed: absent {UNAVAILABLE}"


def test_another_file_under_the_same_name_is_refused(whole: Place) -> None:
    lock = make_lock(whole.folder / "altered.txt", make_wheel(whole.index, "altered", "1"))
    make_wheel(whole.index, "altered", "1", "asking")
    assert "altered==1 is not what the lock file pins: its hash is another" in refusal(whole, lock)


def test_nothing_is_built_from_source(whole: Place) -> None:
    """Building would ask the index for tools that no lock pins."""
    source = make_wheel(whole.index, "source", "1").rename(whole.index / "source-1.tar.gz")
    lock = whole.folder / "source.txt"
    lock.write_text(f"source==1 --hash=sha256:{hashlib.sha256(source.read_bytes()).hexdigest()}\n", "utf-8")
    assert "source==1 could not be had" in refusal(whole, lock)


def test_a_lock_that_lacks_what_its_packages_ask_for_is_refused(whole: Place) -> None:
    lock = make_lock(whole.folder / "needy.txt", make_wheel(whole.index, "needy", "1", "nowhere"))
    said = refusal(whole, lock)
    assert "needy" in said
    assert "nowhere" in said
    removing = [str(whole.environment / "bin/python"), "-m", "pip", "uninstall", "--yes", "--quiet", "needy"]
    subprocess.run(removing, check=True)


def interrupted(place: Place) -> tuple[int, str]:
    """How an installation ends that is interrupted while pip works, and what it says."""
    begun, stopping = place.folder / "begun", place.folder / "stopping"
    os.mkfifo(begun)
    stopping.mkdir()
    told = f"open({str(begun)!r}, 'w').close()"
    code = f"import sys, signal\nif 'install' in sys.argv:\n {told}; signal.pause()\n"
    (stopping / "sitecustomize.py").write_text(code, "utf-8")
    with subprocess.Popen(
        [sys.executable, str(INSTALL), *place.arguments()],
        env={**place.variables(), "PYTHONPATH": str(stopping)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        begun.read_text()
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
    return process.returncode, said


def test_what_contradicts_itself_does_not_grow(whole: Place) -> None:
    """The check of the whole could not pass any more."""
    marker = whole.environment / ".installed.json"
    record = marker.read_text("utf-8")
    contradicting = make_lock(whole.folder / "peer.txt", make_wheel(whole.index, "peer", "1", "locks<3"))
    grown = whole.run([*whole.arguments(), "--unchecked", str(contradicting)], {})
    assert grown.returncode == 0, grown.stderr
    assert whole.versions("peer") == ["1"]
    assert whole().stderr == ""
    late = make_lock(whole.folder / "late.txt", make_wheel(whole.index, "late", "1"))
    assert "-m venv --clear" in stopped_at_the_start(whole, whole.lock(), late)
    marker.write_text(record, "utf-8")


def stopped_at_the_start(whole: Place, *locks: Path) -> str:
    """What is said where the program that makes environments says that it was called, and fails."""
    stopping = whole.folder / "recording"
    stopping.mkdir(exist_ok=True)
    code = (
        "import os, sys\nif 'venv' in sys.orig_argv:\n print(*sys.orig_argv[1:], flush=True); os._exit(1)\n"
    )
    (stopping / "sitecustomize.py").write_text(code, "utf-8")
    done = whole(*locks, PYTHONPATH=str(stopping))
    assert done.returncode == 2
    return done.stderr


def test_another_lock_or_another_python_is_another_environment(whole: Place) -> None:
    marker = whole.environment / ".installed.json"
    record = json.loads(marker.read_text("utf-8"))
    names = runpy.run_path(str(INSTALL))
    assert names["read_record"](whole.environment) == record
    marker.write_text(json.dumps({**record, "python": "3.9"}), "utf-8")
    assert names["read_record"](whole.environment) == {}
    marker.write_text("{", "utf-8")
    assert names["read_record"](whole.environment) == {}
    marker.write_text(json.dumps(record), "utf-8")
    make_lock(whole.lock(), *(next(whole.index.glob(f"{name}-*")) for name in ("asking", "locks")))
    newer = make_lock(whole.folder / "newer.txt", whole.index / "keys-2.63-py3-none-any.whl")
    assert f"-m venv --clear {whole.environment}" in stopped_at_the_start(whole, whole.lock(), newer)


@pytest.mark.parametrize("version", [(3, 10), (3, 15), (4, 0)])
def test_an_unsupported_python_is_told_so(version: tuple[int, int]) -> None:
    names = runpy.run_path(str(INSTALL))
    with pytest.raises(names["InstallError"], match=r"needs Python 3\.11 to 3\.14, and this is"):
        names["check_python"](version)


def test_the_supported_pythons_are_the_project_s() -> None:
    names = runpy.run_path(str(INSTALL))
    for minor in range(11, 15):
        names["check_python"]((3, minor))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    supported = SpecifierSet(project["requires-python"])
    (_, oldest), (_, newest) = names["OLDEST"], names["NEWEST"]
    assert [supported.contains(f"3.{minor}") for minor in (oldest - 1, oldest, newest, newest + 1)] == [
        *(False, True, True, False)
    ]
    assert f"(3, {oldest}) <= sys.version_info[:2] <= (3, {newest})" in (ROOT / "Makefile").read_text("utf-8")


def test_the_index_of_pip_s_configuration_is_asked() -> None:
    """A mirror of a company stands in pip's settings; the more particular one counts."""
    names = runpy.run_path(str(INSTALL))
    said = (
        ":env:.index-url='https://mirror.example/simple'\n:env:.no-index='true'\n"
        "global.cert='/etc/own.pem'\nglobal.index-url='https://other.example/simple'\n"
        "global.timeout='9'\ninstall.extra-index-url='https://a.example\\nhttps://b.example'\n"
    )
    options, variables = names["index_settings"](said)
    assert options == [
        *("--default-index", "https://mirror.example/simple"),
        *("--index", "https://a.example", "--index", "https://b.example"),
        "--no-index",
        *("--index-strategy", "unsafe-best-match"),
    ]
    assert variables == {"SSL_CERT_FILE": "/etc/own.pem"}
