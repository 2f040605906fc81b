"""`gatecli audit scores` as a whole process."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.cli.conftest import Run
from tests.support.declarations import WITHOUT_EPSILON, write


def canaries(folder: Path, gap: float, count: int = 400) -> Path:
    """A file of canaries, each put in by a fair coin and scored `gap` higher then."""
    draw = random.Random(7)  # noqa: S311 - the same scores each time
    rows = [(draw.gauss(0, 1), draw.random() < 0.5) for _ in range(count)]
    file = folder / "canaries.csv"
    file.write_text(
        "score,member\n" + "".join(f"{score + gap * coin},{int(coin)}\n" for score, coin in rows), "utf-8"
    )
    return file


def test_a_leaking_model_is_refuted(run: Run, tmp_path: Path) -> None:
    done = run("audit", "scores", canaries(tmp_path, 9), "--epsilon", "1", "--delta", "1e-5")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("refuted: ε ≥ 3.995")
    assert "(95 %), and canaries.csv claims ε = 1 at δ = 1e-5\n" in done.stdout


def test_nothing_found_says_what_would_have_been(run: Run, tmp_path: Path) -> None:
    done = run("audit", "scores", canaries(tmp_path, 0), "--epsilon", "1", "--delta", "1e-5")
    assert done.returncode == 0
    assert done.stdout.startswith("nothing found: canaries.csv")
    assert "would have found a leak of ε ≥ 1.399" in done.stdout
    assert "verified" not in done.stdout


def test_a_claim_beyond_the_canaries_could_not_be_tried(run: Run, tmp_path: Path) -> None:
    done = run("audit", "scores", canaries(tmp_path, 9), "--epsilon", "6")
    assert done.returncode == 4
    assert done.stdout.startswith("could not run: canaries.csv")
    assert "400 canaries can refute no claim above ε = 4.6" in done.stdout


def test_a_declaration_makes_the_claim(run: Run, tmp_path: Path) -> None:
    write(tmp_path)
    done = run("audit", "scores", canaries(tmp_path, 9), "--claim", tmp_path / "privacy.yaml", "-f", "json")
    (result,) = json.loads(done.stdout)["results"]
    assert (done.returncode, result["outcome"]) == (1, "refuted")
    assert result["subject"] == "good 1.0"
    assert result["claim"]["neighbouring"] == "add-remove"


def test_the_weights_bind_the_result(run: Run, tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"weights")
    done = run(
        "audit", "scores", canaries(tmp_path, 9), "--epsilon", "1", "--model", weights, "--format", "json"
    )
    document = json.loads(done.stdout)
    Draft202012Validator(
        json.loads((Path(__file__).parents[2] / "docs/schemas/audit-v1.json").read_text("utf-8"))
    ).validate(document)
    assert document["results"][0]["digest"] == hashlib.sha256(b"weights").hexdigest()
    assert document["results"][0]["lower"] == "4.0023"


def test_scores_of_their_own_trainings_take_a_threshold(run: Run, tmp_path: Path) -> None:
    file = canaries(tmp_path, 9)
    options = ("--epsilon", "1", "--method", "clopper-pearson", "--threshold", "4.5")
    done = run("audit", "scores", file, *options)
    assert done.returncode == 1
    assert "members found at 0 false alarms" in done.stdout
    assert "jointBeta: [5.297, 14.311]" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "give the claim once"),
        (("--epsilon", "1", "--claim", "privacy.yaml"), "give the claim once"),
        (("--delta", "1e-5", "--claim", "privacy.yaml"), "give the claim once"),
        (("--epsilon", "nan"), "--epsilon"),
        (("--epsilon", "-1"), "negative"),
        (("--epsilon", "1", "--delta", "1"), "--delta"),
        (("--epsilon", "1", "--alpha", "0"), "--alpha"),
        (("--epsilon", "1", "--alpha", "0.5"), "above 1/4"),
        (("--epsilon", "1", "--threshold", "1"), "--threshold does not belong"),
        (("--epsilon", "1", "--method", "clopper-pearson", "--guesses", "5"), "--guesses does not belong"),
    ],
)
def test_options_that_make_no_claim_or_no_attack_are_refused(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], problem: str
) -> None:
    done = run("audit", "scores", canaries(tmp_path, 0, 60), *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert problem in done.stderr


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "is empty"),
        ("score,member\nnan,1\n", "not finite"),
        ("value,label\n1,1\n", "columns value, label"),
        ("score,member\n" + "1,1\n" * 50, "every canary was in"),
        ("score,member\n" + "1,1\n1,0\n" * 50, "every score is 1"),
    ],
)
def test_a_file_that_says_nothing_could_not_be_audited(
    run: Run, tmp_path: Path, content: str, problem: str
) -> None:
    file = tmp_path / "scores.csv"
    file.write_text(content, "utf-8")
    done = run("audit", "scores", file, "--epsilon", "1")
    assert done.returncode == 4
    assert problem in done.stdout + done.stderr


def test_a_file_that_is_not_there_could_not_be_audited(run: Run) -> None:
    done = run("audit", "scores", "nothing.csv", "--epsilon", "1")
    assert done.returncode == 4
    assert "nothing.csv does not exist" in done.stderr


def test_a_declaration_without_a_claim_is_refused(run: Run, tmp_path: Path) -> None:
    write(tmp_path, WITHOUT_EPSILON)
    done = run("audit", "scores", canaries(tmp_path, 0, 60), "--claim", tmp_path / "privacy.yaml")
    assert done.returncode == 2
    assert "claims no epsilon and delta" in done.stderr


@pytest.mark.parametrize(("gap", "audited", "gated"), [(9, 1, 1), (0, 0, 0)])
def test_what_an_audit_finds_decides_at_the_release_gate(
    run: Run, tmp_path: Path, gap: float, audited: int, gated: int
) -> None:
    example = Path(__file__).parents[1] / "rules" / "dp-refuted-by-audit" / "pass"
    folder = shutil.copytree(example, tmp_path / "release")
    scores, weights = canaries(tmp_path, gap), folder / "mechanism.py"
    options = ("--claim", folder / "privacy.yaml", "--model", weights, "--format", "json")
    done = run("audit", "scores", scores, *options)
    assert done.returncode == audited
    (folder / "audit.json").write_text(done.stdout, "utf-8")
    judged = run("release", "check", folder)
    assert judged.returncode == gated
    assert ("dp-refuted-by-audit" in judged.stdout) == bool(gated)
    assert "audit-unbound" not in judged.stdout
