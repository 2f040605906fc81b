"""What an object holds under the name of a file is read as that file is."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from gatecli.checks.personal_data import find_personal_data, search_of
from gatecli.gates.embedded_files import with_embedded_files
from gatecli.model.finding import Finding, Severity
from gatecli.model.policy import PiiRules
from gatecli.model.text import RawText, object_leaves

SEARCH = with_embedded_files(search_of(PiiRules()))
CUSTOMERS = "name,ssn\nJürgen,536904399\nAnn,536904388\n"


def findings(**content: Any) -> list[Finding]:
    obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, **content}
    return list(find_personal_data(RawText("c", "", "json"), object_leaves(obj), SEARCH))


def rules_of(found: list[Finding]) -> list[str]:
    return [finding.rule.id for finding in found]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "name,ssn\nAnn,536904399\n"),
        ("a.tsv", "name\tssn\nAnn\t536904399\n"),
        ("a.env", "SSN=536904399\n"),
        ("a.json", '{"ssn": "536904399"}'),
        ("a.jsonl", '{"ssn": "536904399"}\n'),
        ("a.yaml", "ssn: 536904399\n"),
        ("a.toml", 'ssn = "536904399"\n'),
        ("a.properties", "ssn=536904399\n"),
        ("a.ini", "[a]\nssn = 536904399\n"),
    ],
)
def test_a_key_that_ends_like_a_file_is_read_in_its_format(name: str, text: str) -> None:
    (found,) = findings(data={name: text})
    assert (found.rule.id, found.place.pointer) == ("pii-us-ssn", f"/data/{name}")


def test_a_column_that_is_called_otherwise_names_nothing() -> None:
    assert findings(data={"a.csv": "name,sales\nAnn,536904399\n"}) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "gb18030", "utf-16", "utf-16-le"])
def test_binary_data_is_decoded_as_files_are(encoding: str) -> None:
    content = base64.b64encode(CUSTOMERS.encode(encoding)).decode()
    assert rules_of(findings(binaryData={"customers.csv": content})) == ["pii-us-ssn"] * 2


def test_what_stays_binary_is_not_searched_and_said() -> None:
    picture = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(300)).decode()
    (found,) = findings(binaryData={"logo.png": picture})
    assert (found.rule.id, found.severity) == ("pii-not-searched", Severity.NOTE)
    assert "a PNG image" in found.message


def test_a_file_of_a_secret_is_read_through_its_base64() -> None:
    content = base64.b64encode(b'{"ssn": "536904399"}').decode()
    assert rules_of(findings(data={"a.json": content})) == ["pii-us-ssn"]
