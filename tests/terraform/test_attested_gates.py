"""Gates that an attestation opens, in real plans: what the module refuses, and what only the checker can."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gatecli.attestation.envelopes import bundle_text
from gatecli.attestation.keys import StatementSigner
from gatecli.cli.app import main
from gatecli.gates.attesting import sign
from gatecli.model.attestation import (
    AttestedQuestion,
    AttestedStatement,
    AttestedSubject,
    AttestingTool,
    Claim,
    MeasuredCost,
    MeasuredTable,
    PolicyDigest,
    ReleaseName,
    TableAnonymity,
)
from tests.support.attestations import ed25519, ed25519_pem, predicate, write_keys
from tests.support.evidence_files import digest, written_at
from tests.support.terraform import Terraform

PUBLISHED = """
module "anonymity" {
  source            = "../terraform_modules/k_anonymity_gate"
  dataset           = "data.csv"
  quasi_identifiers = ["age", "zip"]
  k                 = 5
  attestation       = "data.sigstore.json"
%s}
resource "terraform_data" "published" { input = module.anonymity.released_path }
"""
SERVED = """
module "model" {
  source          = "../terraform_modules/model_release_gate"
  declaration     = "privacy.yaml"
  artifact        = "model.bin"
  release_name    = "churn"
  release_version = "2.3.0"
  max_epsilon     = 2.5
  tier            = "behavioural"
  max_delta       = 0.00001
  attestation     = "churn.sigstore.json"
}
resource "terraform_data" "published" { input = module.model.artifact_path }
output "epsilon" { value = module.model.epsilon }
"""
RELEASE = """\
apiVersion: gatecli.dev/v1
kind: ModelRelease
metadata: {name: churn, version: 2.3.0}
spec:
  sensitivity: behavioural
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
POLICY: dict[str, Any] = {
    "apiVersion": "gatecli.dev/v1",
    "kind": "PrivacyPolicy",
    "metadata": {"name": "test"},
    "spec": {
        "extends": "default",
        "anonymity": {"minK": 5},
        "tiers": {"behavioural": {"maxEpsilon": 3, "maxDelta": "1e-5"}},
        "terraform": {"publishers": {"terraform_data": "dataset"}},
    },
}
QUESTION = AttestedQuestion(("age", "zip"), (), "own-value", normalise=False, thresholds={"k": "5"})
OURS, THEIRS, SECOND = ed25519(), ed25519(), ed25519()
BYPASSED = "module.anonymity relies on an attestation (data.sigstore.json) "

ACCEPTED = PolicyDigest("test", "a" * 64)

Judge = Callable[..., tuple[int, str]]


def write_policy(
    folder: Path, attestation: dict[str, Any] | None = None, kind: str = "dataset", **more: Any
) -> Path:
    """A policy that trusts our key, unless told otherwise."""
    trusted = {"keys": [{"name": "team", "publicKey": OURS.public.pem}], "policies": [ACCEPTED.sha256]}
    terraform = {"publishers": {"terraform_data": kind}, **more}
    spec = {
        **POLICY["spec"],
        "terraform": terraform,
        "attestation": trusted if attestation is None else attestation,
    }
    path = folder / "policy.json"
    path.write_text(json.dumps({**POLICY, "spec": spec}), "utf-8")
    return path


@pytest.fixture(name="judge")
def checker(own: Terraform, program: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Judge:
    """Check a target by a policy: the exit code, and the sentences."""

    def judged(target: str = ".", *options: str, **policy: Any) -> tuple[int, str]:
        given = (
            "--policy",
            str(write_policy(tmp_path, **policy)),
            "--terraform-binary",
            str(program),
            "--format",
            "json",
        )
        capsys.readouterr()
        code = main(["terraform", "check", os.path.normpath(own.folder / target), *given, *options])
        findings = json.loads(capsys.readouterr().out)["findings"]
        return code, "\n".join(finding["message"] for finding in findings)

    return judged


def table_of(own: Terraform, **changes: Any) -> AttestedStatement:
    """A statement about `data.csv`: of its table, of that by `sha256`, or with another subject (`about`)."""
    sha256 = changes.pop("sha256", digest(own.folder / "data.csv"))
    about = changes.pop("about", sha256)
    table = MeasuredTable(
        "data.csv", sha256, changes.pop("measures", {"k": "6"}), changes.pop("question", QUESTION)
    )
    head: dict[str, Any] = {
        "verdict": "pass",
        "gate": "anonymity",
        "policy": ACCEPTED,
        "findings": {},
        "suppressed": 0,
        "waivers": (),
        "tool": AttestingTool("gatecli", "0.2.0"),
        "time": written_at(),
    }
    said = TableAnonymity(**head | changes, tables=(table,))
    return AttestedStatement((AttestedSubject("data.csv", {"sha256": about}),), said)


def release_of(own: Terraform, **changes: Any) -> AttestedStatement:
    artifact = changes.pop("artifact", digest(own.folder / "model.bin"))
    stated = {
        "policy": ACCEPTED,
        "findings": {},
        "time": written_at(),
        "release": ReleaseName("churn", "2.3.0", digest(own.folder / "privacy.yaml")),
        "sensitivity": "behavioural",
    }
    subject = AttestedSubject("model.bin", {"sha256": artifact})
    return AttestedStatement((subject,), predicate(**stated | changes))


def attest(
    own: Terraform, said: AttestedStatement, signer: StatementSigner = OURS, name: str = "data"
) -> Path:
    path = own.folder / f"{name}.sigstore.json"
    path.write_text(bundle_text(sign(said, signer)), "utf-8")
    return path


@pytest.fixture(name="published")
def a_table_with_an_attestation(own: Terraform) -> Terraform:
    (own.folder / "data.csv.gate.json").unlink()
    own.write(PUBLISHED % "")
    attest(own, table_of(own))
    own("init").passed()
    return own


@pytest.fixture(name="served")
def a_model_with_an_attestation(own: Terraform) -> Terraform:
    own.write(SERVED)
    own.write("kind: ModelRelease", name="privacy.yaml")
    own.write("weights", name="model.bin")
    attest(own, release_of(own), name="churn")
    own("init").passed()
    return own


def test_a_table_is_published_by_what_gatecli_attested(
    own: Terraform, judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own.folder)
    (own.folder / "data.csv.gate.json").unlink()
    key, public = write_keys(tmp_path, ed25519_pem())
    policy = write_policy(tmp_path)
    asked = ("--quasi-identifier", "age,zip", "--k", "5", "--missing", "own-value", "--policy", str(policy))
    assert main(["anonymity", "check", "data.csv", *asked, "--report", "json=data.json", "--quiet"]) == 0
    signing = ("--report", "data.json", "--key", str(key), "-o", "data.sigstore.json")
    assert main(["attest", "data.csv", *signing]) == 0
    (own.folder / "data.json").unlink()
    own.write(PUBLISHED % "")
    own("init").passed()
    trusted = {"keys": [{"name": "team", "publicKey": public.read_text("utf-8")}]}
    assert judge(attestation=trusted) == (0, "")
    own.planned().passed()
    assert judge("plan.bin", attestation=trusted) == (0, "")
    own.applied().passed()
    assert "terraform_data.published" in own.resources()
    own("plan", "-detailed-exitcode").passed()


def test_a_model_is_served_by_what_gatecli_attested(
    served: Terraform, judge: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(served.folder)
    key, public = write_keys(tmp_path, ed25519_pem())
    listed = f"  artifacts: [{{path: model.bin, sha256: {digest(served.folder / 'model.bin')}}}]\n"
    served.write(RELEASE + listed, name="privacy.yaml")
    trusted = {"keys": [{"name": "team", "publicKey": public.read_text("utf-8")}]}
    policy = write_policy(tmp_path, attestation=trusted, kind="model")
    signing = ("--policy", str(policy), "--key", str(key), "-o", "churn.sigstore.json")
    assert main(["attest", "privacy.yaml", *signing]) == 0
    assert judge(attestation=trusted, kind="model") == (0, "")
    served("apply", "-auto-approve").passed()
    served.write("other weights", name="model.bin")
    served.planned().refused("is no artifact of churn 2.3.0")


def test_a_model_is_served_by_an_attestation(served: Terraform, judge: Judge) -> None:
    assert judge(kind="model") == (0, "")
    served("apply", "-auto-approve").passed()
    assert served.outputs() == {"epsilon": 2.3795}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"sha256": "1" * 64}, "data.sigstore.json is of other data than data.csv has now"),
        ({"about": "1" * 64}, "data.sigstore.json is of other data than data.csv has now"),
        ({"time": written_at(ago=timedelta(hours=169))}, "longer than 168h ago"),
        ({"time": written_at(ago=timedelta(hours=-1))}, "which has not come yet"),
        ({"verdict": "fail"}, "the gate did not pass data.csv: its verdict is not pass"),
        ({"measures": {"k": "4"}}, "k-anonymity 4 is below 5"),
        ({"measures": {}}, "k-anonymity null is below 5"),
        ({"question": None}, "does not measure the quasi-identifiers [age, zip]"),
        (
            {"question": replace(QUESTION, quasi_identifiers=("age",))},
            "does not measure the quasi-identifiers [zip]",
        ),
        (
            {"question": replace(QUESTION, thresholds={"k": "2"})},
            'demanded only k = "2" where 5 is wanted',
        ),
        (
            {"question": replace(QUESTION, missing="wildcard")},
            "does not take a missing value for own-value",
        ),
    ],
)
def test_the_module_refuses_what_an_attestation_does_not_say_of_the_table(
    published: Terraform, changes: dict[str, Any], sentence: str
) -> None:
    attest(published, table_of(published, **changes))
    ran = published.planned().refused(sentence)
    assert (
        "gatecli attest data.csv --report data.csv.gate.json --key key.pem -o data.sigstore.json" in ran.said
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"artifact": "1" * 64}, "is no artifact of churn 2.3.0"),
        ({"release": ReleaseName("churn", "2.3.0", "1" * 64)}, "is of another declaration than privacy.yaml"),
        (
            {"cost": MeasuredCost("2.6", 2_600_000, "2.5", "1e-5", "add-remove", "PLD")},
            "spent epsilon 2.6, more than 2.5",
        ),
        (
            {"cost": MeasuredCost("2.4", 2_400_000, "2.3", "1e-4", "add-remove", "PLD")},
            "was judged at delta 0.0001",
        ),
        ({"cost": None}, "spent epsilon null"),
        ({"time": written_at(ago=timedelta(hours=169))}, "longer than 168h ago"),
        ({"verdict": "fail"}, "the gate did not pass churn 2.3.0"),
    ],
)
def test_the_module_refuses_what_an_attestation_does_not_say_of_the_release(
    served: Terraform, changes: dict[str, Any], sentence: str
) -> None:
    attest(served, release_of(served, **changes), name="churn")
    ran = served.planned().refused(sentence)
    assert "run: gatecli attest privacy.yaml --key key.pem -o churn.sigstore.json" in ran.said


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "there is no evidence at data.sigstore.json"),
        ("{}", "data.sigstore.json is not an attestation"),
        ('{"dsseEnvelope": {"payload": "!"}}', "data.sigstore.json is not an attestation"),
        ("release", "data.sigstore.json is not evidence of the anonymity gate"),
    ],
)
def test_the_module_refuses_another_file(published: Terraform, text: str | None, sentence: str) -> None:
    path = published.folder / "data.sigstore.json"
    path.unlink()
    if text == "release":
        about = AttestedSubject("data.csv", {"sha256": digest(published.folder / "data.csv")})
        attest(published, AttestedStatement((about,), predicate(time=written_at())))
    elif text is not None:
        path.write_text(text, "utf-8")
    published.planned().refused(sentence)


@pytest.mark.parametrize("besides", ['evidence = "data.csv.gate.json"', "run = true"])
def test_an_attestation_stands_alone(published: Terraform, besides: str) -> None:
    published.write(PUBLISHED % f"  {besides}\n")
    published.planned().refused("attestation excludes evidence and run")


def test_an_attestation_that_is_swapped_between_plan_and_apply_is_not_taken(published: Terraform) -> None:
    published.planned().passed()
    attest(published, table_of(published), THEIRS)
    assert published.applied().code == 1


def test_a_signature_of_somebody_else_opens_the_module_and_not_the_checker(
    published: Terraform, judge: Judge
) -> None:
    attest(published, table_of(published), THEIRS)
    published.planned().passed()
    code, said = judge("plan.bin")
    assert code == 1
    assert said.startswith(f"{BYPASSED}that does not hold: ")
    assert "0 of 1 trusted keys signed it" in said


def test_a_statement_that_was_changed_after_it_was_signed_is_told(published: Terraform, judge: Judge) -> None:
    path = attest(published, table_of(published, measures={"k": "1"}))
    bundle = json.loads(path.read_text("utf-8"))
    payload = base64.b64decode(bundle["dsseEnvelope"]["payload"]).replace(b'"k":"1"', b'"k":"9"')
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()
    path.write_text(json.dumps(bundle, separators=(",", ":"), sort_keys=True) + "\n", "utf-8")
    published.planned().passed()
    code, said = judge("plan.bin")
    assert code == 1
    assert said.startswith(f"{BYPASSED}that does not hold: ")
    assert "the signature that names the key team does not hold" in said


def test_a_file_that_only_terraform_can_read_is_told(published: Terraform, judge: Judge) -> None:
    path = published.folder / "data.sigstore.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")), indent=4), "utf-8")
    published.planned().passed()
    code, said = judge("plan.bin")
    assert code == 1
    assert said.startswith(f"{BYPASSED}that cannot be verified: data.sigstore.json: ")


@pytest.mark.parametrize(
    ("attestation", "why"),
    [
        ({}, "and the policy trusts no key, so that an attestation is not evidence"),
        ({"threshold": 2}, "1 of 2 trusted keys signed it"),
        ({"keys": [{"name": "they", "publicKey": THEIRS.public.pem}]}, "0 of 1 trusted keys signed it"),
    ],
)
def test_the_policy_says_whose_attestation_counts(
    published: Terraform, judge: Judge, attestation: dict[str, Any], why: str
) -> None:
    keys = {"keys": [{"name": "team", "publicKey": OURS.public.pem}]} if attestation else {}
    code, said = judge(attestation={**keys, **attestation})
    assert code == 1
    assert said.startswith(BYPASSED)
    assert why in said


def test_a_second_signature_is_given_beside_the_plan(
    published: Terraform, judge: Judge, tmp_path: Path
) -> None:
    said = table_of(published)
    attest(published, said)
    second = tmp_path / "second.json"
    second.write_text(bundle_text(sign(said, SECOND)), "utf-8")
    keys = [
        {"name": "one", "publicKey": OURS.public.pem},
        {"name": "two", "publicKey": SECOND.public.pem},
    ]
    trusted = {"keys": keys, "threshold": 2, "policies": [ACCEPTED.sha256]}
    assert judge(attestation=trusted)[0] == 1
    assert judge(".", "--evidence", str(second), attestation=trusted) == (0, "")


def test_an_attestation_by_another_policy_does_not_count(published: Terraform, judge: Judge) -> None:
    attest(published, table_of(published, policy=PolicyDigest("theirs", "9" * 64)))
    code, said = judge()
    assert code == 1
    assert "the policy that judged (999999999999…) is not accepted" in said


def test_a_release_that_promises_more_than_its_tier_does_not_count(served: Terraform, judge: Judge) -> None:
    attest(served, release_of(served, claim=Claim("4", 4_000_000, "1e-5")), name="churn")
    code, said = judge(kind="model")
    assert code == 1
    assert "it promises ε = 4" in said


def test_an_attestation_that_is_not_at_hand_is_as_bad_as_the_policy_has_it(
    published: Terraform, judge: Judge, tmp_path: Path
) -> None:
    published.planned().passed()
    plan = tmp_path / "elsewhere"
    plan.mkdir()
    (plan / "plan.json").write_text(published("show", "-json", "plan.bin").passed().stdout, "utf-8")
    target, sources = "../elsewhere/plan.json", ["../terraform_modules/*"]
    code, said = judge(target, gateSources=sources)
    assert (code, said) == (1, f"{BYPASSED}that is not at hand")
    assert judge(target, gateSources=sources, onUnknown="warn")[0] == 0
    evidence = str(published.folder / "data.sigstore.json")
    assert judge(target, "--evidence", evidence, gateSources=sources) == (0, "")


def test_what_was_attested_with_warnings_warns(published: Terraform, judge: Judge) -> None:
    attest(published, table_of(published, findings={"anon-undeclared-quasi-identifier": 2}))
    code, said = judge()
    assert code == 0
    assert said.startswith(
        "module.anonymity: in the evidence data.sigstore.json: 2 findings of anon-undeclared-quasi-identifier"
    )


def test_what_was_attested_is_held_to_what_the_policy_states_of_the_table(
    published: Terraform, program: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_policy(tmp_path)
    policy = json.loads(path.read_text("utf-8"))
    stated = {"name": "people", "path": "data.csv", "quasiIdentifiers": ["age", "zip", "job"], "k": 5}
    policy["spec"]["check"] = {"tables": [stated]}
    path.write_text(json.dumps(policy), "utf-8")
    given = ("--policy", str(path), "--terraform-binary", str(program), "--format", "json")
    capsys.readouterr()
    code = main(["terraform", "check", str(published.folder), *given])
    [finding] = json.loads(capsys.readouterr().out)["findings"]
    assert (code, finding["rule"]) == (1, "anon-question-narrowed")
