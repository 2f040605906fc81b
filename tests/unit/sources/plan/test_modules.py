from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from gatecli.sources.plan.modules import folders_of, without_called


@pytest.mark.parametrize("name", ["main.tfstack.hcl", "main.tfcomponent.hcl", "main.tfdeploy.hcl"])
def test_a_stack_is_told_and_stands_for_the_modules_of_its_components(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('component "data" {\n  source = "./modules/data"\n}\n', "utf-8")
    (tmp_path / "modules/data").mkdir(parents=True)
    (tmp_path / "modules/data/main.tf").write_text('variable "x" {}\n', "utf-8")
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert without_called(folders_of(files)) == [tmp_path]


def written(root: Path, calls: Mapping[str, Sequence[str]]) -> dict[Path, list[Path]]:
    """Folders with a file each that calls the modules named."""
    for folder, sources in calls.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        blocks = (
            f'module "m{number}" {{\n  source = "{source}"\n}}\n' for number, source in enumerate(sources)
        )
        (root / folder / "main.tf").write_text("# a module\n" + "".join(blocks), "utf-8")
    return folders_of(sorted(root.rglob("*.tf")))


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ({"a": [], "b": []}, ["a", "b"]),
        ({"a": ["../b"], "b": ["../c/d"], "c/d": []}, ["a"]),
        ({"a": ["../b"], "b": ["../a"]}, ["a", "b"]),
        ({"a": ["../b"], "b": ["../c"], "c": ["../b"]}, ["a"]),
        ({"a": ["./"]}, ["a"]),
        ({"a": ["b", "registry/b/c", "git::https://example.com/b", "../gone"], "b": []}, ["a", "b"]),
    ],
)
def test_a_module_that_another_folder_calls_is_left_out(
    tmp_path: Path, calls: Mapping[str, Sequence[str]], expected: Sequence[str]
) -> None:
    folders = written(tmp_path, calls)
    assert without_called(folders) == [tmp_path / name for name in expected]


def test_a_plan_covers_its_folder_and_what_is_called_from_there(tmp_path: Path) -> None:
    folders = written(tmp_path, {"a": ["../b"], "b": [], "c": ["../b"], "d": []})
    assert without_called(folders, [tmp_path / "a"]) == [tmp_path / "c", tmp_path / "d"]


def test_json_calls_modules_too(tmp_path: Path) -> None:
    folders = written(tmp_path, {"b": []})
    (tmp_path / "main.tf.json").write_text('{"module": {"b": {"source": "./b"}}}', "utf-8")
    folders |= folders_of([tmp_path / "main.tf.json"])
    assert without_called(folders) == [tmp_path]


def test_what_cannot_be_read_calls_nothing(tmp_path: Path) -> None:
    folders = written(tmp_path, {"a": ["../b"], "b": []})
    (tmp_path / "a/main.tf").write_bytes(b'module "m" { source = "../b" }\xff')
    assert without_called(folders) == [tmp_path / "a", tmp_path / "b"]


def test_other_files_make_no_folder(tmp_path: Path) -> None:
    assert folders_of([tmp_path / "main.tfvars", tmp_path / "a.json"]) == {}
    assert without_called({}) == []
