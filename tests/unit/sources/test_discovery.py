"""Declarations are found where people put them, and models without one are noticed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gatecli.sources.discovery import find_declarations, find_models
from gatecli.sources.files import ReadError

CARD = "---\nversion: '1'\nprivacy: none\n---\n"
PROJECT = "[tool.gatecli.release]\nspec = {}\n"


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def put(name: str, text: str = "x") -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def found(*paths: str) -> list[str]:
    return [path.as_posix() for path in find_declarations(Path(path) for path in paths or (".",))]


@pytest.mark.parametrize(
    "name",
    [
        "privacy.yaml",
        "privacy.yml",
        "privacy.json",
        "privacy.toml",
        "a.privacy.yaml",
        "b/c.privacy.yml",
        "Privacy.YAML",
    ],
)
def test_a_declaration_is_found_by_its_name(name: str) -> None:
    put(name)
    assert found() == [name]


@pytest.mark.parametrize("name", ["README.md", "MODEL_CARD.md", "docs/churn.md"])
def test_a_card_is_found_by_its_front_matter(name: str) -> None:
    put(name, CARD)
    assert found() == [name]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_card_is_found_whatever_its_encoding(encoding: str) -> None:
    Path("README.md").write_text(CARD, encoding)
    assert found() == ["README.md"]


def test_a_project_is_found_by_its_table() -> None:
    put("pyproject.toml", PROJECT)
    put("a/pyproject.toml", "[tool]\ngatecli = {release = {spec = {}}}\n")
    assert found() == ["a/pyproject.toml", "pyproject.toml"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("README.md", "# A model\n\nprivacy: yes\n"),
        ("README.md", "---\nlicense: mit\n---\nprivacy: none\n"),
        ("README.md", "---\n\nprivacy: a rule above, no front matter\n"),
        ("README.md", "---\nnested:\n  privacy: none\n---\n"),
        ("README.md", ""),
        ("pyproject.toml", '[project]\ndependencies = ["gatecli"]\n'),
        ("pyproject.toml", "[broken"),
        ("gatecli.yaml", "x"),
        ("privacy.txt", "x"),
        (".hidden/privacy.yaml", "x"),
        ("node_modules/privacy.yaml", "x"),
        ("env/pyvenv.cfg", "x"),
    ],
)
def test_what_declares_nothing_is_not_found(name: str, text: str) -> None:
    put(name, text)
    assert found() == []


def test_a_virtual_environment_is_passed_over_by_its_mark() -> None:
    put("env/pyvenv.cfg")
    put("env/privacy.yaml")
    assert found() == []


def test_a_project_that_may_declare_but_does_not_parse_is_left_to_its_reader() -> None:
    put("pyproject.toml", "[tool.gatecli.release\n")
    assert found() == ["pyproject.toml"]


def test_a_file_that_is_named_is_always_read() -> None:
    put("release.txt")
    assert found("release.txt", "missing.yaml", ".") == ["missing.yaml", "release.txt"]


def test_a_declaration_is_found_once_and_in_order() -> None:
    put("b/privacy.yaml")
    put("a/privacy.yaml")
    assert found("b", ".", "a/../a", "b/privacy.yaml") == ["a/privacy.yaml", "b/privacy.yaml"]


def test_a_loop_of_folders_ends() -> None:
    put("a/privacy.yaml")
    Path("a/loop").symlink_to("..")
    assert found() == ["a/privacy.yaml"]


def test_a_folder_that_cannot_be_listed_is_left_to_its_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    put("closed/privacy.yaml")
    listing = os.scandir

    def closed(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return listing(path)

    monkeypatch.setattr(os, "scandir", closed)
    assert found() == ["closed"]


def test_a_card_that_cannot_be_read_is_left_to_its_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*_: object) -> bytes:
        raise ReadError("cannot be read: permission denied")

    put("README.md", CARD)
    monkeypatch.setattr("gatecli.sources.discovery.read_start", closed)
    assert found() == ["README.md"]


def test_a_card_that_leads_nowhere_declares_nothing() -> None:
    Path("README.md").symlink_to("nothing")
    assert found() == []


def test_a_declaration_that_leads_nowhere_is_left_to_its_reader() -> None:
    Path("privacy.yaml").symlink_to("nothing")
    assert found() == ["privacy.yaml"]


@pytest.mark.parametrize(
    "name", ["model.safetensors", "a/b.pt", "a/best.CKPT", "saved_model.pb", "churn_model.pkl"]
)
def test_a_model_without_a_declaration_is_noticed(name: str) -> None:
    put(name)
    assert find_models([Path()]) == (name,)


@pytest.mark.parametrize("declaration", ["privacy.yaml", "models/privacy.yaml", "models/churn/privacy.json"])
def test_a_declaration_covers_its_folder_and_all_below(declaration: str) -> None:
    put(declaration)
    put("models/churn/model.onnx")
    assert find_models([Path()]) == ()


def test_a_declaration_covers_no_neighbour() -> None:
    put("a/privacy.yaml")
    put("a/model.onnx")
    put("b/model.onnx")
    assert find_models([Path()]) == ("b/model.onnx",)


def test_a_declaration_that_is_named_covers_too() -> None:
    put("a/release.yaml")
    put("a/model.onnx")
    assert find_models([Path("a"), Path("a/release.yaml").absolute()]) == ()


def test_other_files_are_no_models() -> None:
    put("vocab.pkl")
    put("graph.pb")
    put("README.md")
    assert find_models([Path()]) == ()


def test_models_are_only_sought_in_folders() -> None:
    assert find_models([put("model.onnx")]) == ()
