"""Folders of Parquet files: the module computes the digest that gatecli gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gatecli.anonymity.tables.digests import files_digest
from gatecli.anonymity.tables.files import _find_files
from tests.support.evidence_files import report, table, write
from tests.support.terraform import Terraform

FOLDER = """
module "anonymity" {
  source            = "../terraform_modules/k_anonymity_gate"
  dataset           = "tables/"
  quasi_identifiers = ["age", "zip"]
  k                 = 5
}
resource "terraform_data" "published" { input = module.anonymity.released_path }
output "sha256" { value = module.anonymity.sha256 }
output "files" { value = module.anonymity.released_files }
"""

# Sorted by their parts "a/…" comes before "a-b": "/" sorts after "-" in plain text.
NAMES = (
    "a-b.parquet",
    "a/b.parquet",
    "a/c/d.PQ",
    "a b/ü.parquet",
    "a.parquet/part-0.pq",
    "z.parquet.gz",
    "0.Parquet",
)


@pytest.fixture(name="folder")
def a_gated_folder(initialise: Callable[[str], Terraform]) -> Terraform:
    terraform = initialise(FOLDER)
    for name in NAMES:
        file = terraform.folder / "tables" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"the bytes of {name}", "utf-8")
    evidence(terraform.folder)
    return terraform


def found(root: Path) -> list[Path]:
    """The files that gatecli reads."""
    return [path for path in _find_files(str(root / "tables"))[0] if path.is_file()]


def evidence(root: Path) -> str:
    sha256 = files_digest(root / "tables", found(root))
    write(root / "tables.gate.json", report("anonymity", [table(sha256)]))
    return sha256


def test_the_digest_of_a_folder_is_the_one_that_gatecli_gives(folder: Terraform) -> None:
    folder("apply", "-auto-approve").passed()
    assert folder.outputs() == {
        "sha256": evidence(folder.folder),
        "files": [path.relative_to(folder.folder).as_posix() for path in found(folder.folder)],
    }


def test_marks_of_a_finished_write_may_lie_beside_the_tables(folder: Terraform) -> None:
    folder.write("", name="tables/_SUCCESS")
    folder.write("x", name="tables/.a-b.parquet.crc")
    folder("plan").passed()


@pytest.mark.parametrize("name", ["raw.csv", "a/notes.txt", ".hidden", "_SUCCESS.csv"])
def test_a_file_that_no_one_measured_is_not_published_with_the_tables(folder: Terraform, name: str) -> None:
    folder.write("alice,078-05-1120", name=f"tables/{name}")
    folder("plan").refused(f"tables/ also holds {name}, which the gate does not read")


def test_a_table_that_is_added_is_not_published(folder: Terraform) -> None:
    folder.write("more", name="tables/b.parquet")
    folder("plan").refused("tables.gate.json is of other data than tables/ has now")


def test_a_table_that_changes_between_plan_and_apply_is_not_published(folder: Terraform) -> None:
    folder.planned().passed()
    folder.write("more", name="tables/a/b.parquet")
    assert folder.applied().code == 1
    assert "terraform_data.published" not in folder.resources()


def test_tables_that_swap_their_names_are_other_data(folder: Terraform) -> None:
    one, other = (folder.folder / "tables" / name for name in NAMES[:2])
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    folder("plan").refused("is of other data than tables/ has now")
