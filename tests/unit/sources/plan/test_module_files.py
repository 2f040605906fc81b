"""Which files are a module, by their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatecli.gates.plan_input import places_beside
from gatecli.sources.plan.module_files import holds_configuration, is_module_file, reading_order


@pytest.mark.parametrize("name", ["main.tf", "main.tf.json", "main.tofu", "main.tofu.json"])
def test_a_file_of_either_tool_makes_a_folder_a_module(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("{}")
    places = places_beside(tmp_path / "plan.json")
    assert places is not None
    assert places.root == tmp_path
    assert holds_configuration(tmp_path)


@pytest.mark.parametrize("name", [".main.tf", "main.tfvars", "plan.json", "main.tf.bak"])
def test_a_hidden_file_and_one_of_another_ending_make_none(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("{}")
    assert not is_module_file(name)
    assert not holds_configuration(tmp_path)
    assert places_beside(tmp_path / "plan.json") is None


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert not holds_configuration(tmp_path / "gone")


def test_overrides_are_read_last() -> None:
    names = ["z.tf", "override.tf", "a_override.tf.json", "overriden.tf", "a.tf"]
    assert sorted(names, key=reading_order) == [
        "a.tf",
        "overriden.tf",
        "z.tf",
        "a_override.tf.json",
        "override.tf",
    ]
