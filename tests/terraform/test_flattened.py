"""`make modules`: modules that need nothing beside them."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from tests.support.gated_plans import DATASET, write_evidence, write_inputs
from tests.support.repositories import repository
from tests.support.terraform import MODULES, Terraform, system_terraform
from tests.support.terraform_gates import GATES
from tools.flatten_modules import FlattenError, flat_files, main, neighbours, write_archive, write_modules

NAMES = sorted(folder.name for folder in MODULES.iterdir() if folder.is_dir())


@pytest.fixture(scope="module", name="written")
def the_modules_of_a_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("release") / "modules"
    assert main([str(to)]) == 0
    return to


def module(folder: Path, **files: str) -> Path:
    """A module of these files (`main` is main.tf)."""
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / f"{name}.tf").write_text(text, "utf-8")
    return folder


def call(source: str) -> str:
    return f'module "other" {{\n  source = "{source}"\n}}\n'


def test_no_module_is_kept_twice() -> None:
    assert {name: neighbours(MODULES / name) for name in NAMES} == {
        name: ("evidence",) if name in GATES else () for name in NAMES
    }
    assert sorted(folder.relative_to(MODULES).as_posix() for folder in MODULES.rglob("evidence")) == [
        "evidence"
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_flattened_module_differs_in_nothing_but_its_neighbours_address(written: Path, name: str) -> None:
    for file in (MODULES / name).glob("*.tf"):
        there = (written / name / file.name).read_text("utf-8")
        assert there.replace('"./evidence"', '"../evidence"') == file.read_text("utf-8")
        assert '"../' not in there
    for neighbour in neighbours(MODULES / name):
        held, kept = written / name / neighbour, MODULES / neighbour
        texts = [{file.name: file.read_bytes() for file in folder.glob("*.tf")} for folder in (held, kept)]
        assert texts[0] == texts[1] != {}


@pytest.mark.parametrize("name", NAMES)
def test_a_flattened_module_has_its_page_its_licence_and_its_examples(written: Path, name: str) -> None:
    assert (written / name / "LICENSE").exists()
    page = (written / name / "README.md").read_text("utf-8")
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page)
    assert [link for link in links if not (written / name / link).exists()] == []


def test_every_module_is_formatted(written: Path) -> None:
    Terraform(system_terraform(), written)("fmt", "-check", "-recursive").passed()


def test_an_archive_is_the_folder_and_the_same_bytes_each_time(written: Path, tmp_path: Path) -> None:
    write_modules(MODULES, tmp_path / "again")
    for name in NAMES:
        archive = written / f"{name}.zip"
        assert write_archive(tmp_path / "again" / name).read_bytes() == archive.read_bytes()
        with zipfile.ZipFile(archive) as held:
            files = {entry: held.read(entry) for entry in held.namelist()}
        on_disk = (path for path in (written / name).rglob("*") if path.is_file())
        assert files == {path.relative_to(written / name).as_posix(): path.read_bytes() for path in on_disk}


def test_a_gate_works_from_an_archive_of_one_folder(
    command: tuple[str, ...], written: Path, tmp_path: Path
) -> None:
    terraform = Terraform(command, tmp_path)
    archive = written / "k_anonymity_gate.zip"
    terraform.write((DATASET % 5).replace("../terraform_modules/k_anonymity_gate", str(archive)))
    write_inputs(tmp_path)
    terraform("init").passed()
    terraform("plan").refused("there is no evidence at")
    write_evidence(tmp_path)
    terraform.planned().passed()
    terraform.applied().passed()


def test_a_gate_of_the_repository_does_not_work_from_an_archive_of_one_folder(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    """Why there is a flat form at all."""
    terraform = Terraform(command, tmp_path)
    terraform.write((DATASET % 5).replace("../terraform_modules", str(MODULES)))
    terraform("init").refused("Local module path escapes module package")


def test_a_gate_of_the_repository_works_from_a_source_of_the_whole_repository(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    paths = [path for path in MODULES.glob("*/*.tf") if path.is_file()]
    package = repository(
        tmp_path / "package",
        {path.relative_to(MODULES.parent).as_posix(): path.read_text("utf-8") for path in paths},
    )
    root = tmp_path / "root"
    root.mkdir()
    terraform = Terraform(command, root)
    source = f"git::file://{package}//terraform_modules/k_anonymity_gate?ref=main"
    terraform.write((DATASET % 5).replace("../terraform_modules/k_anonymity_gate", source))
    write_inputs(root)
    write_evidence(root)
    terraform("init").passed()
    terraform.planned().passed()
    terraform.applied().passed()


@pytest.mark.parametrize("source", ["../../b", "../b/c", "../a/../b", "../b?ref=v1"])
def test_a_module_that_calls_anything_but_a_neighbour_is_refused(tmp_path: Path, source: str) -> None:
    module(tmp_path / "b", main="")
    with pytest.raises(FlattenError, match=r"^a/main\.tf calls a module that is not its neighbour$"):
        flat_files(module(tmp_path / "a", main=call(source)))


def test_a_neighbour_that_calls_a_neighbour_is_refused(tmp_path: Path) -> None:
    module(tmp_path / "b", main=call("../c"))
    module(tmp_path / "c", main="")
    with pytest.raises(FlattenError, match=r"^a/b/main\.tf calls a module that is not its neighbour$"):
        flat_files(module(tmp_path / "a", main=call("../b")))


def test_a_neighbour_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FlattenError, match=r"^a calls b, which is not there$"):
        flat_files(module(tmp_path / "a", main=call("../b")))


def test_nothing_that_is_there_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module(tmp_path / "b", main="")
    module(tmp_path / "a/b", main="mine")
    (tmp_path / "a/main.tf").write_text(call("../b"), "utf-8")
    with pytest.raises(FlattenError, match=r"^a/b is there already$"):
        flat_files(tmp_path / "a")
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"{tmp_path} is there already\n"
