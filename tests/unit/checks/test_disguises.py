"""Who wants a number past the gate: each disguise is found at both front doors, or named as out of reach."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from gatecli.checks.personal_data import find_personal_data, search_of
from gatecli.gates.embedded_files import with_embedded_files
from gatecli.gates.file_scan import scan_file
from gatecli.model.policy import PiiRules
from gatecli.model.text import RawText
from gatecli.sources.string_fields.formats import format_of, read_leaves
from tests.support.disguises import OUT_OF_REACH, VALUES, found_cases
from tests.support.reviews import decided, rulebook

SEARCH = with_embedded_files(search_of(PiiRules()))
RULES = {"pii-cn-resident-id", "pii-us-ssn"}
THREAT_MODEL = Path(__file__).parents[3] / "docs" / "threat-model.md"
CASES = [pytest.param(path, text, id=name) for name, path, text in found_cases()]


def rules_in(path: str, text: str) -> set[str]:
    raw = RawText(path, text, format_of(path, text))
    return {finding.rule.id for finding in find_personal_data(raw, read_leaves(raw).leaves, SEARCH)}


@pytest.mark.parametrize(("path", "text"), CASES)
def test_a_disguise_is_found(path: str, text: str, tmp_path: Path) -> None:
    assert rules_in(path, text) & RULES
    file = tmp_path / path
    file.write_text(text, "utf-8", newline="")
    assert {finding.rule.id for finding in scan_file(file, SEARCH).findings} & RULES


@pytest.mark.parametrize("value", [pytest.param(value, id=name) for name, value in VALUES.items()])
def test_a_disguise_is_refused_by_the_webhook(value: str) -> None:
    obj: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a"},
        "data": {"customer": value},
    }
    assert not decided(obj, rulebook()).allowed


@pytest.mark.parametrize("items", ["[4,4,0,3,0,8,1,9,9,9,0,1,1,0,1,5,1,2]", '["440308","19990110","1512"]'])
def test_a_list_is_refused_by_the_webhook(items: str) -> None:
    obj = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "a"},
        "spec": {
            "template": {
                "spec": {"containers": [{"name": "a", "image": "a", "args": [*map(str, json.loads(items))]}]}
            }
        },
    }
    assert not decided(obj, rulebook()).allowed


@pytest.mark.parametrize("words", OUT_OF_REACH)
def test_what_is_out_of_reach_is_in_the_threat_model(words: str) -> None:
    assert f"- **{words[0].upper()}{words[1:]}**" in THREAT_MODEL.read_text("utf-8")


@pytest.mark.parametrize("words", OUT_OF_REACH)
def test_what_is_said_to_be_out_of_reach_is(words: str) -> None:
    for path, text in OUT_OF_REACH[words]:
        assert not rules_in(path, text) & RULES, text


ORDINARY = (
    {"ports": [80, 443, 8080, 8443, 9090, 9093]},
    {"matrix": [[1, 0, 0, 1, 0, 1, 1, 0, 1], [4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]]},
    {"buckets": [100, 250, 500, 1000, 2500, 5000, 10000]},
    {"digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
    {"fingerprint": "34:a1:5c:21:33:3b:49:57:b4:31:55:12"},
    {"mac": "34:34:30:33:30:38"},
    {"uuid": "34343033-3038-4139-9939-303131303135"},
    {"env": "KUBERNETESSERVICEPORTHTTPSABCDEFGH"},
    {"cron": "0,5,10,15,20,25,30,35,40,45,50,55 * * * *"},
    {"cpu": "123456789n", "memory": "128974848Ki"},
    {"table": "| port | count |\n|---|---|\n| 8080 | 123456789 |\n"},
    {"sql": "INSERT INTO t (id, count) VALUES (123456789, 987654321);"},
    {"note": "phone\n\nversion 1.2.3\n"},
)


@pytest.mark.parametrize("data", ORDINARY, ids=[str(number) for number in range(len(ORDINARY))])
def test_ordinary_lists_digests_and_tables_are_nobody_s(data: dict[str, Any]) -> None:
    assert rules_in("a.yaml", yaml.safe_dump(data)) == set()
    assert rules_in("a.json", json.dumps(data)) == set()
