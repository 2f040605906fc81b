"""`gatecli ledger` and `release check --ledger` as whole processes: streams, files, exit codes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.support.declarations import GOOD, write

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "examples" / "churn-model-mended"
DATASET = ("--unit", "person", "--neighbouring", "add-remove", "--epsilon", "8", "--delta", "1e-5")
EVENTS = ("--unit=event", "--epsilon=1", "--delta=1e-6")
RELEASE = "churn-classifier@2.3.1"


@pytest.fixture
def ledger(run: Run, tmp_path: Path) -> Run:
    """A ledger with one dataset, and the declaration of one release from it."""
    shutil.copytree(MODEL, tmp_path / "model")
    assert run("ledger", "init").returncode == 0
    assert run("ledger", "dataset", "add", "customers-2026", *DATASET, "--records", "60000").returncode == 0
    return run


def shown(run: Run, name: str = "customers-2026") -> dict[str, object]:
    done = run("ledger", "show", name, "--format", "json")
    assert done.returncode == 0, done.stderr
    (dataset,) = json.loads(done.stdout)["datasets"]
    assert isinstance(dataset, dict)
    return dataset


def test_a_release_is_reserved_committed_and_shown(ledger: Run) -> None:
    done = ledger("release", "check", "model", "--ledger", "ledger.db", "--reserve")
    told = "reserved churn-classifier 2.3.1: 0 % to 13.8 % of customers-2026\n"
    assert (done.returncode, done.stderr) == (0, told)
    assert ledger("ledger", "commit", RELEASE, "model").returncode == 0
    text = ledger("ledger", "show", "customers-2026").stdout
    assert text.startswith(
        "customers-2026  ▇▇▁▁▁▁▁▁▁▁  held 13.8 % of (8, 1e-5) by the filter gdp\n"
        "  1 release · no forecast yet\n"
    )
    promise = "guaranteed: ε ≤ 8 at δ = 1e-5, whatever is asked next, while this ledger is the only door"
    assert promise in " ".join(text.split())
    assert shown(ledger)["states"] == {"committed": 1}


def test_checking_without_reserving_gives_the_same_verdict_and_writes_nothing(
    ledger: Run, tmp_path: Path
) -> None:
    before = (tmp_path / "ledger.db").read_bytes()
    done = ledger("release", "check", "model", "--ledger", "ledger.db")
    assert (done.returncode, done.stderr) == (
        0,
        "would reserve churn-classifier 2.3.1: 0 % to 13.8 % of customers-2026\n",
    )
    assert (tmp_path / "ledger.db").read_bytes() == before
    assert shown(ledger)["heldPercent"] == 0


def test_a_rerun_is_free(ledger: Run) -> None:
    for _ in range(3):
        done = ledger("release", "check", "model", "--ledger", "ledger.db", "--reserve")
        assert done.returncode == 0
    assert shown(ledger)["releases"] == 1


def test_no_line_that_is_shown_is_wider_than_a_terminal(ledger: Run) -> None:
    ledger("ledger", "dataset", "add", "b", *DATASET)
    ledger("release", "check", "model", "--ledger", "ledger.db", "--reserve")
    ledger("ledger", "dataset", "close", "b")
    lines = ledger("ledger", "show").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    heads = [line for line in lines if not line.startswith(" ")]
    assert [line.index("held") for line in heads] == [28, 28]
    assert heads[0].endswith("held 0 % of (8, 1e-5)")
    assert "  0 releases · closed" in lines
    assert "  1 release (1 held) · no forecast yet" in lines


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("a", "--unit=persons"), "write --unit person"),
        (("a", "--unit= person"), "--unit is empty, has blanks around it"),
        ((" a", "--unit=person"), "NAME is empty, has blanks around it"),
        (("a", "--unit=event", "--block-of=a"), "--block-of a is the dataset itself"),
        (("a", "--unit=event", "--block-of="), "--block-of is empty"),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_word_is_told_of_its_option(
    run: Run, options: tuple[str, ...], told: str
) -> None:
    run("ledger", "init")
    done = run("ledger", "dataset", "add", *options, "--epsilon=8", "--delta=0")
    assert done.returncode == 2
    assert told in done.stderr


def test_a_name_like_another_is_told_to_have_a_budget_of_its_own(ledger: Run) -> None:
    done = ledger("ledger", "dataset", "add", "customers-2027", *DATASET)
    assert done.returncode == 0
    assert "customers-2027 has a budget of its own beside customers-2026" in done.stderr
    child = ledger("ledger", "dataset", "add", "customers-2026-b", *DATASET, "--parent", "customers-2026")
    assert (child.returncode, child.stderr) == (0, "")


def test_what_does_not_fit_closes_both_gates(ledger: Run, tmp_path: Path) -> None:
    text = (tmp_path / "model" / "privacy.yaml").read_text("utf-8")
    for number in range(20):
        (tmp_path / "model" / "privacy.yaml").write_text(text.replace("2.3.1", f"3.0.{number}"), "utf-8")
        done = ledger("release", "check", "model", "--ledger", "ledger.db", "--reserve")
        if done.returncode:
            break
    assert done.returncode == 1
    assert "ledger-budget-exceeded" in done.stdout
    assert "and more than 100 % would" in " ".join(done.stdout.split())
    whole = ledger("check", "model", "--ledger", "ledger.db")
    assert whole.returncode == 1
    assert "ledger-budget-exceeded" in whole.stdout


def test_the_ledger_may_be_named_by_a_variable(ledger: Run, tmp_path: Path) -> None:
    (tmp_path / "ledger.db").rename(tmp_path / "team.db")
    done = ledger("release", "check", "model", "--reserve", GATECLI_LEDGER="team.db")
    assert done.returncode == 0
    assert ledger("ledger", "show", GATECLI_LEDGER="team.db").returncode == 0


def test_reserving_needs_a_ledger(ledger: Run) -> None:
    done = ledger("release", "check", "model", "--reserve")
    assert done.returncode == 2
    assert "--reserve needs a ledger" in done.stderr


def test_a_ledger_that_is_not_there_is_no_pass(ledger: Run) -> None:
    done = ledger("release", "check", "model", "--ledger", "other.db")
    assert (done.returncode, done.stdout) == (4, "")
    assert "there is no ledger at other.db" in done.stderr


@pytest.mark.parametrize(
    "command", [("show",), ("dataset", "close"), ("opening", "--format", "diffprivlib")], ids=" ".join
)
def test_a_misspelled_dataset_is_answered_with_the_one_that_is_meant(
    ledger: Run, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "spent.json").write_text("{}", "utf-8")
    more = ("spent.json",) if command[0] == "opening" else ()
    done = ledger("ledger", *command, "customer-2026", *more)
    assert done.returncode == 2
    assert "customer-2026 is not in the ledger" in done.stderr
    assert "did you mean customers-2026?" in done.stderr


def test_a_ledger_is_not_made_twice(ledger: Run) -> None:
    done = ledger("ledger", "init")
    assert done.returncode == 2
    assert "ledger.db" in done.stderr


def test_the_same_dataset_may_be_added_again_and_no_other_by_its_name(ledger: Run) -> None:
    again = ledger("ledger", "dataset", "add", "customers-2026", *DATASET, "--records", "60000")
    assert again.returncode == 0
    assert "there already" in again.stderr
    other = ledger(
        "ledger", "dataset", "add", "customers-2026", "--unit", "person", "--epsilon", "9", "--delta", "0"
    )
    assert other.returncode == 2
    assert "other terms" in other.stderr


NUMBERS = ("nan", "NaN", "inf", "-Infinity", "-1", "1e-400", "4" * 401, "0x10", "eight", "", "1e400")


@pytest.mark.parametrize(
    ("option", "number"),
    [*(("--epsilon", number) for number in (*NUMBERS, "-0.0")), *(("--delta", number) for number in NUMBERS)],
)
def test_a_number_that_is_no_budget_is_refused_in_one_sentence(ledger: Run, option: str, number: str) -> None:
    given = {"--epsilon": "8", "--delta": "1e-5", option: number}
    pairs = [f"{name}={value}" for name, value in given.items()]
    done = ledger("ledger", "dataset", "add", "other", "--unit", "person", *pairs)
    assert done.returncode == 2, done.stderr
    assert option in done.stderr
    assert "Traceback" not in done.stderr
    assert ledger("ledger", "show", "other").returncode == 2


def test_a_delta_of_one_over_the_records_is_refused(ledger: Run) -> None:
    done = ledger(
        "ledger",
        "dataset",
        "add",
        "other",
        "--unit=person",
        "--epsilon=8",
        "--delta=1e-5",
        "--records=100000",
    )
    assert done.returncode == 2
    assert "not below 1/100000" in done.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--parent", "nobody"), "nobody is not in the ledger"),
        (("--parent", "customers-2026=0"), "C is not a whole number"),
        (("--parent", "customers-2026=x"), "C is not a whole number"),
        (("--parent", "customers-2026", "--neighbouring", "replace-one"), "one relation"),
        (("--block-of", "stream"), "a person can be in two blocks of stream"),
        (("--schema", "missing.json"), "--schema missing.json"),
    ],
)
def test_what_a_dataset_cannot_be_is_told(ledger: Run, options: tuple[str, ...], told: str) -> None:
    done = ledger(
        "ledger", "dataset", "add", "other", "--unit=person", "--epsilon=1", "--delta=1e-6", *options
    )
    assert done.returncode == 2
    assert told in done.stderr
    assert "fix:" in done.stderr


def test_blocks_of_events_have_a_budget_each(ledger: Run) -> None:
    for month in ("2026-10", "2026-11"):
        done = ledger("ledger", "dataset", "add", f"events-{month}", *EVENTS, "--block-of", "events")
        assert done.returncode == 0, done.stderr
    whole = ledger("ledger", "dataset", "add", "events", *EVENTS)
    assert whole.returncode == 2
    assert "is divided into blocks" in whole.stderr


def test_a_closed_dataset_is_listed_as_one(ledger: Run) -> None:
    assert ledger("ledger", "dataset", "close", "customers-2026").returncode == 0
    assert "closed" in ledger("ledger", "dataset", "list").stdout
    done = ledger("release", "check", "model", "--ledger", "ledger.db")
    assert done.returncode == 1
    assert "is closed" in done.stdout


def test_a_void_names_its_evidence_and_frees_the_budget(ledger: Run, tmp_path: Path) -> None:
    assert ledger("release", "check", "model", "--ledger", "ledger.db", "--reserve").returncode == 0
    without = ledger("ledger", "void", RELEASE, "--reason", "cancelled")
    assert without.returncode == 2
    assert "nothing shows that" in without.stderr
    (tmp_path / "job.log").write_text("cancelled before the first step\n", "utf-8")
    done = ledger("ledger", "void", RELEASE, "--reason", "cancelled", "--evidence", "job.log")
    assert done.returncode == 0
    assert shown(ledger)["heldPercent"] == 0
    assert ledger("ledger", "commit", RELEASE).returncode == 2


def test_a_plan_reserves_its_releases_together(ledger: Run, tmp_path: Path) -> None:
    declared = GOOD + "  datasets: [{name: customers-2026, records: 60000}]\n"
    for name in ("a", "b"):
        write(tmp_path / name, declared.replace('"1.0"', f'"1.0.{name}"'))
    done = ledger("ledger", "plan", "reserve", "a", "b", "--name", "autumn")
    assert done.returncode == 0, done.stdout + done.stderr
    assert ledger("ledger", "commit", "good@1.0.a").returncode == 0
    assert shown(ledger)["releases"] == 2


def test_no_password_of_a_database_is_shown(run: Run) -> None:
    done = run("ledger", "show", "--ledger", "postgresql://me:hunter2@127.0.0.1:1/nowhere?connect_timeout=2")
    assert done.returncode == 4
    assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "url",
    [
        "postgres://me:SE@CRET7@127.0.0.1:1/x",
        "host=127.0.0.1 password=SECRET7 dbname=x",
        "sqlite:///y.db?password=SECRET7",
        "file:x.db?mode=ro&key=SECRET7",
    ],
)
def test_a_url_that_is_written_wrong_shows_no_password(run: Run, url: str) -> None:
    done = run("ledger", "show", f"--ledger={url}")
    assert done.returncode == 2
    assert "CRET7" not in done.stdout + done.stderr


@pytest.mark.parametrize("url", ["mysql://host/db", "", "sqlite://", ":memory:", "http://x"])
def test_what_is_not_a_ledger_s_url_is_a_usage_error(run: Run, url: str) -> None:
    done = run("ledger", "show", f"--ledger={url}")
    assert done.returncode in {2, 4}
    assert done.stderr.startswith("gatecli: ")
    assert "Traceback" not in done.stderr
