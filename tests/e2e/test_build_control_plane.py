"""Where the control plane is looked for, and that a build is whole or not there."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support import build_control_plane as builder
from tests.support.build_control_plane import PROGRAMS, UnavailableError, cached, ensure, locate


def fill(folder: Path, programs: tuple[str, ...] = PROGRAMS) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for program in programs:
        (folder / program).touch(0o755)
    return folder


def test_the_folder_of_the_environment_comes_first(tmp_path: Path) -> None:
    environment = {"KUBEBUILDER_ASSETS": str(fill(tmp_path / "given")), "XDG_CACHE_HOME": str(tmp_path)}
    fill(cached(environment))
    assert locate(environment) == tmp_path / "given"


def test_a_given_folder_that_lacks_a_program_is_refused_by_its_name(tmp_path: Path) -> None:
    environment = {"KUBEBUILDER_ASSETS": str(fill(tmp_path, PROGRAMS[:-1]))}
    with pytest.raises(UnavailableError, match="has no kubectl: add it"):
        ensure(environment)


def test_a_program_that_may_not_be_run_is_absent(tmp_path: Path) -> None:
    (fill(tmp_path) / "etcd").chmod(0o644)
    with pytest.raises(UnavailableError, match="has no etcd"):
        locate({"KUBEBUILDER_ASSETS": str(tmp_path)})


def test_an_empty_cache_says_how_to_fill_it(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="run make control-plane"):
        locate({"XDG_CACHE_HOME": str(tmp_path)})


def test_two_who_ask_at_once_build_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builds: list[Path] = []

    def build(folder: Path) -> None:
        builds.append(fill(folder))

    monkeypatch.setattr(builder, "_build", build)
    environment = {"XDG_CACHE_HOME": str(tmp_path)}
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(ensure, [environment] * 4))
    assert found == {cached(environment)}
    assert len(builds) == 1


def test_a_build_that_fails_leaves_its_log_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".building-left-over").mkdir()
    monkeypatch.setattr(builder, "NEEDED", ("true",))
    monkeypatch.setattr(builder, "KEYRING", tmp_path)
    monkeypatch.setattr(builder._Steps, "_mirror", lambda _: "file:///nowhere")
    tools = fill(tmp_path / "tools", ())
    for name, does in {"true": "true", "apt-get": "false"}.items():
        (tools / name).symlink_to(shutil.which(does) or "")
    monkeypatch.setenv("PATH", str(tools))
    with pytest.raises(UnavailableError, match=r"`apt-get .* update` ended with 1: .*build.log says why"):
        builder._build(tmp_path / "1.20.2")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["build.log", "tools"]
