"""Gates of a plan that rely on an attestation, without Terraform: the keys of the policy decide."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
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
    MeasuredTable,
    PolicyDigest,
    TableAnonymity,
)
from tests.support.attestations import ed25519, predicate
from tests.support.evidence_files import written_at
from tests.support.plans import raw

DATA = "7f479dc634828c3e6fa60365736267bc965c3727e366a5d68885622b5f5e9045"
"""The digest of what the gate in `gated.json` let through."""
FILE = "data.sigstore.json"
JUDGED_BY = "a" * 64
OURS, THEIRS = ed25519(), ed25519()
HEAD: dict[str, Any] = {
    "verdict": "pass",
    "gate": "anonymity",
    "policy": PolicyDigest("test", JUDGED_BY),
    "findings": {},
    "suppressed": 0,
    "waivers": (),
    "tool": AttestingTool("gatecli", "0.2.0"),
    "time": written_at(),
}
QUESTION = AttestedQuestion(("age", "zip"), (), "own-value", normalise=False, thresholds={"k": "5"})

Judged = Callable[..., tuple[int, list[str]]]


def attested(*, sha256: str = DATA, signer: StatementSigner = OURS, **changes: Any) -> str:
    tables = (MeasuredTable("data.csv", sha256, {"k": "6"}, QUESTION),)
    said = TableAnonymity(**HEAD | changes, tables=tables)
    return bundle_text(
        sign(AttestedStatement((AttestedSubject("data.csv", {"sha256": sha256}),), said), signer)
    )


RELEASE = bundle_text(
    sign(
        AttestedStatement(
            (AttestedSubject("data.csv", {"sha256": DATA}),), predicate(**HEAD | {"gate": "release"})
        ),
        OURS,
    )
)


def demanding(plan: dict[str, Any], attestation: object) -> dict[str, Any]:
    """The plan, whose gate relies on an attestation; None: only the apply knows on which."""
    places = [
        *plan["planned_values"]["root_module"]["child_modules"][0]["resources"],
        *plan["resource_changes"],
    ]
    for each in places:
        if each["address"] == "module.anonymity.terraform_data.thresholds":
            values, unknown = (
                (each["change"]["after"], each["change"]["after_unknown"])
                if "change" in each
                else (each["values"], {})
            )
            values["input"]["attestation"] = attestation
            if attestation is None:
                values["input"].pop("attestation")
                unknown["input"] = {"attestation": True}
    return plan


@pytest.fixture(name="judged")
def checker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Judged:
    """Check the plan behind a gate that read `text`, which stands beside it as `beside`."""
    monkeypatch.chdir(tmp_path)

    def check(
        text: str = "", *options: str, beside: str | None = "", attestation: object = "", **spec: Any
    ) -> tuple[int, list[str]]:
        text = text or attested()
        named = {"path": FILE, "sha256": hashlib.sha256(text.encode()).hexdigest()}
        plan = demanding(raw("gated"), named if attestation == "" else attestation)
        (tmp_path / "plan.json").write_text(json.dumps(plan), "utf-8")
        if beside is not None:
            (tmp_path / FILE).write_text(beside or text, "utf-8")
        keys = [{"name": "team", "publicKey": OURS.public.pem}]
        trusted = {"keys": keys, "policies": [JUDGED_BY], **spec.pop("trust", {})}
        policy = {
            "apiVersion": "gatecli.dev/v1",
            "kind": "PrivacyPolicy",
            "metadata": {"name": "own"},
            "spec": {
                "extends": "default",
                "terraform": {"gateSources": ["../terraform_modules/*"], **spec},
                "attestation": trusted,
            },
        }
        (tmp_path / "gatecli.yaml").write_text(json.dumps(policy), "utf-8")
        code = main(
            ["terraform", "check", "plan.json", "--policy", "gatecli.yaml", "--format", "json", *options]
        )
        findings = json.loads(capsys.readouterr().out)["findings"]
        return code, [f"{each['rule']}: {each['message']}" for each in findings]

    return check


def bypassed(why: str) -> str:
    return f"tf-gate-bypassed: module.anonymity relies on an attestation ({FILE}) {why}"


def test_an_attestation_that_a_key_of_the_policy_signed_is_evidence(judged: Judged) -> None:
    assert judged() == (0, [])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (attested(signer=THEIRS), "0 of 1 trusted keys signed it"),
        (attested(sha256="1" * 64), "it is not about data.csv as it is here"),
        (attested(verdict="fail"), "its verdict is not a pass"),
        (attested(time="2026-01-01T00:00:00Z"), "it was made at 2026-01-01T00:00:00Z, more than 90 days ago"),
        (attested(time="2999-01-01T00:00:00Z"), "which is not yet"),
        (
            attested(policy=PolicyDigest("theirs", "9" * 64)),
            "the policy that judged (999999999999…) is not accepted",
        ),
        (RELEASE, "it is of the gate release, and another kind of attestation is asked for"),
    ],
)
def test_an_attestation_that_does_not_hold_bypasses_its_gate(judged: Judged, text: str, why: str) -> None:
    code, [said] = judged(text)
    assert code == 1
    assert said.startswith(bypassed(f"that does not hold: {FILE}: "))
    assert why in said


@pytest.mark.parametrize(
    "text",
    ["{}", "no JSON", attested().replace("\n", " \n"), "\ud83d".encode("utf-16", "surrogatepass").hex()],
)
def test_a_file_that_is_not_one_bypasses_its_gate(judged: Judged, text: str) -> None:
    code, [said] = judged(text)
    assert code == 1
    assert said.startswith(bypassed(f"that cannot be verified: {FILE}: "))


def test_a_policy_that_trusts_nobody_takes_no_attestation_for_evidence(judged: Judged) -> None:
    code, said = judged(trust={"keys": []}, onUnknown="defer")
    why = "and the policy trusts no key, so that an attestation is not evidence"
    assert (code, said) == (1, [bypassed(why)])


@pytest.mark.parametrize("beside", [None, attested(time="2026-11-01T00:00:00Z")])
@pytest.mark.parametrize(("meaning", "code"), [("fail", 1), ("warn", 0), ("defer", 0)])
def test_another_file_than_the_gate_read_is_unknown(
    judged: Judged, beside: str | None, meaning: str, code: int
) -> None:
    assert judged(beside=beside, onUnknown=meaning) == (code, [bypassed("that is not at hand")])


@pytest.mark.parametrize("path", ["/etc/data.sigstore.json", "../../../../data.sigstore.json", "a\0b"])
def test_no_path_leads_out_of_the_repository(judged: Judged, path: str) -> None:
    code, [said] = judged(attestation={"path": path, "sha256": "1" * 64})
    assert code == 1
    assert said.endswith("that is not at hand")


def test_an_attestation_that_only_the_apply_names_is_unknown(judged: Judged) -> None:
    said = "tf-gate-bypassed: module.anonymity relies on an attestation that is not at hand"
    assert judged(attestation=None) == (1, [said])
    assert judged(attestation=None, onUnknown="warn") == (0, [said])


def test_what_is_given_is_found_by_its_digest(judged: Judged, tmp_path: Path) -> None:
    (tmp_path / "given.json").write_text(text := attested(), "utf-8")
    assert judged(text, "--evidence", "given.json", beside=None) == (0, [])
    assert judged(text, "--evidence", "given.json", beside=attested(signer=THEIRS)) == (0, [])


def test_findings_of_an_attestation_are_findings_of_the_plan(judged: Judged) -> None:
    code, said = judged(attested(findings={"anon-undeclared-quasi-identifier": 1, "made-up": 3}))
    assert code == 0
    assert [each.partition(":")[0] for each in said] == ["anon-undeclared-quasi-identifier", "made-up"]
    assert all(f"module.anonymity: in the evidence {FILE}: " in each for each in said)
    assert "3 findings of made-up" in said[1]
