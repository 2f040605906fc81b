"""A value is named by what stands beside it, in every format and however it is nested."""

from __future__ import annotations

import json

import pytest

from gatecli.checks.personal_data import find_personal_data, search_of
from gatecli.gates.embedded_files import with_embedded_files
from gatecli.model.policy import PiiRules
from gatecli.model.text import RawText, object_leaves
from gatecli.sources.string_fields.formats import format_of, read_leaves

SEARCH = with_embedded_files(search_of(PiiRules()))
N = "536904399"

NAMED = (
    ("a.tf", f'variable "ssn" {{\n  default = "{N}"\n}}\n'),
    ("a.tf", f'tags = {{ Name = "ssn", Value = "{N}" }}\n'),
    ("a.tf", f'tag {{\n  key = "a"\n  value = "b"\n}}\ntag {{\n  value = "{N}"\n  key = "ssn"\n}}\n'),
    ("a.tf", f'args = ["--ssn", "{N}"]\n'),
    ("a.tf", f'set {{\n  name  = "patient.ssn"\n  value = {N}\n}}\n'),
    ("a.toml", f'[[env]]\nname = "ssn"\nvalue = "{N}"\n'),
    ("a.toml", f'env = [{{name = "ssn", value = "{N}"}}]\n'),
    ("a.toml", f'args = ["--ssn", "{N}"]\n'),
    ("a.ini", f"[a]\nname = ssn\nvalue = {N}\n"),
    ("a.csv", f"field,value\nssn,{N}\n"),
    ("a.json", f'{{"name": "ssn", "values": ["{N}"]}}'),
    ("a.json", f'{{"key": "ssn", "value": {{"stringValue": "{N}"}}}}'),
    ("a.json", f'{{"type": "ssn", "value": "{N}"}}'),
    ("a.json", f'{{"attribute": "ssn", "content": "{N}"}}'),
    ("a.json", f'{{"k": "ssn", "v": {N}}}'),
    ("a.json", f'{{"title": "ssn", "answer": "{N}"}}'),
    ("a.yaml", f'matchExpressions:\n- key: ssn\n  operator: In\n  values: ["{N}"]\n'),
    ("a.yaml", f'- header: X-SSN\n  value: "{N}"\n'),
    (".env", f'export SSN="{N}"\n'),
    ("a.properties", f"user.ssn {N}\n"),
    ("a.xml", f"<ssn>{N}</ssn>\n"),
    ("a.xml", f'<field name="ssn">{N}</field>'),
    ("a.xml", f'<add key="ssn" value="{N}"/>'),
    ("a.sql", f"INSERT INTO t (ssn) VALUES ('{N}');"),  # noqa: S608 - a text to search, no statement
    ("a.sh", f"run --ssn {N}\n"),
    ("a.sh", f"curl -H 'X-SSN: {N}' 'https://corp.io/'\n"),
    ("a.sh", f"curl 'https://corp.io/y?ssn={N}&a=1'\n"),
    ("Dockerfile", f"FROM x\nENV SSN {N}\n"),
    ("Dockerfile", f'FROM x\nCMD ["run", "--ssn", "{N}"]\n'),
    ("a.go", f'os.Setenv("SSN", "{N}")\n'),
    ("a.java", f'user.setSsn("{N}");\n'),
    ("a.py", f'd["ssn"] = "{N}"\n'),
    ("a.rs", "const SSN: u32 = 536_904_399;\n"),
)
NOT_NAMED = (
    ("a.tf", f'tag {{\n  key = "ssn"\n  value = "b"\n}}\ntag {{\n  key = "total"\n  value = "{N}"\n}}\n'),
    ("a.tf", f'args = ["--ssn", "b", "{N}"]\n'),
    ("a.tf", f'x = ["ssn"]\ny = ["{N}"]\n'),
    ("a.toml", f'a = {{name = "ssn"}}\nb = {{value = "{N}"}}\n'),
    ("a.csv", f"field,value,total\nssn,x,{N}\n"),
    ("a.json", f'[{{"name": "ssn"}}, {{"value": "{N}"}}]'),
    ("a.json", f'{{"name": "ssn", "value": {{"a": {{"b": {{"c": "{N}"}}}}}}}}'),
)


def count(path: str, text: str) -> int:
    raw = RawText(path, text, format_of(path, text))
    return len(list(find_personal_data(raw, read_leaves(raw).leaves, SEARCH)))


@pytest.mark.parametrize(("path", "text"), NAMED)
def test_a_value_is_found_by_the_name_beside_it(path: str, text: str) -> None:
    assert count(path, text) == 1


@pytest.mark.parametrize(("path", "text"), NOT_NAMED)
def test_a_name_beside_another_value_names_nothing(path: str, text: str) -> None:
    assert count(path, text) == 0


@pytest.mark.parametrize("text", [text for path, text in NAMED if path == "a.json"])
def test_an_object_of_a_cluster_says_the_same(text: str) -> None:
    raw = RawText("a", "", "json")
    assert len(list(find_personal_data(raw, object_leaves(json.loads(text)), SEARCH))) == 1
