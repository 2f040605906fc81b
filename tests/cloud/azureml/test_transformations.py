"""Tables by the class of each column: what is written, what is refused, and what is recorded of it."""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gatecli.cli.app import main
from gatecli.data.isolation.key_vault import fetch_secret
from gatecli.errors import MissingExtraError
from gatecli.model.secret_reference import SecretReference
from gatecli.model.transformation import Transformation
from tests.support.transformations import COLUMNS, NAMES, PEOPLE, write_columns, write_table

Run = Callable[..., tuple[int, str]]
ADDRESS = "carol@hospital-west.de"
POLICY = (
    "apiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\nmetadata: {name: acme}\nspec:\n  extends: default\n"
)


@pytest.fixture(name="run")
def in_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)

    def command(*more: str, source: str = "people.csv", target: str = "out.csv") -> tuple[int, str]:
        arguments = ["--input", source, "--output", target, "--columns", "columns.yaml", *more]
        code = main(["cloud", "azureml", "transform", *arguments])
        shown = capsys.readouterr()
        assert shown.out == ""
        assert ADDRESS not in shown.err
        if code:
            assert not Path(target).exists()
            assert not list(Path().glob("*.transformation.json"))
        assert not list(Path().glob(".gatecli-*"))
        return code, shown.err

    write_table(Path("people.csv"))
    return command


def with_column(name: str, **column: Any) -> Mapping[str, Any]:
    return {**COLUMNS, name: column}


def test_each_column_becomes_what_its_treatment_says(run: Run) -> None:
    write_columns(Path("columns.yaml"))
    code, told = run()
    assert code == 0
    with Path("out.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows[1] == {
        "zip": "123*",
        "age": "[30, 40)",
        "diagnosis": "cold",
        "note": "write to <EMAIL_ADDRESS> please",
        "visits": "1",
    }
    assert [row["note"] for row in rows] == ["was fine", "write to <EMAIL_ADDRESS> please", "was fine", ""]
    assert told.startswith("out.csv: 4 rows, k = 4; no budget was spent, and no differential privacy")


def test_the_record_says_what_was_read_done_and_written(run: Run) -> None:
    write_columns(Path("columns.yaml"))
    assert run()[0] == 0
    data = json.loads(Path("out.csv.transformation.json").read_text("utf-8"))
    record = Transformation.from_file(data)
    for place, name in ((record.source, "people.csv"), (record.output, "out.csv")):
        assert place.sha256 == hashlib.sha256(Path(name).read_bytes()).hexdigest()
    assert record.classification.sha256 == hashlib.sha256(Path("columns.yaml").read_bytes()).hexdigest()
    assert (record.rows, record.is_pseudonymous, record.key) == (4, False, None)
    assert record.policy.name == "default"
    assert {name: column.treatment.value for name, column in record.columns.items()} == {
        name: column["treatment"] for name, column in COLUMNS.items()
    }
    assert record.anonymity is not None
    assert (record.anonymity.k, record.anonymity.quasi_identifiers) == (4, ("zip", "age"))


def test_parquet_keeps_its_types(run: Run) -> None:
    table = pa.table({"pid": ["a", "b"], "visits": pa.array([3, None], pa.int32())})
    pq.write_table(table, "people.parquet")
    write_columns(Path("columns.yaml"), {name: COLUMNS[name] for name in ("pid", "visits")})
    assert run(source="people.parquet", target="out.parquet")[0] == 0
    assert pq.read_table("out.parquet").equals(table.select(["visits"]))


@pytest.mark.parametrize(
    ("to", "values", "expected"),
    [
        ({"prefix": 2}, ["abc", "x"], ["ab*", "x*"]),
        ({"bands": 5}, ["7", "12"], ["[5, 10)", "[10, 15)"]),
        ({"bands": "0.5"}, ["7.2", "7.6"], ["[7.0, 7.5)", "[7.5, 8.0)"]),
        ({"period": "year"}, ["1999-10-08", "2001-01-31"], ["1999", "2001"]),
        ({"period": "quarter"}, ["1999-10-08", ""], ["1999-Q4", ""]),
        ({"hierarchy": "h.csv", "level": 1}, ["berlin", "ulm"], ["north", "south"]),
        ({"hierarchy": "h.csv", "level": 2}, ["berlin", "ulm"], ["*", "*"]),
    ],
)
def test_columns_are_generalised(run: Run, to: Any, values: list[str], expected: list[str]) -> None:
    Path("h.csv").write_text("berlin;north;*\nulm;south;*\n")
    write_table(Path("people.csv"), [[value, "1"] for value in values], ("q", "visits"))
    columns = {
        "q": {"class": "quasi-identifier", "treatment": "generalise", "to": to},
        "visits": COLUMNS["visits"],
    }
    write_columns(Path("columns.yaml"), columns)
    assert run()[0] == 0
    with Path("out.csv").open(encoding="utf-8") as file:
        assert [row["q"] for row in csv.DictReader(file)] == expected


@pytest.mark.parametrize(
    ("to", "values", "sentence"),
    [
        ({"period": "year"}, ["10/08/1999"], "'q' holds values that cannot be generalised so"),
        ({"bands": 5}, ["seven"], "holds a value that is not of its column's type"),
        ({"hierarchy": "h.csv", "level": 3}, ["berlin"], "has 2 levels, and level 3 is asked for"),
        ({"hierarchy": "gone.csv", "level": 1}, ["berlin"], "gone.csv"),
    ],
)
def test_a_value_without_a_place_at_its_level_is_refused(
    run: Run, to: Any, values: list[str], sentence: str
) -> None:
    Path("h.csv").write_text("berlin;north;*\nulm;south;*\n")
    write_table(Path("people.csv"), [[value, "1"] for value in values], ("q", "visits"))
    columns = {
        "q": {"class": "quasi-identifier", "treatment": "generalise", "to": to},
        "visits": COLUMNS["visits"],
    }
    write_columns(Path("columns.yaml"), columns)
    code, told = run()
    assert code in {2, 4}
    assert sentence in told
    assert not any(value in told for value in values)


def test_a_column_that_is_not_classified_is_refused_with_a_near_name(run: Run) -> None:
    columns = {name: column for name, column in COLUMNS.items() if name != "visits"}
    write_columns(Path("columns.yaml"), columns)
    code, told = run()
    assert code == 2
    assert "the column 'visits' is not classified" in told
    write_table(Path("people.csv"), PEOPLE, (*NAMES[:-1], "Visit"))
    write_columns(Path("columns.yaml"), columns)
    assert "is not classified" in run()[1]


def test_a_column_that_is_not_there_is_refused_with_a_near_name(run: Run) -> None:
    write_columns(Path("columns.yaml"), with_column("visitz", **COLUMNS["visits"]))
    code, told = run()
    assert code == 2
    assert "has no column 'visitz'" in told
    assert "did you mean 'visits'?" in told


@pytest.mark.parametrize(
    "column",
    [{"class": "public", "treatment": "keep"}, {"class": "sensitive", "treatment": "keep"}],
    ids=["public", "sensitive"],
)
def test_personal_data_in_a_column_is_refused_whatever_its_class(run: Run, column: Any) -> None:
    write_columns(Path("columns.yaml"), with_column("note", **column))
    code, told = run()
    assert code == 1
    assert "would hold personal data, whatever its classification says: 'note' (e-mail address: 1)" in told


def test_personal_data_that_generalising_leaves_is_refused(run: Run) -> None:
    column = {"class": "public", "treatment": "generalise", "to": {"prefix": 36}}
    write_columns(Path("columns.yaml"), with_column("note", **column))
    assert run()[0] == 1


@pytest.mark.parametrize(
    ("name", "column", "sentence"),
    [
        (
            "pid",
            {"class": "direct-identifier", "treatment": "keep"},
            "does not permit to keep the column 'pid'",
        ),
        (
            "zip",
            {"class": "quasi-identifier", "treatment": "keep"},
            "does not permit to keep the column 'zip'",
        ),
        ("note", {"class": "free-text", "treatment": "keep"}, "does not permit to keep the column 'note'"),
        ("zip", {"class": "public", "treatment": "keep"}, "by its name it is quasi-identifier"),
        ("diagnosis", {"class": "public", "treatment": "keep"}, "by its name it is sensitive"),
        ("pid", {"class": "sensitive", "treatment": "keep"}, "by its name it is direct-identifier"),
    ],
)
def test_what_the_policy_does_not_permit_is_refused_at_its_line(
    run: Run, name: str, column: Any, sentence: str
) -> None:
    write_columns(Path("columns.yaml"), with_column(name, **column))
    code, told = run()
    assert code == 2
    assert sentence in told
    assert "columns.yaml:" in told


def test_a_policy_narrows_and_binds_classes(run: Run) -> None:
    Path("gatecli.yaml").write_text(POLICY + "  columns: {classes: {free-text: [drop]}}\n")
    write_columns(Path("columns.yaml"))
    assert "does not permit to mask the column 'note'" in run()[1]
    Path("gatecli.yaml").write_text(POLICY + "  columns: {named: {Visits: sensitive}}\n")
    assert "the policy says that it is sensitive" in run()[1]
    Path("gatecli.yaml").write_text(POLICY + "  columns: {named: {zip: public}}\n")
    write_columns(Path("columns.yaml"), with_column("zip", **COLUMNS["visits"]))
    assert run()[0] == 0


@pytest.mark.parametrize("spec", [{"sensitivity": "health"}, {}], ids=["named", "bound"])
def test_a_table_below_the_k_of_its_tier_is_refused(run: Run, spec: Any) -> None:
    if not spec:
        Path("gatecli.yaml").write_text(POLICY + "  datasets: {people-2026: health}\n")
    write_columns(Path("columns.yaml"), **spec)
    code, told = run()
    assert code == 1
    assert "does not keep what the policy demands" in told
    assert "10" in told


def test_k_counts_the_people_of_a_unit(run: Run) -> None:
    columns = {**COLUMNS, "case": {"class": "public", "treatment": "keep"}}
    rows = [[*row, "x" if number < 2 else "y"] for number, row in enumerate(PEOPLE)]
    write_table(Path("people.csv"), rows, (*NAMES, "case"))
    write_columns(Path("columns.yaml"), columns, unit="case")
    assert run()[0] == 0
    record = json.loads(Path("out.csv.transformation.json").read_text("utf-8"))
    assert record["anonymity"]["k"] == 2


def test_a_table_without_rows_is_nothing(run: Run) -> None:
    write_table(Path("people.csv"), [])
    write_columns(Path("columns.yaml"))
    assert run()[0] == 3


@pytest.mark.parametrize("key", ["5f" * 32, "env:KEY", "key.txt", "command:cat key.txt"])
def test_no_key_is_taken_but_a_reference(run: Run, key: str) -> None:
    write_columns(
        Path("columns.yaml"), with_column("pid", **{"class": "direct-identifier"}, treatment="pseudonymise")
    )
    code, told = run("--key-vault-secret", key)
    assert code == 2
    assert "is not the address of a secret in Azure Key Vault" in told
    assert key not in told


def test_pseudonyms_without_a_key_and_a_key_without_pseudonyms_are_refused(run: Run) -> None:
    write_columns(Path("columns.yaml"))
    address = "https://hospital-keys.vault.azure.net/secrets/pseudonyms"
    assert "no column is pseudonymised" in run("--key-vault-secret", address)[1]
    write_columns(
        Path("columns.yaml"), with_column("pid", **{"class": "direct-identifier"}, treatment="pseudonymise")
    )
    assert "no key is named" in run()[1]


@pytest.mark.parametrize(
    ("arguments", "target", "sentence"),
    [
        (("--record", "out.csv"), "out.csv", "--record and --output name one file"),
        (("--record", "people.csv"), "out.csv", "people.csv is the table that is read"),
        ((), "out.doc", "does not name a format to write"),
        ((), "nowhere/out.csv", "cannot write nowhere/out.csv"),
    ],
)
def test_a_target_that_will_not_do_is_refused(
    run: Run, arguments: tuple[str, ...], target: str, sentence: str
) -> None:
    write_columns(Path("columns.yaml"))
    before = Path("people.csv").read_bytes()
    code, told = run(*arguments, target=target)
    assert (code, sentence in told) == (2, True)
    assert Path("people.csv").read_bytes() == before


def test_a_failure_leaves_an_earlier_table_and_its_record(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    write_columns(Path("columns.yaml"))
    assert run()[0] == 0
    names = ("out.csv", "out.csv.transformation.json")
    before = [Path(name).read_bytes() for name in names]
    write_columns(Path("columns.yaml"), sensitivity="health")
    arguments = ["--input", "people.csv", "--output", "out.csv", "--columns", "columns.yaml"]
    assert main(["cloud", "azureml", "transform", *arguments]) == 1
    assert [Path(name).read_bytes() for name in names] == before


def test_a_table_that_cannot_be_put_in_place_leaves_the_earlier_record(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        if target == Path("out.csv"):
            raise OSError(28, "No space left on device", str(self))
        return replace(self, target)

    write_columns(Path("columns.yaml"))
    assert run()[0] == 0
    names = ("out.csv", "out.csv.transformation.json")
    before = [Path(name).read_bytes() for name in names]
    arguments = ["--input", "people.csv", "--output", "out.csv", "--columns", "columns.yaml"]
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", refuse)
        assert main(["cloud", "azureml", "transform", *arguments]) == 2
    assert [Path(name).read_bytes() for name in names] == before


def test_an_interruption_leaves_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    write_columns(Path("columns.yaml"))
    monkeypatch.setattr("gatecli.data.transformation.transforming.file_digest", interrupt)
    assert run()[0] == 130


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        ({"class": "public"}, "treatment"),
        ({"class": "secret", "treatment": "keep"}, "class"),
        ({"class": "public", "treatment": "encrypt"}, "treatment"),
        ({"class": "public", "treatment": "keep", "to": {"prefix": 3}}, "generalise"),
        ({"class": "public", "treatment": "generalise"}, "generalise"),
        ({"class": "public", "treatment": "generalise", "to": {}}, "exactly one"),
        ({"class": "public", "treatment": "generalise", "to": {"prefix": 3, "bands": 5}}, "exactly one"),
        ({"class": "public", "treatment": "generalise", "to": {"hierarchy": "h.csv"}}, "level"),
        ({"class": "public", "treatment": "generalise", "to": {"bands": 0}}, "zero"),
        ({"class": "public", "treatment": "keep", "why": "x"}, "why"),
    ],
)
def test_a_classification_with_a_mistake_is_refused_at_its_place(
    run: Run, column: Any, sentence: str
) -> None:
    write_columns(Path("columns.yaml"), with_column("visits", **column))
    code, told = run()
    assert code == 2
    assert sentence in told
    assert "columns.yaml:" in told


@pytest.mark.parametrize("bound", [True, False])
def test_a_tier_that_the_policy_does_not_have_is_refused(run: Run, bound: bool) -> None:  # noqa: FBT001 - a parameter
    if bound:
        Path("gatecli.yaml").write_text(POLICY + "  datasets: {people-2026: helth}\n")
    write_columns(Path("columns.yaml"), COLUMNS, sensitivity="low" if bound else "helth")
    code, told = run()
    assert code == 2
    assert "helth" in told


def test_without_the_extra_the_advice_names_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    with pytest.raises(MissingExtraError) as raised:
        fetch_secret(SecretReference("https://hospital-keys.vault.azure.net", "pseudonyms"))
    assert raised.value.advice == "pip install 'gatecli[azureml]'"
