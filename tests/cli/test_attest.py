"""`gatecli attest` and `gatecli verify`, in one process: files, exit codes, what is said."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gatecli.cli.app import main
from tests.support.attestations import ed25519_pem, p256_pem, write_keys

ROOT = Path(__file__).resolve().parents[2]

LAPLACE = """\
apiVersion: gatecli.dev/v1
kind: ModelRelease
metadata: {name: counts, version: "1"}
spec:
  sensitivity: low
  privacy:
    unit: person
    neighbouring: add-remove
    variant: pure
    epsilon: "1/3"
    delta: 0
    maxContributions: 1
    trustModel: central
    compositionScope: this release alone
    preprocessing: {dataDependent: false}
    tuning: {runs: 0, accounted: true}
    mechanisms: [{kind: laplace, sensitivity: 1, scale: 3}]
  datasets: [{name: customers, records: 60000}]
"""
"""Its ε needs no accountant that has to be imported."""


@pytest.fixture(scope="module", name="place")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, keys, and an attestation of the model."""
    folder = tmp_path_factory.mktemp("attest")
    model = folder / "m"
    model.mkdir()
    (model / "privacy.yaml").write_text(LAPLACE)
    write_keys(folder, ed25519_pem())
    assert main(["attest", str(model), "--key", str(folder / "key.pem"), "-o", str(folder / "a.json")]) == 0
    return folder


Run = Callable[..., int]


@pytest.fixture(name="verify")
def verifier(place: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(place)

    def run(*more: str, bundle: str = "a.json", artifact: str = "m", key: str = "key.pem.pub") -> int:
        return main(["verify", bundle, "--artifact", artifact, "--key", key, *more])

    return run


def payload(file: Path) -> Any:
    return json.loads(base64.b64decode(json.loads(file.read_text())["dsseEnvelope"]["payload"]))


def test_what_was_attested_is_verified(verify: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify() == 0
    assert capsys.readouterr().out.startswith(
        "verified · counts 1 · ε = 1/3, δ = 0 · signed by key.pem.pub · "
    )


def test_the_name_of_a_key_that_is_personal_data_is_masked(
    place: Path, verify: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(place / "key.pem.pub", place / "440308199901101512.pub")
    assert verify(key="440308199901101512.pub") == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("verified · ")
    assert "440308199901101512" not in shown.out + shown.err


def test_a_statement_is_exact_and_never_understates(place: Path) -> None:
    predicate = payload(place / "a.json")["predicate"]
    assert predicate["claim"] == {
        "epsilon": "1/3",
        "epsilonMicro": 333_334,
        "delta": "0",
        "unit": "person",
        "neighbouring": "add-remove",
        "variant": "pure",
    }
    assert predicate["cost"]["epsilonUpperMicro"] >= 333_333
    assert predicate["verdict"] == "pass"


def test_a_changed_model_is_refused(place: Path, verify: Run) -> None:
    shutil.copytree(place / "m", place / "changed")
    (place / "changed" / "extra.bin").write_bytes(b"x")
    assert verify(artifact="changed") == 1


def test_a_renamed_file_is_refused(place: Path, verify: Run) -> None:
    shutil.copytree(place / "m", place / "renamed")
    (place / "renamed" / "privacy.yaml").rename(place / "renamed" / "other.yaml")
    assert verify(artifact="renamed") == 1


def test_a_json_report_says_why(verify: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify("--format", "json", artifact="key.pem.pub") == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["gate"], report["verdict"]) == ("verify", "fail")
    assert [each["rule"] for each in report["findings"]] == ["attestation-other-subject"]


def test_a_broken_file_could_not_be_checked(place: Path, verify: Run) -> None:
    (place / "cut.json").write_bytes((place / "a.json").read_bytes()[:-9])
    assert verify(bundle="cut.json") == 4


@pytest.mark.parametrize(
    "more",
    [
        ["verify", "a.json", "--artifact", "m"],
        ["verify", "a.json", "--key", "key.pem.pub"],
        ["verify", "none.json", "--artifact", "m", "--key", "key.pem.pub"],
        ["verify", "a.json", "--artifact", "none", "--key", "key.pem.pub"],
        ["verify", "a.json", "--artifact", "m", "--key", "key.pem"],
        ["verify", "a.json", "--artifact", "m", "--key", "key.pem.pub", "--threshold", "0"],
        ["verify", "a.json", "--artifact", "m", "--key", "key.pem.pub", "--accept-policy", "x"],
        ["verify", "a.json", "--artifact", "m", "--key", "key.pem.pub", "--ledger-from", "x"],
    ],
)
def test_what_demands_nothing_or_is_not_there_is_a_usage_error(
    more: list[str], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    assert main(more) == 2


def test_only_a_pass_is_signed(place: Path) -> None:
    output = place / "never.json"
    failing = ROOT / "examples" / "churn-model"
    assert main(["attest", str(failing), "--key", str(place / "key.pem"), "-o", str(output)]) == 1
    assert not output.exists()


def test_a_key_comes_from_a_variable_and_is_opened_by_a_passphrase(
    place: Path, tmp_path: Path, verify: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    private, public = write_keys(tmp_path, p256_pem())
    monkeypatch.setenv("SIGNING", private.read_text())
    out = str(tmp_path / "b.json")
    assert main(["attest", "m", "--key", "env:SIGNING", "-o", out]) == 0
    assert verify(bundle=out, key=str(public)) == 0
    locked = tmp_path / "locked.pem"
    locked.write_bytes(ed25519_pem(b"open sesame"))
    assert main(["attest", "m", "--key", str(locked), "-o", out]) == 2
    monkeypatch.setenv("GATECLI_KEY_PASSPHRASE", "open sesame")
    assert main(["attest", "m", "--key", str(locked), "-o", out]) == 0


def test_a_second_person_countersigns(place: Path, tmp_path: Path, verify: Run) -> None:
    private, public = write_keys(tmp_path, p256_pem())
    second = str(tmp_path / "second.json")
    assert main(["attest", "m", "--key", str(private), "--countersign", "a.json", "-o", second]) == 0
    assert verify(second, "--key", str(public), "--threshold", "2") == 0
    assert verify("--key", str(public), "--threshold", "2") == 1


def test_an_image_is_a_subject(place: Path, tmp_path: Path, verify: Run) -> None:
    image, out = f"registry.example/counts@sha256:{'a' * 64}", str(tmp_path / "i.json")
    assert main(["attest", "m", "--key", "key.pem", "--image", image, "-o", out]) == 0
    assert verify(bundle=out, artifact=image) == 0
    assert verify(bundle=out, artifact=image.replace("aa", "ab", 1)) == 1


def test_a_report_stands_for_a_check_of_the_same_bytes(place: Path, tmp_path: Path, verify: Run) -> None:
    report, out = tmp_path / "report.json", str(tmp_path / "r.json")
    assert main(["release", "check", "m", "--report", f"json={report}", "--quiet"]) == 0
    assert main(["attest", "m", "--key", "key.pem", "--report", str(report), "-o", out]) == 0
    assert verify(bundle=out) == 0
    other = tmp_path / "other"
    shutil.copytree("m", other)
    (other / "privacy.yaml").write_text(LAPLACE.replace("1/3", "0.4"))
    assert main(["attest", str(other), "--key", "key.pem", "--report", str(report)]) == 2


def test_a_report_that_failed_is_not_signed(place: Path, tmp_path: Path, verify: Run) -> None:
    report = tmp_path / "report.json"
    failing = str(ROOT / "examples" / "churn-model")
    assert main(["release", "check", failing, "--report", f"json={report}", "--quiet"]) == 1
    assert main(["attest", failing, "--key", "key.pem", "--report", str(report)]) == 2
    report.write_text(
        report.read_text().replace('"fail"', '"pass"').replace('"exit_code": 1', '"exit_code": 0')
    )
    assert main(["attest", failing, "--key", "key.pem", "--report", str(report)]) == 2


def test_a_scan_is_not_taken_for_a_release(place: Path, tmp_path: Path, verify: Run) -> None:
    report, out = tmp_path / "scan.json", str(tmp_path / "s.json")
    assert main(["pii", "scan", "m", "--report", f"json={report}", "--quiet"]) == 0
    assert main(["attest", "m", "--key", "key.pem", "--report", str(report), "-o", out]) == 0
    file = "m/privacy.yaml"
    assert verify("--type", "scan", bundle=out, artifact=file) == 0
    assert verify(bundle=out, artifact=file) == 1


def test_a_table_is_attested_with_its_measures(place: Path, tmp_path: Path, verify: Run) -> None:
    table, report, out = tmp_path / "t.csv", tmp_path / "t.json", str(tmp_path / "a.json")
    table.write_text("age,city\n30,A\n30,A\n40,B\n40,B\n")
    asked = ["--quasi-identifier", "age,city", "--k", "2"]
    assert main(["anonymity", "check", str(table), *asked, "--report", f"json={report}", "--quiet"]) == 0
    assert main(["attest", str(table), "--key", "key.pem", "--report", str(report), "-o", out]) == 0
    assert payload(Path(out))["predicate"]["tables"][0]["measures"]["k"] == "2"
    assert verify("--type", "anonymity", bundle=out, artifact=str(table)) == 0
    table.write_text("age,city\n30,A\n")
    assert main(["attest", str(table), "--key", "key.pem", "--report", str(report)]) == 2


def test_a_policy_says_whom_it_trusts(place: Path, tmp_path: Path, verify: Run) -> None:
    public = Path("key.pem.pub").read_text().replace("\n", "\n        ")
    policy = tmp_path / "gatecli.yaml"

    def judged_by(rules: str) -> int:
        policy.write_text(
            "apiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\nmetadata: {name: acme}\n"
            f"spec:\n  extends: default\n  attestation:\n{rules}"
            f"    keys:\n    - name: team\n      publicKey: |\n        {public}\n"
        )
        return main(["verify", "a.json", "--artifact", "m", "--policy", str(policy)])

    digest = payload(Path("a.json"))["predicate"]["policy"]["sha256"]
    assert judged_by("") == 0  # whom a policy trusts does not change what it is
    assert judged_by("    threshold: 2\n") == 1
    assert judged_by(f"    policies: [{digest}]\n") == 0
    policy.write_text(policy.read_text().replace("publicKey: |", "datasets: [others]\n      publicKey: |"))
    assert main(["verify", "a.json", "--artifact", "m", "--policy", str(policy)]) == 1
    policy.write_text(
        policy.read_text().replace("extends: default", "extends: default\n  release: {requireEvidence: true}")
    )
    assert main(["verify", "a.json", "--artifact", "m", "--policy", str(policy), "--key", "key.pem.pub"]) == 1


def test_a_policy_with_a_key_that_is_none_cannot_be_used(place: Path, tmp_path: Path, verify: Run) -> None:
    policy = tmp_path / "gatecli.yaml"
    policy.write_text(
        "apiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\nmetadata: {name: acme}\n"
        "spec:\n  extends: default\n  attestation: {keys: [{name: team, publicKey: none}]}\n"
    )
    assert main(["verify", "a.json", "--artifact", "m", "--policy", str(policy)]) == 2


def test_a_ledger_holds_what_was_attested(place: Path, tmp_path: Path, verify: Run) -> None:
    ledger, note, out = str(tmp_path / "l.db"), str(tmp_path / "note.txt"), str(tmp_path / "l.json")
    dataset = ["customers", "--unit", "person", "--neighbouring", "add-remove"]
    assert main(["ledger", "init", "--ledger", ledger]) == 0
    assert (
        main(["ledger", "dataset", "add", *dataset, "--epsilon", "2", "--delta", "1e-5", "--ledger", ledger])
        == 0
    )
    attest = ["attest", "m", "--key", "key.pem", "--ledger", ledger, "-o", out]
    assert main(attest) == 2  # no checkpoint yet
    assert main(["release", "check", "m", "--ledger", ledger, "--reserve", "--quiet"]) == 0
    assert main(["ledger", "checkpoint", "--ledger", ledger, "-o", note]) == 0
    assert main(attest) == 0
    assert verify("--ledger-checkpoint", note, bundle=out) == 0
    assert verify("--ledger-checkpoint", note) == 1  # states no place
    other = Path(note).read_text().replace("\n2\n", "\n3\n")
    (tmp_path / "other.txt").write_text(other)
    assert verify("--ledger-checkpoint", str(tmp_path / "other.txt"), bundle=out) == 1
    assert verify("--ledger-checkpoint", "m/privacy.yaml", bundle=out) == 4


@pytest.mark.parametrize(
    ("old", "new"),
    [("name: customers", "name: carol@corporation.io"), ("name: counts", 'name: "536-90-4399"')],
)
def test_no_statement_names_a_person(
    old: str, new: str, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "privacy.yaml").write_text(LAPLACE.replace(old, new))
    assert main(["attest", str(tmp_path), "--key", str(place / "key.pem")]) == 2
    written = capsys.readouterr()
    assert "would hold personal data" in written.err
    assert "carol" not in written.out + written.err
    assert "536-90-4399" not in written.out + written.err


def test_what_another_signer_signs_is_the_same_statement(
    place: Path, tmp_path: Path, verify: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    image = "registry.example/churn@sha256:" + "a" * 64
    unsigned = tmp_path / "u"
    assert main(["attest", "m", "--image", image, "--unsigned", str(unsigned)]) == 0
    whole = json.loads((unsigned / "statement.json").read_text())
    assert json.loads((unsigned / "predicate.json").read_text()) == whole["predicate"]
    assert (unsigned / "predicate-type.txt").read_text() == whole["predicateType"]
    assert (unsigned / "subjects.sha256").read_text() == f"{'a' * 64}  registry.example/churn\n"
    assert capsys.readouterr().err == f"not signed: {unsigned}\n"
    assert main(["attest", "m", "--unsigned", str(tmp_path / "none")]) == 2  # a folder alone has no SHA-256
    assert not (tmp_path / "none").exists()
    assert main(["attest", "m", "--unsigned", str(unsigned), "--key", "key.pem"]) == 2
    taken = unsigned / "statement.json" / "below"
    assert main(["attest", "m", "--image", image, "--unsigned", str(taken)]) == 2
    assert "cannot be made a folder" in capsys.readouterr().err
    del verify
