"""Each lock holds all that it needs, for every supported Python and platform, and no more.

What a package asks for is read from its installed metadata. For a version that the running Python or platform
does not get (`scipy` has one for 3.11 and another from 3.12 on) the installed one stands in; it is checked
itself where it is installed, since each installation ends with a check.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PYTHONS = ("3.11.0", "3.11.9", "3.12.0", "3.13.0", "3.14.0")
PLATFORMS = {
    "Linux x86-64": ("linux", "Linux", "x86_64"),
    "Linux ARM": ("linux", "Linux", "aarch64"),
    "macOS ARM": ("darwin", "Darwin", "arm64"),
    "macOS x86-64": ("darwin", "Darwin", "x86_64"),
}


def extra(*names: str) -> list[str]:
    """What the distribution itself asks for with these extras."""
    optional = PROJECT["project"]["optional-dependencies"]
    return [*PROJECT["project"]["dependencies"], *(line for name in names for line in optional[name])]


CLASHING = frozenset({"flower"})
"""Extras that contradict another one, and so are in an environment of their own."""

ROOTS = {
    "requirements.txt": extra(),
    "requirements-dev.txt": extra("dev"),
    "requirements-ledger.txt": extra("ledger", "postgres"),
    "constraints.txt": [
        *extra(*(PROJECT["project"]["optional-dependencies"].keys() - CLASHING)),
        *PROJECT["dependency-groups"]["build"],
    ],
    "admission/requirements.txt": PROJECT["dependency-groups"]["webhook"],
    "tools/build-requirements.txt": PROJECT["dependency-groups"]["build"],
}
"""What each lock was made for."""
TRAINING = "tests/training.txt"
"""Another environment, for one platform; its installation ends with a check of what fits together."""
MLFLOW, AZUREML, FLOWER = "tests/mlflow.txt", "tests/azureml.txt", "tests/flower.txt"
"""Programs that tests start, in environments where they overrule what gatecli needs."""
CONTRADICTING = "tests/oracles.txt"
"""Peers that pin other versions of what we need: the one lock that cannot be closed."""


@dataclass(frozen=True, slots=True)
class Target:
    """A Python on a platform."""

    python: str
    platform: str

    def holds(self, requirement: Requirement, extras: frozenset[str] = frozenset()) -> bool:
        """Whether the requirement applies here, where these extras of its package were asked for."""
        marker = requirement.marker
        return marker is None or any(
            marker.evaluate({**self.environment(), "extra": name}) for name in extras or {""}
        )

    def environment(self) -> dict[str, str]:
        system, name, machine = PLATFORMS[self.platform]
        return {
            "implementation_name": "cpython",
            "os_name": "posix",
            "platform_machine": machine,
            "platform_python_implementation": "CPython",
            "platform_system": name,
            "python_full_version": self.python,
            "python_version": self.python.rpartition(".")[0],
            "sys_platform": system,
        }


TARGETS = [Target(python, platform) for python in PYTHONS for platform in PLATFORMS]


@cache
def pins(lock: str) -> tuple[Requirement, ...]:
    lines = re.findall(r"^([A-Za-z0-9][^#\\\n]*?) *\\?$", (ROOT / lock).read_text("utf-8"), re.MULTILINE)
    return tuple(Requirement(line) for line in lines)


def held(lock: str, target: Target) -> dict[str, str]:
    """The version of every package that the lock gives to a target."""
    return {
        canonicalize_name(pin.name): str(pin.specifier).removeprefix("==")
        for pin in pins(lock)
        if target.holds(pin)
    }


@cache
def metadata(name: str) -> tuple[str, tuple[Requirement, ...]]:
    """The installed version of a package, and what it asks for."""
    found = distribution(name)
    return found.version, tuple(map(Requirement, found.requires or ()))


def asked_by(who: str, lines: list[str], target: Target) -> list[tuple[Requirement, str]]:
    return [(each, who) for each in map(Requirement, lines) if target.holds(each)]


def faults(roots: list[str], lock: Mapping[str, str], target: Target) -> Iterator[str]:
    """What is asked for and not held, or held and never asked for."""
    pending = asked_by("the project", roots, target)
    reached: set[tuple[str, frozenset[str]]] = set()
    while pending:
        asked, by = pending.pop()
        name, extras = canonicalize_name(asked.name), frozenset(asked.extras)
        if name == "gatecli":
            pending += asked_by("the project", extra(*sorted(extras)), target)
        elif name not in lock:
            yield f"{by} asks for {asked}, which is not in the lock"
        elif not asked.specifier.contains(lock[name], prereleases=True):
            yield f"{by} asks for {asked}, and the lock has {lock[name]}"
        elif (name, extras) not in reached:
            reached.add((name, extras))
            pending += [(need, name) for need in metadata(name)[1] if target.holds(need, extras)]
    yield from (f"nothing asks for {name}" for name in sorted(lock.keys() - {name for name, _ in reached}))


@pytest.mark.parametrize("lock", ROOTS)
def test_a_lock_is_closed_for_every_python_and_platform(lock: str) -> None:
    found = {
        f"{target}: {fault}"
        for target in TARGETS
        for fault in faults(ROOTS[lock], held(lock, target), target)
    }
    assert found == set()


def test_an_open_lock_is_noticed() -> None:
    target = TARGETS[0]
    lock = held("requirements.txt", target)
    lacking = {name: version for name, version in lock.items() if name != "regex"}
    (fault,) = faults(ROOTS["requirements.txt"], lacking, target)
    assert fault.endswith("asks for regex>=2023.0.0, which is not in the lock")
    older = {**lock, "typer": "0.1"}
    assert any("the lock has 0.1" in fault for fault in faults(ROOTS["requirements.txt"], older, target))
    more = {**lock, "left-over": "1"}
    assert list(faults(ROOTS["requirements.txt"], more, target)) == ["nothing asks for left-over"]


@pytest.mark.parametrize("lock", ROOTS)
def test_what_is_installed_is_what_the_lock_pins(lock: str) -> None:
    """Else the metadata that is read here would be another's."""
    pinned = {
        canonicalize_name(pin.name): str(pin.specifier)
        for pin in pins(lock)
        if pin.marker is None or pin.marker.evaluate()
    }
    assert {name: f"=={metadata(name)[0]}" for name in pinned} == pinned


@pytest.mark.parametrize("lock", [*ROOTS, CONTRADICTING, TRAINING, MLFLOW, AZUREML, FLOWER])
def test_every_package_of_a_lock_has_hashes(lock: str) -> None:
    blocks = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / lock).read_text("utf-8"))
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert len(blocks) == len(pins(lock))


@pytest.mark.parametrize("lock", [lock for lock in ROOTS if lock != "constraints.txt"])
def test_every_lock_is_cut_from_the_complete_one(lock: str) -> None:
    complete = {(pin.name, str(pin.specifier)) for pin in pins("constraints.txt")}
    assert {(pin.name, str(pin.specifier)) for pin in pins(lock)} <= complete, "run make constraints"


def test_the_training_libraries_stand_beside_what_gatecli_needs() -> None:
    here = held("requirements.txt", Target("3.11.9", "Linux x86-64"))
    there = held(TRAINING, Target("3.11.9", "Linux x86-64"))
    assert there["torch"].endswith("+cpu"), "every other build brings CUDA"
    assert {name: there[name] for name in there.keys() & here.keys()} == {
        name: here[name] for name in there.keys() & here.keys()
    }
