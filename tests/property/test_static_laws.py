"""Laws of reading Terraform's text: hostile files end in a note, and what is read twice says the same."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatecli.gates.static_terraform import StaticRequest, examine_static
from gatecli.sources.hcl.bodies import read_bodies
from gatecli.sources.policy import default_policy

PIECES = [
    'resource "aws_s3_bucket_acl" "b" {\n',
    'data "aws_iam_policy_document" "d" {\n',
    "locals {\n",
    "statement {\n",
    "principals {\n",
    'variable "v" {\n',
    'module "m" {\n',
    "}\n",
    "acl = ",
    "policy = ",
    "a = ",
    "b = ",
    "count = ",
    "for_each = ",
    "type = ",
    "default = ",
    '"public-read"',
    "local.a",
    "local.b",
    "var.v",
    "jsonencode(",
    ")",
    "[",
    "]",
    "{",
    "}",
    '"',
    "${",
    "%{",
    "<<-E\n",
    "<<E\n",
    "E\n",
    "\n",
    ",",
    " = ",
    ":",
    "?",
    "!",
    "-",
    "==",
    "&&",
    "...",
    ".",
    "*",
    "0",
    "1.5",
    "null",
    "true",
    "for x in ",
    "#",
    "/*",
    "*/",
    "\\",
    "\0",
    "é",
    "\u2028",
    '{"Statement": {"Effect": "Allow",',
    '"Principal": "*"}}',
    'identifiers = ["*"]\n',
    'effect = "Deny"\n',
    'dynamic "condition" {\n',
    "content {\n",
    "::",
]
VALUES: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["*", "${var.v}", "${", "Allow", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["statement", "principals", "effect", "Statement", "*"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)
slow = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)

SIZE = 2**17
HOSTILE: dict[str, str] = {
    "brackets": "a = " + "[" * SIZE,
    "blocks": "a {\n" * (SIZE // 4),
    "interpolations": 'a = "' + '${"' * (SIZE // 3),
    "heredocs": "a = <<A\n" * (SIZE // 8),
    "lines of heredocs": "a = <<AAA\n" + "AA\n" * (SIZE // 3),
    "comments": "/*" * (SIZE // 2),
    "quotes": 'a = "\n' * (SIZE // 6),
    "signs": "a = " + "!" * SIZE + "true",
    "conditions": "a = " + "true ? 1 : " * (SIZE // 11) + "1",
    "names": "a = b" + ".c" * (SIZE // 2),
    "lists of lists": "locals {\n a0 = [1]\n"
    + "".join(f" a{n} = [local.a{n - 1}, local.a{n - 1}]\n" for n in range(1, 3000))
    + '}\nresource "aws_s3_bucket_policy" "b" {\n policy = jsonencode(local.a2999)\n}\n',
    "texts of texts": 'locals {\n a0 = "xx"\n'
    + "".join(f' a{n} = "${{local.a{n - 1}}}${{local.a{n - 1}}}"\n' for n in range(1, 3000))
    + '}\nresource "aws_s3_bucket_policy" "b" {\n policy = local.a2999\n}\n',
    "circles": 'locals {\n a = local.b\n b = "${local.a}"\n}\n'
    'resource "aws_s3_bucket_acl" "b" {\n acl = local.a\n}\n',
}


def examine(text: str, name: str = "main.tf") -> list[str]:
    with TemporaryDirectory() as folder:
        file = Path(folder, name)
        file.write_text(text, "utf-8", errors="surrogatepass", newline="")
        examined = examine_static(StaticRequest([file], [], default_policy()))
        return [finding.message.replace(folder, "") for each in examined for finding in each.findings]


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
@slow
def test_no_text_breaks_the_reader(text: str) -> None:
    assert examine(text) == examine(text)


@given(st.text(max_size=80))
@slow
def test_no_characters_break_the_reader(text: str) -> None:
    assert read_bodies(text) == read_bodies(text)


@given(VALUES, VALUES)
@slow
def test_no_json_breaks_the_reader(statement: object, policy: object) -> None:
    resources = {
        "aws_s3_bucket_policy": {
            "b": {"policy": policy},
            "c": {"policy": "${data.aws_iam_policy_document.d.json}"},
        }
    }
    documents = {"aws_iam_policy_document": {"d": {"statement": statement}}}
    text = json.dumps({"resource": resources, "data": documents, "variable": {"v": {"default": policy}}})
    assert examine(text, "main.tf.json") == examine(text, "main.tf.json")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_ends_and_opens_nothing(text: str) -> None:
    assert all("was judged without a plan" in message for message in examine(text))
