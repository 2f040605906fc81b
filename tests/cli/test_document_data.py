"""`gatecli document pia|model-card|registry|ml-bom|croissant|lineage`: files, exit codes, what is said."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gatecli.cli.app import main
from tests.support.cnil_tool import problems
from tests.support.documented import write_complete


@dataclass(frozen=True, slots=True)
class Ran:
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Ran]

WRITING = {
    "pia.md": ("pia", "-o", "pia.md"),
    "pia.html": ("pia", "--format", "html", "-o", "pia.html"),
    "pia.json": ("pia", "--format", "cnil", "-o", "pia.json"),
    "README.md": ("model-card", "README.md"),
    "deployment.yaml": ("registry", "-o", "deployment.yaml", "--published", "2026-11-30"),
    "bom.json": ("ml-bom", "-o", "bom.json"),
    "croissant.json": ("croissant", "--dataset", "visits-2026", "-o", "croissant.json"),
    "facets.json": ("lineage", "-o", "facets.json"),
}


@pytest.fixture(name="run")
def in_the_folder_of_a_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run gatecli in this process."""
    write_complete(tmp_path)
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> Ran:
        code = main(list(arguments))
        return Ran(code, *capsys.readouterr())

    return command


@pytest.mark.parametrize("name", WRITING)
def test_a_document_is_written_once(run: Run, tmp_path: Path, name: str) -> None:
    first = run("document", *WRITING[name])
    assert (first.returncode, first.stdout) == (0, "")
    assert first.stderr.startswith(f"wrote {name}")
    content = (tmp_path / name).read_bytes()
    second = run("document", *WRITING[name])
    assert second.returncode == 0
    assert second.stderr.startswith(f"is as it was: {name}")
    assert (tmp_path / name).read_bytes() == content


@pytest.mark.parametrize("name", [name for name in WRITING if name != "README.md"])
def test_the_folder_of_a_document_is_made(run: Run, tmp_path: Path, name: str) -> None:
    words = [f"docs/new/{name}" if word == name else word for word in WRITING[name]]
    assert run("document", *words).returncode == 0
    assert (tmp_path / "docs/new" / name).exists()
    (tmp_path / "taken").write_text("", "utf-8")
    refused = run("document", *(f"taken/{name}" if word == name else word for word in WRITING[name]))
    assert refused.returncode == 2
    assert "taken cannot be made a folder" in refused.stderr


@pytest.mark.parametrize("name", [name for name in WRITING if name != "README.md"])
def test_without_a_file_it_is_shown(run: Run, tmp_path: Path, name: str) -> None:
    words = [word for word in WRITING[name] if word not in {"-o", name}]
    shown = run("document", *words)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.endswith("\n")
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["bom.json", "croissant.json", "facets.json", "pia.json", "deployment.yaml"])
@pytest.mark.parametrize("content", ["{", "[1]", "text"])
def test_another_file_is_not_written_over(run: Run, tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    refused = run("document", *WRITING[name])
    assert refused.returncode == 2
    assert (tmp_path / name).read_text("utf-8") == content
    assert "fix:" in refused.stderr


def test_the_tool_of_cnil_takes_what_is_written(run: Run) -> None:
    shown = run("document", "pia", "--format", "cnil")
    assert problems(json.loads(shown.stdout)) == []


def test_an_assessment_keeps_when_it_was_begun(run: Run, tmp_path: Path) -> None:
    run("document", *WRITING["pia.json"])
    file = tmp_path / "pia.json"
    begun = json.loads(file.read_text("utf-8"))["pia"]["created_at"]
    file.write_text(file.read_text("utf-8").replace(begun, "2020-01-01T00:00:00.000Z"), "utf-8")
    assert run("document", *WRITING["pia.json"]).stderr.startswith("is as it was")


def test_a_template_is_not_for_data(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.md").write_text("x", "utf-8")
    refused = run("document", "pia", "--format", "cnil", "--template", "own.md")
    assert refused.returncode == 2
    assert "--template is for documents" in refused.stderr


def test_a_card_keeps_its_bytes(run: Run, tmp_path: Path) -> None:
    card = tmp_path / "README.md"
    card.write_bytes("---\r\nlicense: mit # só\r\n---\r\n# Cartão \x0b\r\n".encode())
    assert run("document", "model-card").returncode == 0
    text = card.read_bytes().decode()
    assert text.startswith("---\r\nlicense: mit # só\r\ntags:\r\n- differential-privacy\r\ngatecli:\r\n")
    assert "---\r\n# Cartão \x0b\r\n\r\n<!-- gatecli:section model-card -->\r\n" in text
    assert text.count("\n") == text.count("\r\n")


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf# Card\n", "# Card\n".encode("utf-16")])
def test_a_card_in_another_encoding_is_refused(run: Run, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "README.md").write_bytes(content)
    refused = run("document", "model-card", "README.md")
    assert refused.returncode == 2
    assert "UTF-8 without a byte order mark" in refused.stderr
    assert (tmp_path / "README.md").read_bytes() == content


def test_a_card_that_is_its_own_declaration_is_written_once(run: Run, tmp_path: Path) -> None:
    (tmp_path / "privacy.yaml").unlink()
    card = tmp_path / "README.md"
    card.write_text(
        "---\nmodel_name: counts\nversion: '1'\nprivacy:\n  unit: person\n  neighbouring: add-remove\n"
        "  epsilon: 1\n  delta: 0\n  mechanisms: [{kind: laplace, scale: 1}]\n---\n# Counts\n",
        "utf-8",
    )
    assert run("document", "model-card").returncode == 0
    content = card.read_bytes()
    assert b"\ngatecli:\n" in content
    assert run("document", "model-card").stderr.startswith("is as it was")
    assert card.read_bytes() == content


@pytest.mark.parametrize("day", ["2026-13-01", "tomorrow", "20261130"])
def test_a_day_that_is_none_is_refused(run: Run, day: str) -> None:
    refused = run("document", "registry", "--published", day)
    assert refused.returncode == 2
    assert "is not a day" in refused.stderr


def test_a_new_record_is_of_today_and_keeps_its_day(run: Run, tmp_path: Path) -> None:
    assert run("document", "registry", "-o", "new.yaml").returncode == 0
    file = tmp_path / "new.yaml"
    before = file.read_text("utf-8")
    assert re.search('publication_date: "20[0-9]{2}-[0-9]{2}-[0-9]{2}"', before)
    file.write_text(re.sub("20[0-9]{2}-[0-9]{2}-[0-9]{2}", "2026-01-02", before), "utf-8")
    run("document", "registry", "-o", "new.yaml")
    assert 'publication_date: "2026-01-02"' in file.read_text("utf-8")


def test_a_dataset_must_be_chosen(run: Run) -> None:
    refused = run("document", "croissant")
    assert refused.returncode == 2
    assert "customers-2026, visits-2026" in refused.stderr


def test_the_schema_of_the_facet_is_printed(run: Run) -> None:
    shown = run("schema", "privacy-budget-run-facet")
    assert json.loads(shown.stdout)["title"] == "GatecliPrivacyBudgetRunFacet"


def test_an_owner_who_is_a_person_is_left_out(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "privacy.yaml"
    file.write_text(
        file.read_text("utf-8").replace("owner: ml-platform", "owner: jane.roe@gmail.com"), "utf-8"
    )
    for words in (WRITING["pia.md"], WRITING["pia.json"], WRITING["bom.json"]):
        written = run("document", *words)
        assert written.returncode == 0
        assert "jane.roe" not in (tmp_path / words[-1]).read_text("utf-8")
    assert "is responsible for the release" not in (tmp_path / "pia.md").read_text("utf-8")


@pytest.mark.parametrize("place", ["name: customers-2026", "age", "bounds of columns"])
def test_personal_data_in_a_name_is_refused(run: Run, tmp_path: Path, place: str) -> None:
    file = tmp_path / "privacy.yaml"
    changed = place.replace(place.rpartition(" ")[2], "jane.roe@gmail.com")
    file.write_text(file.read_text("utf-8").replace(place, changed, 1), "utf-8")
    refused = run("document", *WRITING["pia.md"])
    assert refused.returncode == 2
    assert "would hold personal data" in refused.stderr
    assert "jane.roe" not in refused.stderr + refused.stdout


@pytest.mark.parametrize("name", ["pia.md", "pia.html", "README.md"])
def test_what_is_out_of_date_is_mended_by_the_command_that_the_check_names(
    run: Run, tmp_path: Path, name: str
) -> None:
    run("document", *WRITING[name])
    assert run("document", "check", name).returncode == 0
    file = tmp_path / "privacy.yaml"
    file.write_text(file.read_text("utf-8").replace("epsilon: 1.25", "epsilon: 1.5"), "utf-8")
    closed = run("document", "check", name)
    assert closed.returncode == 1
    assert "doc-out-of-date" in closed.stdout
    command = closed.stdout.partition("write it again: gatecli ")[2].partition(",")[0]
    assert run(*command.split()).returncode == 0
    assert run("document", "check", name).returncode == 0
