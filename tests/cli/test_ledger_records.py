"""`gatecli ledger verify`, `checkpoint`, `key`, `export`, `import`, `diff` and `lease` as whole processes."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.support.ledger_records import tamper

DATASET = ("--unit", "person", "--epsilon", "8", "--delta", "1e-5")


@pytest.fixture
def ledger(run: Run) -> Run:
    """A ledger with a key and a dataset, and a head of it that was kept."""
    for arguments in (
        ("key", "new", "office.pem"),
        ("init", "--name", "acme.example/privacy", "--key", "office.pem"),
        ("dataset", "add", "customers", *DATASET, "--key", "office.pem"),
        ("dataset", "add", "devices", *DATASET, "--key", "office.pem"),
        ("checkpoint", "--key", "office.pem", "--output", "head.txt"),
    ):
        done = run("ledger", *arguments)
        assert done.returncode == 0, done.stderr
    return run


def test_a_ledger_that_holds_opens_the_gate(ledger: Run) -> None:
    done = ledger("ledger", "verify", "--since", "head.txt", "-v")
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        "checked ledger acme.example/privacy (ledger.db)\n  datasets: 2 · entries: 2 · entries in the log: 2"
        in done.stdout
    )


def test_a_ledger_that_was_changed_closes_the_gate_in_every_format(ledger: Run, tmp_path: Path) -> None:
    tamper(
        tmp_path / "ledger.db",
        "UPDATE entry SET content = replace(content, 'person', 'record') WHERE dataset = 'customers'",
    )
    text = ledger("ledger", "verify", "--report", "sarif=report.sarif", "--report", "junit=report.xml")
    assert text.returncode == 1
    assert text.stdout.startswith(
        "ledger.db  error  ledger-chain-broken\n"
        "  customers, entry 0: its hash is not that of the entry before and its content\n  fix: "
    )
    done = ledger("ledger", "verify", "--format", "json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["gate"], report["verdict"], report["exit_code"]) == (
        1,
        "ledger",
        "fail",
        1,
    )
    assert {finding["rule"] for finding in report["findings"]} == {"ledger-chain-broken"}
    results = json.loads((tmp_path / "report.sarif").read_text("utf-8"))["runs"][0]["results"]
    assert {result["ruleId"] for result in results} == {"ledger-chain-broken"}
    assert "ledger-chain-broken" in (tmp_path / "report.xml").read_text("utf-8")


def test_a_ledger_that_was_written_anew_shows_against_the_head(ledger: Run, tmp_path: Path) -> None:
    tamper(
        tmp_path / "ledger.db",
        "DELETE FROM checkpoint",
        "DELETE FROM log WHERE dataset = 'devices'",
        "DELETE FROM entry WHERE dataset = 'devices'",
        "DELETE FROM account WHERE name = 'devices'",
        "DELETE FROM dataset WHERE name = 'devices'",
    )
    assert ledger("ledger", "verify").returncode == 0
    done = ledger("ledger", "verify", "--since", "head.txt")
    assert done.returncode == 1
    assert "the head that was kept knows 2 entries, and the log has 1: its end was cut off" in done.stdout


def test_a_log_that_was_changed_is_not_signed_again(ledger: Run, tmp_path: Path) -> None:
    ledger("ledger", "dataset", "close", "customers")
    tamper(tmp_path / "ledger.db", "UPDATE entry SET hash = zeroblob(32) WHERE number = 0")
    done = ledger("ledger", "checkpoint", "--key", "office.pem")
    assert (done.returncode, done.stdout) == (4, "")
    assert "the log no longer begins with the 2 entries of a checkpoint, and is not signed" in done.stderr


def test_an_empty_ledger_is_nothing_to_verify(run: Run) -> None:
    run("ledger", "init")
    assert run("ledger", "verify").returncode == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"nothing", "this is not a checkpoint"),
        (b"\xff\xfe\x00", "other.txt: it "),
        (b"acme.example/privacy\n2\n\n\xe2\x80\x94 x AAAAAAAA\n", "nothing in the note is signed by"),
    ],
)
def test_what_is_not_a_head_of_the_ledger_cannot_be_checked(
    content: bytes, said: str, ledger: Run, tmp_path: Path
) -> None:
    (tmp_path / "other.txt").write_bytes(content)
    done = ledger("ledger", "verify", "--since", "other.txt")
    assert (done.returncode, done.stdout) == (4, "")
    assert said in done.stderr


def test_a_head_that_is_not_there_is_a_wrong_option(ledger: Run) -> None:
    done = ledger("ledger", "verify", "--since", "missing.txt")
    assert done.returncode == 2
    assert "missing.txt: it does not exist" in done.stderr


def test_a_key_is_its_owners_alone_and_never_overwritten(ledger: Run, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "office.pem").stat().st_mode) == 0o600
    before = (tmp_path / "office.pem").read_bytes()
    done = ledger("ledger", "key", "new", "office.pem")
    assert (done.returncode, (tmp_path / "office.pem").read_bytes()) == (2, before)
    assert "something is there already" in done.stderr


def test_the_key_may_stand_in_a_variable(ledger: Run) -> None:
    done = ledger("ledger", "checkpoint", GATECLI_LEDGER_KEY="office.pem")
    assert done.returncode == 0
    assert done.stdout.startswith("acme.example/privacy\n2\n")
    assert "\n\n— acme.example/privacy " in done.stdout


def test_a_checkpoint_needs_the_ledgers_key(ledger: Run) -> None:
    assert "has a key, and none was given" in ledger("ledger", "checkpoint").stderr
    ledger("ledger", "key", "new", "other.pem")
    done = ledger("ledger", "checkpoint", "--key", "other.pem")
    assert done.returncode == 2
    assert "has another key" in done.stderr


def test_the_public_key_is_printed_for_others(ledger: Run, tmp_path: Path) -> None:
    done = ledger("ledger", "key", "show")
    assert done.returncode == 0
    assert done.stdout.startswith("acme.example/privacy+")
    head = (tmp_path / "head.txt").read_text("utf-8").rpartition(" ")[2]
    assert len(done.stdout.split("+")[1]) == 8
    assert head


def test_a_ledger_without_a_key_has_none_to_show(run: Run) -> None:
    run("ledger", "init")
    done = run("ledger", "key", "show")
    assert (done.returncode, done.stdout) == (2, "")
    assert "has no key" in done.stderr


def test_an_export_is_imported_and_the_same(ledger: Run, tmp_path: Path) -> None:
    assert ledger("ledger", "export", "--output", "a.jsonl").returncode == 0
    assert ledger("ledger", "export").stdout == (tmp_path / "a.jsonl").read_text("utf-8")
    assert ledger("ledger", "verify", "a.jsonl", "--since", "head.txt").returncode == 0
    done = ledger("ledger", "import", "a.jsonl", "--ledger", "copy.db")
    assert done.returncode == 0
    assert "imported 2 entries of 2 datasets" in done.stderr
    assert ledger("ledger", "verify", "--ledger", "copy.db", "--since", "head.txt").returncode == 0
    same = ledger("ledger", "diff", "copy.db")
    assert (same.returncode, same.stdout) == (0, "")
    ledger("ledger", "dataset", "close", "devices")
    other = ledger("ledger", "diff", "a.jsonl")
    assert (other.returncode, other.stdout) == (1, "devices: 1 more entries here, from number 1\n")


def test_an_export_that_was_cut_off_is_not_imported(ledger: Run, tmp_path: Path) -> None:
    ledger("ledger", "export", "--output", "a.jsonl")
    lines = (tmp_path / "a.jsonl").read_text("utf-8").splitlines(keepends=True)
    (tmp_path / "b.jsonl").write_text("".join(lines[:-1]), "utf-8")
    done = ledger("ledger", "import", "b.jsonl", "--ledger", "copy.db")
    assert done.returncode == 4
    assert "b.jsonl, line 4: lines are missing: ask for the whole file" in done.stderr
    assert ledger("ledger", "import", "a.jsonl", "--ledger", "copy.db").returncode == 0
    again = ledger("ledger", "import", "a.jsonl", "--ledger", "copy.db")
    assert again.returncode == 2
    assert "has entries already" in again.stderr


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("customers", "customer", "does not hold"),
        ('"signature":"', '"signature":"é', "signature is not by the ledger's key"),
    ],
)
def test_a_failed_import_leaves_nothing_at_the_target(
    old: str, new: str, what: str, ledger: Run, tmp_path: Path
) -> None:
    ledger("ledger", "export", "--output", "a.jsonl")
    changed = (tmp_path / "a.jsonl").read_text("utf-8").replace(old, new)
    (tmp_path / "b.jsonl").write_text(changed, "utf-8")
    assert ledger("ledger", "verify", "b.jsonl").returncode == 1
    done = ledger("ledger", "import", "b.jsonl", "--ledger", "copy.db")
    assert done.returncode == 4
    assert what in done.stderr
    assert sorted(each.name for each in tmp_path.glob("copy.db*")) == []


def test_a_dataset_is_closed_with_a_signature(ledger: Run) -> None:
    assert ledger("ledger", "dataset", "close", "devices", "--key", "office.pem").returncode == 0
    done = ledger("ledger", "verify")
    assert (done.returncode, "ledger-entries-unsigned" in done.stdout) == (0, False)
    ledger("ledger", "dataset", "close", "customers")
    done = ledger("ledger", "verify")
    assert done.returncode == 0
    assert "warning  ledger-entries-unsigned\n  1 entry is not signed" in done.stdout


def test_a_dataset_whose_terms_were_changed_is_named_and_charges_nothing(ledger: Run, tmp_path: Path) -> None:
    tamper(tmp_path / "ledger.db", "UPDATE dataset SET terms = '{}' WHERE name = 'customers'")
    done = ledger("ledger", "verify")
    assert done.returncode == 1
    assert "ledger-chain-broken\n  customers: the account's terms cannot be read" in done.stdout
    for arguments in (("show",), ("dataset", "list"), ("show", "customers")):
        done = ledger("ledger", *arguments)
        assert done.returncode == 4
        assert "customers: the account's terms cannot be read" in done.stderr


def test_a_ledger_without_a_key_gets_one_by_an_import(run: Run) -> None:
    run("ledger", "init", "--name", "acme.example/privacy", "--ledger", "old.db")
    run("ledger", "dataset", "add", "people", *DATASET, "--ledger", "old.db")
    run("ledger", "checkpoint", "--output", "head.txt", "--ledger", "old.db")
    run("ledger", "key", "new", "office.pem")
    run("ledger", "key", "new", "other.pem")
    run("ledger", "export", "--output", "a.jsonl", "--ledger", "old.db")
    done = run("ledger", "import", "a.jsonl", "--key", "office.pem")
    assert done.returncode == 0, done.stderr
    assert run("ledger", "key", "show").stdout.startswith("acme.example/privacy+")
    refused = run("ledger", "dataset", "add", "devices", *DATASET, "--key", "other.pem")
    assert refused.returncode == 2
    assert run("ledger", "dataset", "add", "devices", *DATASET, "--key", "office.pem").returncode == 0
    verified = run("ledger", "verify", "--since", "head.txt")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "1 entry is not signed" in verified.stdout
    run("ledger", "export", "--output", "b.jsonl")
    again = run("ledger", "import", "b.jsonl", "--key", "other.pem", "--ledger", "third.db")
    assert again.returncode == 2
    assert "another key, which is fixed" in again.stderr


def test_a_checkpoint_of_another_ledger_is_answered_in_one_sentence(ledger: Run) -> None:
    ledger("ledger", "init", "--name", "other.example/privacy", "--ledger", "other.db")
    ledger("ledger", "dataset", "add", "people", *DATASET, "--ledger", "other.db")
    done = ledger("ledger", "verify", "--ledger", "other.db", "--since", "head.txt")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith(
        "gatecli: the checkpoint is of the ledger acme.example/privacy, "
        "and this one is other.example/privacy\n"
    )


def test_nothing_is_exported_into_half_a_file(ledger: Run, tmp_path: Path) -> None:
    done = ledger("ledger", "export", "--output", "missing/a.jsonl")
    assert done.returncode == 2
    assert "cannot write" in done.stderr
    assert sorted(each.name for each in tmp_path.glob("*.jsonl*")) == []


def test_a_lease_needs_keys_on_both_sides(ledger: Run) -> None:
    ledger("ledger", "init", "--ledger", "child.db")
    done = ledger("ledger", "lease", "request", "--ledger", "child.db")
    assert done.returncode == 2
    assert "--key FILE is missing" in done.stderr
    done = ledger("ledger", "lease", "request", "--ledger", "child.db", "--key", "office.pem")
    assert done.returncode == 2
    assert "was made without a key" in done.stderr


def test_a_lease_that_does_not_fit_closes_the_gate(ledger: Run) -> None:
    ledger("ledger", "key", "new", "aws.pem")
    ledger("ledger", "init", "--name", "aws", "--key", "aws.pem", "--ledger", "aws.db")
    ledger("ledger", "lease", "request", "--key", "aws.pem", "--ledger", "aws.db", "--output", "aws.request")
    grant = ("ledger", "lease", "grant", "customers", "--to", "aws.request", "--key", "office.pem")
    done = ledger(*grant, "--name", "too much", "--epsilon", "9", "--delta", "1e-5")
    assert (done.returncode, done.stdout) == (1, "")
    assert "does not fit into what is left of customers" in done.stderr
    done = ledger(*grant, "--name", "aws", "--epsilon", "2", "--delta", "1e-6", "--output", "aws.lease")
    assert done.returncode == 0
    for key in ("nonsense", "acme.example/privacy+00000000+AAAA"):
        done = ledger("ledger", "lease", "accept", "aws.lease", "--from", key, "--ledger", "aws.db")
        assert done.returncode == 2
        assert "--from: the key is not name+id+key" in done.stderr
    own = ledger("ledger", "key", "show", "--ledger", "aws.db").stdout.strip()
    done = ledger("ledger", "lease", "accept", "aws.lease", "--from", own, "--ledger", "aws.db")
    assert done.returncode == 4
    assert "nothing in the note is signed by" in done.stderr


def test_a_lease_names_no_person(ledger: Run) -> None:
    ledger("ledger", "key", "new", "aws.pem")
    ledger("ledger", "init", "--name", "aws", "--key", "aws.pem", "--ledger", "aws.db")
    ledger("ledger", "lease", "request", "--key", "aws.pem", "--ledger", "aws.db", "--output", "aws.request")
    given = ("--to", "aws.request", "--key", "office.pem", "--epsilon", "2", "--delta", "1e-6")
    done = ledger("ledger", "lease", "grant", "customers", "--name", "for jane.roe@contoso-bank.eu", *given)
    assert done.returncode == 2
    assert "holds personal data" in done.stderr
    assert "jane.roe" not in done.stderr


def test_what_is_lent_and_settled_is_signed_entry_by_entry(ledger: Run, tmp_path: Path) -> None:
    ledger("ledger", "key", "new", "aws.pem")
    ledger("ledger", "init", "--name", "aws", "--key", "aws.pem", "--ledger", "aws.db")
    child, office = ("--key", "aws.pem", "--ledger", "aws.db"), ("--key", "office.pem")
    key = ledger("ledger", "key", "show").stdout.strip()
    for arguments in (
        ("request", *child, "--output", "aws.request"),
        ("grant", "customers", "--name", "aws", "--to", "aws.request", "--epsilon", "2", "--delta", "1e-6",
         *office, "--output", "aws.lease"),
        ("accept", "aws.lease", "--from", key, *child),
        ("return", "customers", *child, "--output", "aws.return"),
        ("settle", "aws.return", *office),
    ):  # fmt: skip
        done = ledger("ledger", "lease", *arguments)
        assert done.returncode == 0, done.stderr
    exported = ledger("ledger", "export").stdout.splitlines()
    entries = [json.loads(line) for line in exported if '"content"' in line]
    signed = {json.loads(entry["content"])["kind"] for entry in entries if entry["signature"]}
    assert signed == {"dataset", "lease", "return"}
    for verified in (ledger("ledger", "verify"), ledger("ledger", "verify", "--ledger", "aws.db")):
        assert (verified.returncode, "unsigned" in verified.stdout) == (0, False)


def test_an_auditor_checks_a_proof_without_the_ledger(ledger: Run, tmp_path: Path) -> None:
    key = ledger("ledger", "key", "show").stdout.strip()
    ledger("ledger", "dataset", "close", "devices")
    ledger("ledger", "checkpoint", "--key", "office.pem")
    done = ledger("ledger", "prove", "devices", "--since", "head.txt", "--output", "proof.json")
    assert (done.returncode, done.stderr) == (0, "")
    (tmp_path / "ledger.db").unlink()
    done = ledger("ledger", "check-proof", "proof.json", "--from", key, "--since", "head.txt")
    first, second, *entries = done.stdout.splitlines()
    assert (done.returncode, first) == (0, "acme.example/privacy: 3 entries, signed")
    assert second == "they begin with the 2 entries of the earlier checkpoint"
    assert [entry.split(",")[0] for entry in entries] == ["entry 1: dataset", "entry 2: close"]
    text = (tmp_path / "proof.json").read_text("utf-8")
    (tmp_path / "proof.json").write_text(text.replace("devices", "visits"), "utf-8")
    done = ledger("ledger", "check-proof", "proof.json", "--from", key, "--since", "head.txt")
    assert (done.returncode, done.stdout) == (1, "")
    assert "an entry of the proof is not in the log of the checkpoint" in done.stderr
