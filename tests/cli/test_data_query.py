"""`gatecli data query`: the questions of a file, answered, paid for and written as evidence."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from gatecli.cli.app import main
from gatecli.data import open_table
from gatecli.errors import UsageError
from tests.support.private_tables import frame, small_table

SPEC: dict[str, Any] = {
    "table": "people.parquet",
    "budget": {"epsilon": 1000, "delta": "1e-6"},
    "unit": "pid",
    "bounds": {"age": [0, 100]},
    "keys": {"ward": ["a", "b", "d"]},
}
WARDS = {
    "name": "wards",
    "groupBy": ["ward"],
    "filter": "age >= 25 and not is_missing(age)",
    "ask": {"n": "count", "noise": ["age", "mean"]},
    "epsilon": 200,
}
QUESTIONS = [
    WARDS,
    {"name": "ages", "histogram": {"column": "age", "bins": 4}, "epsilon": 100},
    {
        "name": "twice",
        "derive": {"bounds": "age * 2"},
        "bounds": {"bounds": [0, 200]},
        "ask": {"q": ["bounds", "quantile", "0.9"], "m": ["bounds", "median"]},
        "epsilon": 100,
    },
    {"name": "all", "describe": ["age"], "epsilon": 100},
    {"name": "scaled", "standardise": ["age"], "epsilon": 100},
    {"name": "found", "findKeys": "ward", "epsilon": 50, "delta": "1e-7"},
]


def write(folder: Path, questions: list[dict[str, Any]], **spec: Any) -> Path:
    pq.write_table(frame(), folder / "people.parquet")
    document = {
        "apiVersion": "gatecli.dev/v1",
        "kind": "TableQuestions",
        "metadata": {"name": "wards"},
        "spec": {**SPEC, "questions": questions, **spec},
    }
    path = folder / "questions.yaml"
    path.write_text(yaml.safe_dump(document), "utf-8")
    return path


def ask(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main(["data", "query", *map(str, arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_every_verb_is_answered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evidence = tmp_path / "evidence.json"
    code, said, beside = ask(capsys, write(tmp_path, QUESTIONS), "--format", "json", "--evidence", evidence)
    assert code == 0
    wards, ages, twice, everything, scaled, found = json.loads(said)["answers"]
    assert [row["n"] for row in wards["rows"]] == [2, 1, 0]  # of each person one row, and of nobody none
    assert set(wards["rows"][0]) == {"ward", "n", "noise"}
    assert len(ages["rows"]) == 4
    assert set(twice["rows"][0]) == {"q", "m"}
    assert "age 50%" in everything["rows"][0]
    assert set(scaled["parameters"]["age"]) == {"low", "high", "mean", "deviation"}
    assert {row["ward"] for row in found["rows"]} <= {"a", "b", "c"}
    assert wards["receipt"]["epsilon"] == "200"
    assert len(json.loads(evidence.read_text())["questions"]) == len(QUESTIONS) + 1
    assert "one more question on this table may have ε = " in beside


def test_text_and_yaml_say_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, [WARDS])
    code, text, _ = ask(capsys, path)
    assert code == 0
    assert text.startswith("wards\nward  n ")
    assert "ε = 200; Laplace" in text
    code, listed, _ = ask(capsys, path, "--format", "yaml", "--isolated")
    assert code == 0
    assert [set(row) for row in yaml.safe_load(listed)["answers"][0]["rows"]] == [{"ward", "n", "noise"}] * 3


def test_a_plan_is_paid_for_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps: list[dict[str, Any]] = [
        {"name": "n", "ask": {"n": "count"}, "weight": 3},
        {"name": "m", "ask": {"m": ["age", "mean"]}},
    ]
    plan = {"epsilon": 5, "method": "weights"}
    evidence = tmp_path / "evidence.json"
    code, said, _ = ask(capsys, write(tmp_path, steps, plan=plan), "--evidence", evidence, "-f", "json")
    assert code == 0
    assert [each["name"] for each in json.loads(said)["answers"]] == ["n", "m"]
    assert [each["epsilon"] for each in json.loads(evidence.read_text())["questions"]] == ["5"]


def test_what_was_answered_before_a_question_fails_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, [WARDS, {**WARDS, "name": "more", "epsilon": 900}, {**WARDS, "name": "last"}])
    evidence = tmp_path / "evidence.json"
    code, said, beside = ask(capsys, path, "--evidence", evidence)
    assert code == 1
    assert said.startswith("wards\n")
    assert "last" not in said
    assert "question more: the question does not fit" in beside
    assert len(json.loads(evidence.read_text())["questions"]) == 1


def test_a_plan_that_does_not_fit_answers_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, [{"name": "n", "ask": {"n": "count"}}], plan={"epsilon": 1001})
    code, said, beside = ask(capsys, path, "--evidence", tmp_path / "evidence.json")
    assert (code, said) == (1, "")
    assert "does not fit" in beside
    assert not (tmp_path / "evidence.json").exists()


@pytest.mark.parametrize(
    ("questions", "spec", "said"),
    [
        ([{**WARDS, "groupby": ["ward"]}], {}, "unknown key 'groupby'"),
        (
            [{**WARDS, "describe": ["age"]}],
            {},
            "exactly one of ask, describe, histogram, standardise, findKeys",
        ),
        ([{"name": "n", "epsilon": 1}], {}, "exactly one of"),
        ([{"name": "n", "ask": {"n": "count"}}], {}, "needs an epsilon"),
        ([WARDS, WARDS], {}, "the same name"),
        ([WARDS], {"plan": {"epsilon": 1}}, "no epsilon of its own"),
        ([{**WARDS, "weight": 2}], {}, "weight says nothing in a question without a plan"),
        ([{"name": "n", "ask": {"n": "count"}, "noise": "laplace"}], {"plan": {"epsilon": 1}}, "noise says"),
        ([{"name": "n", "ask": {"n": "count"}, "delta": "1e-9"}], {"plan": {"epsilon": 1}}, "delta says"),
        ([{"name": "k", "findKeys": "ward", "epsilon": 1, "delta": "1e-9", "noise": "laplace"}], {}, "finds"),
        ([], {}, "questions"),
        ([{**WARDS, "epsilon": -1}], {}, "epsilon: -1 is not above zero"),
        ([{**WARDS, "epsilon": ".nan"}], {}, "epsilon"),
        ([{**WARDS, "filter": "age >="}], {}, "question wards: an expression cannot be read"),
        ([{**WARDS, "filter": "name == 'x'"}], {}, "question wards: there is no column 'name'"),
        ([{**WARDS, "ask": {"n": ["age", "max"]}}], {}, "question wards: n is not a statistic"),
        ([{**WARDS, "groupBy": ["age"]}], {}, "nobody declared the keys of age"),
        ([WARDS], {"bounds": {"age": [9, 1]}}, "the wrong way round"),
        ([WARDS], {"table": "none.parquet"}, "none.parquet does not exist"),
        ([WARDS], {"budget": None}, "needs a ledger or a budget"),
        ([WARDS], {"engine": "numpy"}, "'numpy' is not an engine"),
        ([WARDS], {"policy": "none.yaml", "sensitivity": "high"}, "none.yaml"),
    ],
)
def test_a_mistake_is_one_sentence_and_costs_nothing(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    questions: list[dict[str, Any]],
    spec: dict[str, Any],
    said: str,
) -> None:
    code, printed, beside = ask(capsys, write(tmp_path, questions, **spec), "--evidence", tmp_path / "e.json")
    assert code in (2, 3), beside
    assert said in beside
    assert "at least as long as" not in beside or not questions  # nothing is said of what is only a result
    assert printed == ""
    assert not (tmp_path / "e.json").exists()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 2),
        ("a: [", 4),
        ("a: 1\n", 2),
        ("- a\n", 2),
        ("kind: ModelRelease\napiVersion: gatecli.dev/v1\n", 2),
    ],
)
def test_a_file_that_holds_no_questions_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, code: int
) -> None:
    path = tmp_path / "questions.yaml"
    path.write_text(text, "utf-8")
    assert ask(capsys, path)[0] == code
    assert ask(capsys, tmp_path / "none.yaml")[0] == 4


HOSTILE = "a\x1b[31m\x9b\u202e: b\n::error::c"


@pytest.mark.parametrize("form", ["text", "json", "yaml"])
def test_names_and_keys_do_nothing_to_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    question = {"name": HOSTILE, "groupBy": ["ward"], "ask": {HOSTILE: "count"}, "epsilon": 100}
    path = write(tmp_path, [question], keys={"ward": [HOSTILE, "007", "yes"]}, dataset=HOSTILE)
    code, said, beside = ask(capsys, path, "--format", form)
    assert code == 0, beside
    for text in (said, beside):
        assert not [char for char in text if not char.isprintable() and char != "\n"]
        assert not [line for line in text.splitlines() if line.startswith("::")]
    if form != "text":
        found = (json.loads if form == "json" else yaml.safe_load)(said)["answers"][0]
        assert found["name"] == HOSTILE
        assert [row["ward"] for row in found["rows"]] == [HOSTILE, "007", "yes"]
        assert set(found["rows"][0]) == {"ward", HOSTILE}


def test_a_failed_question_is_named_without_what_a_terminal_obeys(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, beside = ask(capsys, write(tmp_path, [{**WARDS, "name": HOSTILE, "epsilon": 1001}]))
    assert code == 1
    assert not [char for char in beside if not char.isprintable() and char != "\n"]


def test_a_table_and_its_answers_print_no_control_character() -> None:
    table = small_table({HOSTILE: [1.0, 2.0]}, bounds={HOSTILE: (0, 3)}, keys={})
    shown = repr(table) + str(table.mean(HOSTILE, epsilon=1)) + str(table.standardise([HOSTILE], epsilon=1))
    assert not [char for char in shown if not char.isprintable() and char != "\n"]


@pytest.mark.parametrize("read", ["people.parquet", "questions.yaml", "l.db", "l.db-wal", "key", "p.yaml"])
@pytest.mark.parametrize("link", ["", "symlink", "hardlink"])
def test_evidence_is_not_written_over_what_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], read: str, link: str
) -> None:
    more = {"ledger": "l.db", "ledgerKey": "key", "policy": "p.yaml", "budget": None}
    path = write(tmp_path, [WARDS], **more)
    original = tmp_path / read
    if not original.exists():
        original.write_text("mine")
    before, target = original.read_bytes(), tmp_path / "e.json"
    if link == "symlink":
        target.symlink_to(original)
    elif link == "hardlink":
        target.hardlink_to(original)
    else:
        target = original
    code, said, beside = ask(capsys, path, "--evidence", target)
    assert (code, said) == (2, "")
    assert "evidence is not written over it" in beside
    assert original.read_bytes() == before


@pytest.mark.parametrize("where", ["here", "isolated"])
def test_a_session_does_not_write_over_its_table(tmp_path: Path, where: str) -> None:
    path = tmp_path / "people.parquet"
    pq.write_table(frame(), path)
    before = path.read_bytes()
    with open_table(path, budget={"epsilon": 1}, isolated=where == "isolated") as table:
        table.count(epsilon="0.5")
        with pytest.raises(UsageError, match="not written over it"):
            table.write_evidence(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("wrong", "options"),
    [
        ({"ask": {"m": ["agee", "mean"]}}, ()),
        ({"standardise": ["agee"]}, ()),
        ({"describe": ["ward"]}, ()),
        ({"histogram": {"column": "ward"}}, ()),
        ({"findKeys": "none", "delta": "1e-9"}, ()),
        ({"ask": {"n": "count"}, "noise": "gaussian"}, ()),
        ({"ask": {"n": "count"}, "noise": "gaussian"}, ("--isolated",)),
        ({"ask": {"n": "count"}, "filter": "agee > 3"}, ()),
    ],
)
def test_a_mistake_in_a_later_question_costs_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: dict[str, Any], options: tuple[str, ...]
) -> None:
    questions = [*QUESTIONS, {"name": "wrong", "epsilon": 1, **wrong}]
    code, said, beside = ask(capsys, write(tmp_path, questions), "--evidence", tmp_path / "e.json", *options)
    assert code in (2, 3), beside
    assert said == ""
    assert "question wrong: " in beside
    assert not (tmp_path / "e.json").exists()


@pytest.mark.parametrize("option", ["", "--isolated"])
def test_an_interruption_stays_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    """In a process of its own the table is closed by it; here its evidence is still written."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    where = "isolation.client.read_message" if option else "session.add_up"
    path = write(tmp_path, [WARDS])
    evidence = tmp_path / "evidence.json"
    real = importlib.import_module("gatecli.data.isolation.client").read_message
    replies = iter([real] * 2)  # what opens it, and what judges

    def call(*given: Any) -> Any:
        return (next(replies, interrupt) if option else interrupt)(*given)

    monkeypatch.setattr(f"gatecli.data.{where}", call)
    code, said, _ = ask(capsys, path, "--evidence", evidence, *([option] if option else []))
    assert (code, said) == (130, "")
    assert evidence.exists() is not bool(option)
