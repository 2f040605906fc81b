"""`gatecli anonymity`, as a user types it."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gatecli.cli.app import main

Run = Callable[..., tuple[int, str, str]]

CANARY = "Zanzibar-4711"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: object) -> tuple[int, str, str]:
        code = main(["anonymity", *map(str, arguments)])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return command


def written(
    path: Path, rows: list[list[object]], head: tuple[str, ...] = ("age", "zip", "diagnosis")
) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, *rows])
    return path


@pytest.fixture
def patients(tmp_path: Path) -> Path:
    """Two classes of six rows with three diagnoses each, and one row that is alone."""
    rows: list[list[object]] = [
        [age, "02139", diagnosis] for age in (30, 40) for diagnosis in ("flu", "cold", "asthma") * 2
    ]
    return written(tmp_path / "patients.csv", [*rows, [87, "99999", CANARY]])


COLUMNS = ("--quasi-identifier", "age,zip", "--sensitive", "diagnosis")


def test_a_table_below_its_thresholds_closes_the_gate_and_is_told_what_mends_it(
    run: Run, patients: Path
) -> None:
    code, shown, _ = run("check", patients, *COLUMNS, "--k", 5, "--l", 2)
    assert code == 1
    assert "k = 1 < 5: 1 equivalence class (1 of 13 rows) is smaller than 5; 1 row is unique" in shown
    assert "l = 1 < 2 for diagnosis: 1 class holds a single value" in shown
    assert "fix: generalise" in shown or "suppress small classes" in shown
    assert CANARY not in shown


def test_a_table_that_keeps_its_thresholds_opens_it(run: Run, patients: Path) -> None:
    lines = patients.read_text("utf-8").splitlines(keepends=True)
    patients.write_text("".join(lines[:-1]), "utf-8")
    assert run("check", patients, *COLUMNS, "--k", 6, "--l", 3)[0] == 0


@pytest.mark.parametrize("format_", ["text", "json", "sarif", "junit", "github", "markdown"])
def test_no_format_holds_a_value_of_a_row_and_all_agree(run: Run, patients: Path, format_: str) -> None:
    code, shown, errors = run("check", patients, *COLUMNS, "--k", 5, "--format", format_, "-v")
    assert code == 1
    assert CANARY not in shown + errors
    assert "99999" not in shown + errors


def test_the_evidence_is_bound_to_the_bytes_the_columns_and_the_thresholds(
    run: Run, patients: Path, tmp_path: Path
) -> None:
    evidence = tmp_path / "evidence.json"
    run("check", patients, *COLUMNS, "--k", 5, "--t", "1/3", "--report", f"json={evidence}")
    report = json.loads(evidence.read_text("utf-8"))
    (table,) = report["checked"]
    assert table["inputs"]["sha256"] == hashlib.sha256(patients.read_bytes()).hexdigest()
    assert table["inputs"]["quasiIdentifiers"] == ["age", "zip"]
    assert table["inputs"]["sensitive"] == ["diagnosis"]
    assert table["inputs"]["columns"] == {"age": "string", "zip": "string", "diagnosis": "string"}
    assert table["inputs"]["thresholds"] == {"k": 5, "t": "1/3"}
    assert table["measures"]["k"] == 1
    assert report["time"].endswith("Z")
    assert report["gate"] == "anonymity"
    assert report["verdict"] == "fail"


@pytest.mark.parametrize(
    ("demands", "depth", "least"),
    [
        (("--k", 1), 2, 4 / 3),
        (("--l", 3), 3, 4),
        (("--l", 3, "--recursive-c", 9, "--recursive-l", 2), 2, 4 / 3),
    ],
)
def test_recursive_diversity_is_measured_for_the_l_that_is_declared(
    run: Run, tmp_path: Path, demands: tuple[object, ...], depth: int, least: float
) -> None:
    """Counts 4, 2, 1 in descending order: 4 ÷ (2 + 1) for l = 2, 4 ÷ 1 for l = 3."""
    data = written(tmp_path / "data.csv", [[30, "02139", diagnosis] for diagnosis in "aaaabbc"])
    code, shown, _ = run("check", data, *COLUMNS, *demands, "--no-roles", "--format", "json")
    measures = json.loads(shown)["checked"][0]["measures"]
    assert (code, measures["recursiveC"]) == (0, pytest.approx(least))
    assert measures["bySensitive"]["diagnosis"]["recursiveL"] == depth


def test_special_uniques_and_attributes_are_measured_where_they_are_asked_for(
    run: Run, patients: Path
) -> None:
    asked = ("check", patients, *COLUMNS, "--k", 1, "--no-roles", "--format", "json")
    plain, more = (
        json.loads(run(*asked, *options)[1])["checked"][0]["measures"]
        for options in ((), ("--suda", "--attributes", "--sampling-fraction", 0.1))
    )
    assert {"suda", "attributes"} & plain.keys() == set()
    assert more["suda"]["specialUniques"] == 1
    assert more["attributes"]["byAttribute"]["zip"]["distinction"] == 2 / 13
    assert plain["classSizes"] == {"1": {"classes": 1, "records": 1}, "5-9": {"classes": 2, "records": 12}}


def test_stdout_has_no_time_so_that_it_is_the_same_bytes(run: Run, patients: Path) -> None:
    first = run("check", patients, *COLUMNS, "--k", 5, "--format", "json")
    assert first == run("check", patients, *COLUMNS, "--k", 5, "--format", "json")
    assert "time" not in json.loads(first[1])


def test_a_tier_and_the_policy_can_only_demand_more(run: Run, patients: Path, tmp_path: Path) -> None:
    policy = tmp_path / "strict.yaml"
    policy.write_text(
        "apiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\nmetadata: {name: strict}\n"
        "spec: {extends: default, anonymity: {minK: 7}}\n",
        "utf-8",
    )
    _, shown, _ = run("check", patients, *COLUMNS, "--k", 2, "--policy", policy)
    assert "k = 1 < 7" in shown
    _, shown, _ = run("check", patients, *COLUMNS, "--k", 2, "--tier", "health")
    assert "k = 1 < 10" in shown
    assert "for diagnosis" in shown


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--quasi-identifier", "agee", "--k", 2), 2, "did you mean 'age'?"),
        (("--quasi-identifier", "age"), 2, "no threshold is given"),
        (("--k", 2), 2, "no quasi-identifier is named"),
        (("--quasi-identifier", "age", "--l", 2), 2, "no sensitive attribute is named"),
        (("--quasi-identifier", "age", "--t", "nan"), 2, "not a finite number"),
        (("--quasi-identifier", "age", "--k", 2, "--tier", "nope"), 2, "the policy has no such tier"),
        (("--quasi-identifier", "age", "--k", 2, "--scale", "age=odd"), 2, "no such scale"),
        (("--quasi-identifier", "age", "--recursive-l", 2), 2, "--recursive-l without --recursive-c"),
        (("--quasi-identifier", 'age"; drop table x; --', "--k", 2), 2, "has no column"),
    ],
)
def test_a_wrong_option_is_one_sentence_and_usage(
    run: Run, patients: Path, arguments: tuple[object, ...], code: int, says: str
) -> None:
    got, shown, errors = run("check", patients, *arguments)
    assert (got, shown) == (code, "")
    assert says in errors


def test_no_rows_are_nothing_to_check(run: Run, tmp_path: Path) -> None:
    empty = written(tmp_path / "empty.csv", [])
    assert run("check", empty, *COLUMNS, "--k", 2)[0] == 3


def test_a_ragged_table_is_no_pass_and_does_not_hide_another(
    run: Run, patients: Path, tmp_path: Path
) -> None:
    ragged = tmp_path / "ragged.csv"
    ragged.write_text(f"age,zip,diagnosis\n30,02139,flu\n30,{CANARY}\n", "utf-8")
    code, shown, errors = run("check", ragged, patients, *COLUMNS, "--k", 5)
    assert code == 4
    assert "anon-table-uncheckable" in shown
    assert "anon-k-below-threshold" in shown
    assert CANARY not in shown + errors


def test_an_unreachable_database_is_no_pass_and_its_password_is_not_shown(run: Run) -> None:
    url = f"postgres://u:{CANARY}@127.0.0.1:1/db#t"
    code, shown, errors = run("check", url, *COLUMNS, "--k", 2, "--format", "json")
    assert code == 4
    assert CANARY not in shown + errors


DECLARATION = """\
apiVersion: gatecli.dev/v1
kind: ModelRelease
metadata: {name: readmission, version: 1.0.0}
spec:
  privacy: none
  datasets:
    - name: patients
      anonymity: {path: PATH, quasiIdentifiers: [age, zip], sensitive: [diagnosis], DEMANDS}
"""


def declared(folder: Path, path: str = "patients.csv", demands: str = "k: 5") -> Path:
    file = folder / "privacy.yaml"
    file.write_text(DECLARATION.replace("PATH", path).replace("DEMANDS", demands), "utf-8")
    return file


def test_a_declaration_says_itself_what_is_asked(run: Run, patients: Path) -> None:
    code, shown, _ = run("check", declared(patients.parent))
    assert code == 1
    assert "privacy.yaml:8:25  error  anon-k-below-threshold" in shown


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("gone.csv", "does not exist"),
        ("../../../../../../etc/passwd.csv", "leaves the repository"),
        ('"postgres://metadata.internal/db#t"', "is a database"),
    ],
)
def test_a_declared_table_that_cannot_be_measured_is_no_pass(
    run: Run, patients: Path, path: str, says: str
) -> None:
    code, shown, _ = run("check", declared(patients.parent, path))
    assert code == 4
    assert says in " ".join(shown.split())


def test_a_declaration_without_any_demand_is_no_pass(run: Run, patients: Path) -> None:
    assert run("check", declared(patients.parent, demands="normalise: true"))[0] == 4


def test_a_declared_column_that_is_not_there_is_a_finding_in_its_place(run: Run, tmp_path: Path) -> None:
    written(tmp_path / "patients.csv", [[30, "flu"]], ("age", "diagnosis"))
    code, shown, _ = run("check", declared(tmp_path))
    assert code == 4
    assert "has no column 'zip'" in " ".join(shown.split())


@pytest.mark.parametrize("option", [("--k", 5), ("--t", "0.1"), ("--sensitive", "diagnosis"), ("--k-map", 3)])
def test_options_about_columns_and_a_declaration_do_not_go_together(
    run: Run, patients: Path, option: tuple[str, object]
) -> None:
    code, _, errors = run("check", declared(patients.parent), *option)
    assert code == 2
    assert "is a declaration" in errors


def test_apply_writes_a_table_that_passes(run: Run, patients: Path, tmp_path: Path) -> None:
    target = tmp_path / "anonymous.csv"
    demanded = (*COLUMNS, "--k", 5, "--l", 2, "--max-suppression", "0.2")
    code, _, errors = run("apply", patients, *demanded, "--output", target)
    assert code == 0, errors
    assert run("check", target, *COLUMNS, "--k", 5, "--l", 2)[0] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["anonymous.csv", "patients.csv"]


def test_a_slow_search_is_left_out_and_named_unless_it_is_asked_for(
    run: Run, patients: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("check", patients, *COLUMNS, "--k", 5, "--no-roles")
    monkeypatch.setattr("gatecli.gates.table_measurement.ADVISED_CLASSES", 2)
    assert "--advice searches for the least, in 3 classes" in run(*asked)[1]
    assert "suppress" in run(*asked, "--advice")[1]
    assert "--advice" not in run(*asked, "--no-advice")[1]


def test_what_is_too_large_to_search_or_has_no_answer_is_not_called_hopeless(
    run: Run, patients: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out.csv"
    gaps = written(tmp_path / "gaps.csv", [["", "1", "a"], [2, "1", "a"]])
    code, _, told = run("apply", gaps, *COLUMNS, "--k", 2, "--missing", "wildcard", "-o", target)
    assert (code, "no search is made where a missing value may be anything" in told) == (2, True)
    monkeypatch.setattr("gatecli.gates.table_measurement.MOST_CLASSES", 2)
    code, _, told = run("apply", patients, *COLUMNS, "--k", 5, "-o", target)
    assert (code, "3 classes are more than are searched (2)" in told) == (4, True)
    assert not target.exists()
    assert run("check", patients, *COLUMNS, "--k", 5, "--advice")[0] == 1


def test_a_tree_of_sensitive_values_hinders_no_advice_on_classes(
    run: Run, patients: Path, tmp_path: Path
) -> None:
    tree = tmp_path / "tree.csv"
    tree.write_text("flu;lung;*\ncold;lung;*\nasthma;lung;*\n" + f"{CANARY};other;*\n", "utf-8")
    asked = ("check", patients, *COLUMNS, "--k", 5, "--l", 2, "--hierarchy", f"diagnosis={tree}")
    assert "suppress small classes alone" in run(*asked, "--max-suppression", "0.1")[1]


def test_apply_that_cannot_meet_the_demands_writes_nothing(run: Run, patients: Path, tmp_path: Path) -> None:
    target = tmp_path / "anonymous.csv"
    code, _, errors = run("apply", patients, *COLUMNS, "--k", 50, "--output", target)
    assert code == 4
    assert "no generalisation meets the thresholds, not even * in every quasi-identifier" in errors
    assert "k = 13 < 50" in errors
    assert not target.exists()


def five_digits(folder: Path) -> tuple[Path, str]:
    rows: list[list[object]] = [
        [(7 * row + 3 * column + row * column) % 10 for column in range(9)] for row in range(5)
    ]
    names = tuple(f"c{column}" for column in range(9))
    return written(folder / "digits.csv", rows, names), ",".join(names)


def test_apply_finds_the_one_answer_in_a_large_lattice(run: Run, tmp_path: Path) -> None:
    source, names = five_digits(tmp_path)
    target = tmp_path / "out.csv"
    code, _, told = run("apply", source, "--quasi-identifier", names, "--k", 5, "-o", target)
    assert (code, "(k becomes 5, nothing suppressed)" in told) == (0, True)
    assert run("check", target, "--quasi-identifier", names, "--k", 5)[0] == 0


def test_a_search_that_is_cut_off_says_so_and_gives_what_it_has(run: Run, tmp_path: Path) -> None:
    source, names = five_digits(tmp_path)
    asked = ("--quasi-identifier", names, "--k", 5, "--effort", "1e-9")
    code, _, told = run("apply", source, *asked, "-o", tmp_path / "out.csv")
    assert (code, "the search was cut off, --effort 10 looks further" in told) == (0, True)


def test_a_check_that_no_generalisation_can_mend_says_which_demand_fails(run: Run, patients: Path) -> None:
    shown = " ".join(run("check", patients, *COLUMNS, "--k", 50, "--no-roles")[1].split())
    assert (
        "no generalisation meets the thresholds, not even * in every quasi-identifier: k = 13 < 50" in shown
    )


def test_cells_are_suppressed_and_the_file_keeps_k(run: Run, tmp_path: Path) -> None:
    usual: list[list[object]] = [["Bern", "nurse"] if at % 2 else ["Genf", "cook"] for at in range(30)]
    wild: list[list[object]] = [["Oslo", "nurse"], ["Rome", "nurse"], ["Kyiv", "cook"], ["Lima", "cook"]]
    source = written(tmp_path / "wild.csv", usual + wild, ("city", "job"))
    asked = ("--quasi-identifier", "city,job", "--k", 3)
    target = tmp_path / "out.csv"
    code, _, told = run("apply", source, *asked, "-o", target)
    assert (code, "suppress 6 cells of city (k becomes 3, nothing suppressed)" in told) == (0, True)
    assert run("check", target, *asked, "--no-roles")[0] == 0
    assert len(target.read_text("utf-8").splitlines()) == 35
    assert "generalise city" in run("apply", source, *asked, "--no-cells", "-o", target)[2]


@pytest.mark.parametrize("loss", ["certainty", "entropy", "discernibility", "average-class"])
def test_the_loss_that_is_made_small_can_be_chosen(
    run: Run, patients: Path, tmp_path: Path, loss: str
) -> None:
    target = tmp_path / "out.csv"
    assert run("apply", patients, *COLUMNS, "--k", 5, "--loss", loss, "-o", target)[0] == 0
    assert run("check", target, *COLUMNS, "--k", 5)[0] == 0


def test_discover_names_roles_and_combinations_and_no_value(run: Run, patients: Path) -> None:
    code, shown, _ = run("discover", patients)
    assert code == 0
    assert "anonymity: {quasiIdentifiers: [age, zip], sensitive: [diagnosis]}" in shown
    assert CANARY not in shown
    content = json.loads(run("discover", patients, "--format", "json")[1])
    assert content["rows"] == 13
    assert [column["role"] for column in content["columns"]] == [
        "quasi-identifier",
        "quasi-identifier",
        "sensitive",
    ]


def test_values_that_are_personal_data_betray_a_column_whatever_its_name(run: Run, tmp_path: Path) -> None:
    rows: list[list[object]] = [[30, "02139", "flu", f"person{at}@corp.test"] for at in range(8)]
    table = written(tmp_path / "contacts.csv", rows, ("age", "zip", "diagnosis", "c7"))
    code, shown, _ = run("check", table, *COLUMNS, "--k", 5)
    assert code == 1
    assert "c7 is a direct identifier: its values look like EMAIL_ADDRESS" in shown
    assert run("check", table, *COLUMNS, "--k", 5, "--no-roles")[0] == 0


def test_persons_are_counted_where_a_unit_is_named(run: Run, tmp_path: Path) -> None:
    rows: list[list[object]] = [[at // 5, 30, "02139", "flu"] for at in range(10)]
    table = written(tmp_path / "visits.csv", rows, ("person_id", "age", "zip", "diagnosis"))
    code, shown, _ = run("check", table, *COLUMNS, "--k", 3, "--unit", "person_id")
    assert code == 1
    assert "k = 2 < 3" in shown
    assert "anon-direct-identifier" not in shown


def test_a_hierarchy_s_file_is_what_a_column_is_generalised_to(
    run: Run, patients: Path, tmp_path: Path
) -> None:
    ladder = tmp_path / "age.csv"
    ladder.write_text("30;adult;*\n40;adult;*\n87;elder;*\n", "utf-8")
    demanded = (*COLUMNS, "--k", 12, "--max-suppression", "0.1", "--hierarchy", f"age={ladder}")
    assert "age to level 1 of its hierarchy" in " ".join(run("check", patients, *demanded)[1].split())


def test_discover_proposes_what_counts_persons(run: Run, tmp_path: Path) -> None:
    rows: list[list[object]] = [[at // 5, 30 + at, "02139", "flu"] for at in range(20)]
    table = written(tmp_path / "visits.csv", rows, ("pid", "age", "zip", "diagnosis"))
    assert "a person has 5 rows on average: count persons with --unit pid" in run("discover", table)[1]
    assert "unit: pid\n" in run("discover", table, "--format", "yaml")[1]
    content = json.loads(run("discover", table, "--format", "json")[1])
    assert content["proposal"]["unit"] == "pid"
