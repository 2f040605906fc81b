"""`gatecli serve --check` and `gatecli check` over the same endpoint, beside the ledger that it names."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from gatecli.cli.app import main
from tests.support.charged_ledgers import add, ledger

RULES = Path(__file__).parents[1] / "rules"
EXAMPLES = (
    "fresh-noise",
    "plain-upstream",
    "shared-people",
    "uncharged-people",
    "useless-noise",
    "weak-screening",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with ledger(tmp_path) as store:
        for name in ("customers-2026", "customers-part-1"):
            add(store, name, epsilon="4000")
    return tmp_path


def judged(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main([*arguments, "--format", "json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("side", ["fail", "pass"])
@pytest.mark.parametrize("rule", EXAMPLES)
def test_both_commands_say_the_same(
    rule: str, side: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = folder / "serve.yaml"
    shutil.copy(RULES / f"serve-{rule}" / side / "serve.yaml", document)
    alone = judged(capsys, "serve", "--check", "--config", str(document))
    whole = judged(capsys, "check", str(folder), "--only", "serve", "--ledger", str(folder / "ledger.db"))
    assert (alone[0], alone[1]["findings"]) == (whole[0], whole[1]["findings"])
    assert {finding["rule"] for finding in alone[1]["findings"]} == (
        {f"serve-{rule}"} if side == "fail" else set()
    )
    assert [gate["gate"] for gate in whole[1]["gates"]] == [alone[1]["gate"]] == ["serve"]
    assert alone[1]["checked"] == whole[1]["checked"]


def test_a_document_that_is_not_one_could_not_be_checked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = folder / "any.yaml"
    document.write_text("kind: Service\n", "utf-8")
    code, report = judged(capsys, "serve", "--check", "--config", str(document))
    assert (code, [finding["rule"] for finding in report["findings"]]) == (4, ["serve-invalid"])


def test_what_is_not_served_does_not_end_as_if_it_had_been(folder: Path) -> None:
    assert main(["serve", "--config", str(folder / "serve.yaml"), "--exit-zero"]) == 2
