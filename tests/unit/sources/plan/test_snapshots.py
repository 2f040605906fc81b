"""The configuration inside saved plans, and what a module is by its files."""

from __future__ import annotations

import json
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest

from gatecli.model.plan_graph import depends_on, unresolved_locals
from gatecli.sources.plan.fingerprints import files_digest
from gatecli.sources.plan.snapshots import Snapshot, snapshot_of, with_configuration
from tests.support.plans import CONFIGURATION, fixture


def saved(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def manifest(**folders: str) -> bytes:
    """What a saved plan says of its modules: their keys (`__` for a dot, `root` for none) and folders."""
    keys = {name: "" if name == "root" else name.replace("__", ".") for name in folders}
    return json.dumps([{"Key": keys[name], "Dir": folder} for name, folder in folders.items()]).encode()


ROOT = {"tfconfig/modules.json": manifest(root=".")}


def of_folder() -> Snapshot:
    """The configuration of the fixture `plan`, as a saved plan holds it."""
    keys = {"": CONFIGURATION, "gate": CONFIGURATION / "gate", "gate.inner": CONFIGURATION / "gate" / "inner"}
    return {key: {file.name: file.read_bytes() for file in at.glob("*.tf")} for key, at in keys.items()}


def test_the_files_of_each_module_are_found(tmp_path: Path) -> None:
    files = {
        "tfplan": b"x",
        "tfconfig/modules.json": manifest(root=".", gate="gate", gate__evidence="evidence"),
        "tfconfig/m-/main.tf": b"root",
        "tfconfig/m-gate.evidence/main.tf": b"inner",
        "tfconfig/m-gate/a/b.tf": b"deeper",
    }
    assert snapshot_of(saved(tmp_path / "plan", files)) == {
        "": {"main.tf": b"root"},
        "gate.evidence": {"main.tf": b"inner"},
    }


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"{}", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_archive_has_no_configuration(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "plan"
    file.write_bytes(content)
    assert snapshot_of(file) is None
    assert snapshot_of(tmp_path / "none") is None


def test_an_archive_that_two_readers_could_read_differently_has_none(tmp_path: Path) -> None:
    file = saved(tmp_path / "plan", ROOT | {"tfconfig/m-/main.tf": b"one"})
    with zipfile.ZipFile(file, "a") as archive, warnings.catch_warnings(action="ignore"):
        archive.writestr("tfconfig/m-/main.tf", b"other")
    assert snapshot_of(file) is None


def test_an_archive_that_unpacks_to_too_much_has_none(tmp_path: Path) -> None:
    file = saved(tmp_path / "plan", ROOT | {"tfconfig/m-/main.tf": b"", "bomb": bytes(65 << 20)})
    assert file.stat().st_size < 1 << 20
    assert snapshot_of(file) is None


def test_an_archive_whose_bytes_are_broken_has_none(tmp_path: Path) -> None:
    file = saved(tmp_path / "plan", {"tfconfig/m-/main.tf": b"locals {}" * 100} | ROOT)
    assert snapshot_of(file) is not None
    content = bytearray(file.read_bytes())
    content[50:60] = b"\xff" * 10
    file.write_bytes(content)
    assert snapshot_of(file) is None


EVIDENCE = {"tfconfig/m-a.evidence/main.tf": b"shared", "tfconfig/m-b.evidence/main.tf": b"shared"}


@pytest.mark.parametrize("folder", ["../evidence", "../x/../evidence/", "..//evidence", "..\\evidence"])
def test_modules_of_one_folder_have_the_same_files(tmp_path: Path, folder: str) -> None:
    """Terraform takes the files of either: it looks them up by the folder."""
    names = {"tfconfig/modules.json": manifest(a__evidence="../evidence", b__evidence=folder)}
    assert snapshot_of(saved(tmp_path / "plan", EVIDENCE | names)) is not None
    for other in ({"tfconfig/m-b.evidence/main.tf": b"fake"}, {"tfconfig/m-b.evidence/override.tf": b""}):
        assert snapshot_of(saved(tmp_path / "plan", EVIDENCE | names | other)) is None
    only_one = {"tfconfig/m-a.evidence/main.tf": b"shared"}
    assert snapshot_of(saved(tmp_path / "plan", only_one | names)) is None


@pytest.mark.parametrize(
    "records",
    [
        None,
        {},
        [],
        [1],
        ["Key"],
        [{"Key": ""}],
        [{"Key": "", "Dir": 1}],
        [{"Key": [], "Dir": "."}],
        [{"Key": "", "Dir": "."}, {"Key": "", "Dir": "x"}],
        [{"Key": "", "Dir": ".", "dir": "x"}],
        [{"Key": "a", "Dir": "."}],
    ],
)
def test_a_plan_that_does_not_say_where_its_modules_are_has_none(tmp_path: Path, records: Any) -> None:
    files = {"tfconfig/m-/main.tf": b"", "tfconfig/modules.json": json.dumps(records).encode()}
    assert snapshot_of(saved(tmp_path / "plan", files)) is None


@pytest.mark.parametrize("content", [b"", b"\xff", b"[" * 200_000, b"[]]"])
def test_a_list_of_modules_that_is_not_json_is_not_one(tmp_path: Path, content: bytes) -> None:
    files = {"tfconfig/m-/main.tf": b"", "tfconfig/modules.json": content}
    assert snapshot_of(saved(tmp_path / "plan", files)) is None


def test_a_plan_without_a_list_of_its_modules_has_none(tmp_path: Path) -> None:
    assert snapshot_of(saved(tmp_path / "plan", {"tfconfig/m-/main.tf": b""})) is None


def test_a_plans_locals_are_resolved_by_its_own_files() -> None:
    plan = with_configuration(fixture("plan"), of_folder())
    assert unresolved_locals(plan) == frozenset()
    assert "module.gate.terraform_data.gate" in depends_on(plan, "terraform_data.local").addresses


def test_only_a_module_that_may_be_a_gate_has_its_text() -> None:
    snapshot = of_folder()
    plan = with_configuration(fixture("plan"), snapshot)
    texts = {module.address: module.text for module in plan.modules}
    files = {f"inner/{name}": content for name, content in snapshot["gate.inner"].items()}
    assert texts["module.gate"] == files_digest({**snapshot["gate"], **files})
    assert texts["module.gate.module.inner"] == ""
    assert {module.text for module in fixture("plan").modules} == {""}


def test_a_name_and_a_byte_change_the_digest_and_the_end_of_a_line_does_not() -> None:
    base = files_digest({"main.tf": b"a\nb\n", "evidence/main.tf": b"c"})
    assert base == files_digest({"evidence/main.tf": b"c", "main.tf": b"a\r\nb\r\n"})
    others = (
        {"main.tf": b"a\nb\n"},
        {"main.tf": b"a\nB\n", "evidence/main.tf": b"c"},
        {"main.tf": b"a\nb\n", "x.tf": b"c"},
    )
    assert base not in {files_digest(files) for files in others}
