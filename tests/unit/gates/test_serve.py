"""The gate of endpoints over folders: one policy, every waiver, and no file that a stranger chooses."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gatecli.gates import GateName
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.policies import read_policy
from gatecli.gates.repository import RepositoryRequest, check_repository
from gatecli.gates.reserving import LedgerUse
from gatecli.gates.serve import check_at_start
from gatecli.model.verdict import ExitCode, Verdict
from gatecli.sources.endpoint import ENDPOINTS
from gatecli.sources.policy import default_policy
from tests.support.attestations import NOW
from tests.support.charged_ledgers import add, ledger, moment
from tests.support.endpoints import ENDPOINT

TODAY = NOW.date()
TERMS = JudgementTerms(default_policy(), (), TODAY)
ATTESTED = Path(__file__).parents[2] / "rules" / "serve-other-model" / "pass"
VOTES = """\
apiVersion: gatecli.dev/v1
kind: PrivateEndpoint
metadata: {name: votes}
spec:
  upstream: {}
  mode: votes
  votes:
    classes: [stay, leave]
    models:
      - {url: "http://127.0.0.1:8081/", dataset: part-1}
      - {url: "http://127.0.0.1:8082/", dataset: part-2}
      - {url: "http://127.0.0.1:8083/", dataset: part-3}
  noise: {epsilon: 4}
  budget: {ledger: ledger.db, dataset: people, lease: 1}
"""
WAIVER = """\
---
apiVersion: gatecli.dev/v1
kind: PrivacyWaiver
metadata: {name: trial}
spec:
  {rule: serve-useless-noise, subject: churn, reason: a trial, owner: team, expires: 2026-12-31}
"""

Check = Callable[..., Verdict]


def at_start(folder: Path, terms: JudgementTerms) -> Verdict:
    """The verdict where the endpoint of a folder is to be served."""
    return check_at_start(ENDPOINTS.read(folder / "serve.yaml"), terms)


@pytest.fixture
def check(tmp_path: Path) -> Check:
    def checking(*only: GateName, terms: JudgementTerms = TERMS, use: LedgerUse | None = None) -> Verdict:
        only = only or (GateName.SERVE,)
        return check_repository(RepositoryRequest(tmp_path, terms, lambda: 0.0, only, ledger=use))

    return checking


def rules(verdict: Verdict) -> list[str]:
    return [finding.rule.id for finding in verdict.active]


def attested(folder: Path, old: str = "", new: str = "") -> JudgementTerms:
    """An attested endpoint in a folder, and the terms of the policy beside it."""
    shutil.copytree(ATTESTED, folder, dirs_exist_ok=True)
    document = folder / "serve.yaml"
    document.write_text(document.read_text("utf-8").replace(old, new), "utf-8")
    bundle = read_policy(folder / "gatecli.yaml", folder)
    return JudgementTerms(bundle.policy, bundle.waivers, TODAY)


def test_a_folder_without_an_endpoint_is_nothing_to_check(check: Check) -> None:
    assert check().exit_code is ExitCode.NOTHING


def test_every_endpoint_of_a_folder_is_judged(check: Check, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"{ENDPOINT}---\n{ENDPOINT.replace('churn', 'fraud')}", "utf-8")
    (tmp_path / "b.serve.yaml").write_text(ENDPOINT.replace("churn", "risk"), "utf-8")
    verdict = check()
    assert [(item.kind, item.name) for item in verdict.checked] == [
        ("endpoint", "churn"),
        ("endpoint", "fraud"),
        ("endpoint", "risk"),
    ]
    assert verdict.passed


def test_what_is_excluded_or_ignored_is_not_judged(tmp_path: Path) -> None:
    (tmp_path / "serve.yaml").write_text("{}", "utf-8")
    request = RepositoryRequest(tmp_path, TERMS, lambda: 0.0, (GateName.SERVE,), exclude=("serve.yaml",))
    assert check_repository(request).exit_code is ExitCode.NOTHING


def test_a_head_of_another_version_is_said_once(check: Check, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(ENDPOINT.replace("dev/v1", "dev/v2"), "utf-8")
    assert rules(check()) == ["serve-invalid"]
    assert rules(check(GateName.SERVE, GateName.RELEASE)) == ["release-invalid"]


def test_a_policy_weighs_and_a_waiver_forgives(check: Check, tmp_path: Path) -> None:
    (tmp_path / "serve.yaml").write_text(ENDPOINT.replace("epsilon: 8", "epsilon: 1"), "utf-8")
    assert check().exit_code is ExitCode.OPEN
    head = (
        "apiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\nmetadata: {name: acme}\nspec:\n  extends: default\n"
    )
    law = head + "  severities: {serve-useless-noise: error}\n"
    policy = tmp_path / "gatecli.yaml"
    policy.write_text(law, "utf-8")

    def terms() -> JudgementTerms:
        bundle = read_policy(policy, tmp_path)
        return JudgementTerms(bundle.policy, bundle.waivers, TODAY)

    assert check(terms=terms()).exit_code is ExitCode.CLOSED
    policy.write_text(law + WAIVER, "utf-8")
    verdict = check(terms=terms())
    assert (verdict.exit_code, len(verdict.findings)) == (ExitCode.OPEN, 1)


def test_an_attestation_grows_old(tmp_path: Path) -> None:
    terms = attested(tmp_path)
    assert at_start(tmp_path, terms).passed
    later = JudgementTerms(terms.policy, (), TODAY.replace(year=TODAY.year + 2))
    assert rules(at_start(tmp_path, later)) == ["serve-attestation-rejected"]


def test_an_attestation_that_is_not_there_is_not_a_pass(tmp_path: Path) -> None:
    terms = attested(tmp_path)
    (tmp_path / "churn.sigstore.json").unlink()
    assert rules(at_start(tmp_path, terms)) == ["serve-attestation-rejected"]


def test_a_policy_that_trusts_nobody_accepts_nothing(tmp_path: Path) -> None:
    attested(tmp_path)
    assert rules(at_start(tmp_path, TERMS)) == ["serve-attestation-rejected"]


def test_a_check_reads_no_file_that_the_document_chooses(check: Check, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    shutil.copytree(ATTESTED, outside)
    for name in (str(outside / "churn.sigstore.json"), f"../{outside.name}/churn.sigstore.json"):
        terms = attested(tmp_path, "churn.sigstore.json", name)
        (finding,) = check(terms=terms).active
        assert finding.rule.id == "serve-attestation-rejected"
        assert "path" in finding.message
        assert at_start(tmp_path, terms).passed


def test_a_model_outside_is_a_note_and_is_compared_at_the_start(check: Check, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside.safetensors"
    shutil.copy(ATTESTED / "model.safetensors", outside)
    terms = attested(tmp_path, "model.safetensors", str(outside))
    verdict = check(terms=terms)
    assert (rules(verdict), verdict.exit_code) == (["serve-model-elsewhere"], ExitCode.OPEN)
    assert at_start(tmp_path, terms).findings == ()
    outside.write_bytes(b"other weights")
    assert rules(at_start(tmp_path, terms)) == ["serve-other-model"]
    terms = attested(tmp_path, "model.safetensors", f"../{outside.name}")
    assert rules(check(terms=terms)) == ["serve-other-model"]


def test_files_of_an_endpoint_in_a_config_map_are_not_looked_for(check: Check, tmp_path: Path) -> None:
    terms = attested(tmp_path)
    document = tmp_path / "serve.yaml"
    text = "".join(f"    {line}\n" for line in document.read_text("utf-8").splitlines())
    document.unlink()
    head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: churn}\ndata:\n  serve.yaml: |\n"
    (tmp_path / "deploy.yaml").write_text(head + text, "utf-8")
    verdict = check(terms=terms)
    assert [item.name for item in verdict.checked] == ["churn"]
    (finding,) = verdict.active
    assert finding.rule.id == "serve-model-elsewhere"
    assert "text in another document" in finding.message


def test_a_ledger_is_asked_for_the_dataset_and_what_it_is_made_from(check: Check, tmp_path: Path) -> None:
    (tmp_path / "serve.yaml").write_text(VOTES, "utf-8")
    scratch = tmp_path.parent / f"{tmp_path.name}-ledger"
    scratch.mkdir()
    with ledger(scratch) as store:
        use = LedgerUse(store, moment(TODAY))
        assert rules(check(use=use)) == ["serve-unknown-dataset"]
        add(store, "population", epsilon="3")
        add(store, "people", epsilon="100", parents=[("population", 1)])
        verdict = check(use=use)
        assert rules(verdict) == ["serve-budget-spent"]
        assert "population" in verdict.active[0].message
        store.close_dataset("population", moment(TODAY))
        verdict = check(use=use)
        assert rules(verdict) == ["serve-unknown-dataset"]
        assert "population" in verdict.active[0].message


def test_a_ledger_says_that_one_part_is_made_from_another(check: Check, tmp_path: Path) -> None:
    (tmp_path / "serve.yaml").write_text(VOTES, "utf-8")
    scratch = tmp_path.parent / f"{tmp_path.name}-ledger"
    scratch.mkdir()
    with ledger(scratch) as store:
        use = LedgerUse(store, moment(TODAY))
        for name, parents in (
            ("people", []),
            ("part-1", []),
            ("between", [("part-1", 1)]),
            ("part-3", [("between", 1)]),
        ):
            add(store, name, epsilon="100", parents=parents)
        (finding,) = check(use=use).active
        assert (finding.rule.id, finding.place.pointer) == (
            "serve-shared-people",
            "/spec/votes/models/2/dataset",
        )


def test_an_endpoint_whose_noise_cannot_be_drawn_is_judged_with_a_ledger_too(
    check: Check, tmp_path: Path
) -> None:
    text = ENDPOINT.replace("{epsilon: 8}", "{epsilon: 8, kind: gaussian}")
    (tmp_path / "serve.yaml").write_text(text, "utf-8")
    scratch = tmp_path.parent / f"{tmp_path.name}-ledger"
    scratch.mkdir()
    with ledger(scratch) as store:
        add(store, "customers-2026", epsilon="100")
        assert rules(check(use=LedgerUse(store, moment(TODAY)))) == ["serve-impossible-noise"]
