"""What Terraform's files say without a plan: what is certain, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from gatecli.gates.static_terraform import StaticRequest, examine_static
from gatecli.model.finding import Finding
from gatecli.sources.policy import default_policy

ACL = 'resource "aws_s3_bucket_acl" "b" {\n  bucket = aws_s3_bucket.b.id\n  acl    = %s\n}\n'
BLOCK = """
resource "aws_s3_bucket_public_access_block" "b" {
  bucket             = aws_s3_bucket.b.id
  ignore_public_acls = %s
}
"""
NUMBERED = 'resource "aws_s3_bucket_acl" "b" {\n  %s\n  acl = "public-read"\n}\n'
STRANGER = 'Effect = "Allow", Principal = {AWS = var.x}, Action = "*"'
POLICY = 'resource "aws_s3_bucket_policy" "b" {\n  bucket = aws_s3_bucket.b.id\n  policy = %s\n}\n'
ALLOW = 'Effect = "Allow", Principal = "*", Action = "s3:GetObject", Resource = "${aws_s3_bucket.b.arn}/*"'
HEREDOC = """<<-EOT
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "*"},
     "Action": "s3:GetObject", "Resource": "${aws_s3_bucket.b.arn}/*"}}
  EOT"""
DOCUMENT = """
data "aws_iam_policy_document" "d" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.b.arn}/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    %s
  }
}
"""
CONDITION = 'condition {\n test = "StringEquals"\n variable = "aws:PrincipalOrgID"\n values = [var.org]\n }'
OBJECT = 'resource "aws_s3_object" "o" {\n  bucket = "b"\n  key = "k"\n  source = %s\n}\n'
GATE = 'module "anonymity" {\n  source = "example/k_anonymity_gate"\n}\n'
OTHER = "".join(
    f'resource "{type_}" "x" {{\n  {argument} = {value}\n}}\n'
    for type_, argument, value in (
        ("google_storage_bucket_iam_member", "member", '"allUsers"'),
        ("azurerm_storage_container", "container_access_type", '"blob"'),
    )
)

OPEN: dict[str, str] = {
    "a literal": ACL % '"public-read"',
    "a variable's default": 'variable "a" {\n  type = string\n  default = "public-read"\n}\n' + ACL % "var.a",
    "a local": 'locals {\n  a = "public-${local.b}"\n  b = "read"\n}\n' + ACL % "local.a",
    "a condition": ACL % 'true && !false ? "public-read" : "private"',
    "each of something": NUMBERED % "for_each = var.all",
    "a block that is off": ACL % '"public-read"' + BLOCK % "false",
    "a policy in jsonencode": POLICY % f"jsonencode({{Statement = [{{{ALLOW}}}]}})",
    "a policy beside an unknown one": POLICY % f"jsonencode({{Statement = [{{{ALLOW}}}, {{{STRANGER}}}]}})",
    "a policy in a heredoc": POLICY % HEREDOC,
    "a policy in a local": f"locals {{\n p = {{Statement = [{{{ALLOW}}}]}}\n}}\n"
    + POLICY % "jsonencode(local.p)",
    "a policy document": POLICY % "data.aws_iam_policy_document.d.json" + DOCUMENT % "",
}
SILENT: dict[str, str] = {
    "private": ACL % '"private"',
    "a variable without a default": 'variable "a" {}\n' + ACL % "var.a",
    "another module's value": ACL % "module.m.acl",
    "none of it": NUMBERED % "count = 0",
    "perhaps none of it": 'variable "n" {}\n' + NUMBERED % "count = var.n",
    "each of nothing": NUMBERED % "for_each = {}",
    "a block that is on": ACL % '"public-read"' + BLOCK % "true",
    "a block that may be on": 'variable "on" {}\n' + ACL % '"public-read"' + BLOCK % "var.on",
    "a module that may block": 'module "m" {\n  source = "x"\n  bucket = aws_s3_bucket.b.id\n}\n'
    + ACL % '"public-read"',
    "an unknown condition": POLICY % f"jsonencode({{Statement = [{{{ALLOW}, Condition = var.c}}]}})",
    "a refusal": POLICY
    % (
        f'jsonencode({{Statement = [{{{ALLOW}}}, {{Effect = "Deny", Principal = "*", Action = "s3:*", '
        'Resource = "${aws_s3_bucket.b.arn}/*", '
        'Condition = {StringNotEquals = {"aws:SourceVpce" = "vpce-1"}}}]})'
    ),
    "an unknown refusal": POLICY
    % f'jsonencode({{Statement = [{{{ALLOW}}}, {{Effect = "Deny", Principal = var.x, Action = "s3:*"}}]}})',
    "a document with an unknown condition": POLICY % "data.aws_iam_policy_document.d.json"
    + DOCUMENT % CONDITION,
    "a document with a dynamic condition": POLICY % "data.aws_iam_policy_document.d.json"
    + DOCUMENT % 'dynamic "condition" {\n for_each = var.c\n content {\n test = "StringEquals"\n }\n }',
    "a comment": '# acl = "public-read"\n/* ' + ACL % '"public-read"' + "*/\n",
}


def findings(folder: Path, planned: list[Path] | None = None) -> list[Finding]:
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    examined = list(examine_static(StaticRequest(files, planned or [], default_policy())))
    return [finding for each in examined for finding in each.findings]


def said(folder: Path) -> list[tuple[str, str]]:
    return [(each.rule.id, each.subject) for each in findings(folder) if each.rule.id != "tf-no-plan"]


def write(folder: Path, text: str, name: str = "main.tf") -> Path:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, "utf-8")
    return folder


@pytest.mark.parametrize("text", OPEN.values(), ids=OPEN.keys())
def test_what_is_certainly_open_is_found(tmp_path: Path, text: str) -> None:
    (found,) = (each for each in findings(write(tmp_path, text)) if each.rule.id != "tf-no-plan")
    assert (found.rule.id, found.severity) == ("tf-public-dataset", "error")
    assert found.message.endswith("(static: without a plan)")
    assert (found.place.path, found.place.pointer) == ((tmp_path / "main.tf").as_posix(), None)
    lines = text.splitlines()
    assert found.place.line is not None
    assert lines[found.place.line - 1].strip().startswith(("acl", "policy"))


@pytest.mark.parametrize("text", SILENT.values(), ids=SILENT.keys())
def test_what_may_be_closed_is_not_reported(tmp_path: Path, text: str) -> None:
    assert said(write(tmp_path, text)) == []


def test_other_clouds_are_judged_by_the_same_table(tmp_path: Path) -> None:
    assert {subject for _, subject in said(write(tmp_path, OTHER))} == {
        "google_storage_bucket_iam_member.x",
        "azurerm_storage_container.x",
    }


def test_json_syntax_says_the_same(tmp_path: Path) -> None:
    write(
        tmp_path,
        '{"resource": {"aws_s3_bucket_policy": {"b": {"policy": "${data.aws_iam_policy_document.d.json}"}}},'
        '"data": {"aws_iam_policy_document": {"d": {"statement": {"actions": ["s3:GetObject"],'
        '"resources": ["*"], "principals": {"type": "*", "identifiers": ["*"]}}}}}}',
        "main.tf.json",
    )
    assert said(tmp_path) == [("tf-public-dataset", "aws_s3_bucket_policy.b")]


@pytest.mark.parametrize(
    "text", ['"x"', "[1]", "{principals = 3}", "{principals = [{identifiers = 4}]}", "[[[]]]"]
)
def test_a_policy_that_is_none_breaks_nothing(tmp_path: Path, text: str) -> None:
    document = f'data "aws_iam_policy_document" "d" {{\n  statement = {text}\n}}\n'
    assert said(write(tmp_path, POLICY % "data.aws_iam_policy_document.d.json" + document)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (OBJECT % '"raw.csv"', ["tf-dataset-ungated"]),
        (OBJECT % "local.f" + 'locals {\n  f = "raw.csv"\n}\n', ["tf-dataset-ungated"]),
        (GATE + OBJECT % "module.anonymity.released_path", []),
        (GATE + OBJECT % "local.f" + "locals {\n  f = module.anonymity.released_path\n}\n", []),
        (OBJECT.replace("}", "  depends_on = [module.x]\n}") % '"raw.csv"', []),
        (OBJECT % "data.external.x.result.path", []),
        (OBJECT % "var.f" + 'variable "f" {}\n', []),
        (OBJECT % "local.nowhere", []),
        (
            OBJECT.replace("}", '  tags = {"gatecli-evidence" = var.d}\n}') % '"raw.csv"'
            + 'variable "d" {}\n',
            [],
        ),
    ],
)
def test_a_publisher_that_no_gate_can_stand_before_is_found(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    assert [rule for rule, _ in said(write(tmp_path, text))] == expected


def test_a_module_that_is_called_may_stand_behind_the_gate_of_its_caller(tmp_path: Path) -> None:
    write(tmp_path, 'module "m" {\n  source = "./m"\n}\n')
    write(tmp_path, OBJECT % '"raw.csv"' + ACL % '"public-read"', "m/main.tf")
    assert said(tmp_path) == [("tf-public-dataset", "aws_s3_bucket_acl.b")]


def test_a_variable_for_personal_data_is_found(tmp_path: Path) -> None:
    write(tmp_path, 'variable "ssn" {}\nvariable "passport" {\n  sensitive = true\n}\n')
    assert said(tmp_path) == [("tf-plaintext-variable", "var.ssn")]


TEMPLATE = """
resource "awscc_cleanrooms_privacy_budget_template" "study" {
  auto_refresh          = %s
  membership_identifier = var.membership
  privacy_budget_type   = "DIFFERENTIAL_PRIVACY"
  parameters            = { epsilon = 4, users_noise_per_query = 40 }
}
"""
EXECUTE = """
resource "snowflake_execute" "policy" {
  execute = %s
  revert  = "DROP PRIVACY POLICY p"
}
"""


@pytest.mark.parametrize(
    "text",
    [
        TEMPLATE % '"CALENDAR_MONTH"',
        EXECUTE % '"CREATE OR REPLACE PRIVACY POLICY p AS () RETURNS PRIVACY_BUDGET -> NO_PRIVACY_POLICY()"',
    ],
)
def test_a_budget_that_the_text_makes_begin_again_is_found(tmp_path: Path, text: str) -> None:
    write(tmp_path, text)
    assert {rule for rule, _ in said(tmp_path)} == {"ledger-budget-reset"}


@pytest.mark.parametrize(
    "text", [TEMPLATE % '"NONE"', TEMPLATE % "var.refresh", EXECUTE % "var.sql", EXECUTE % '"SELECT 1"']
)
def test_a_budget_that_may_be_for_good_is_not_reported(tmp_path: Path, text: str) -> None:
    write(tmp_path, text)
    assert said(tmp_path) == []


def test_files_of_variables_outweigh_defaults_as_terraform_has_it(tmp_path: Path) -> None:
    write(tmp_path, 'variable "a" {\n  default = "public-read"\n}\n' + ACL % "var.a")
    write(tmp_path, 'a = "private"\n', "terraform.tfvars")
    assert said(tmp_path) == []
    write(tmp_path, '{"a": "public-read"}', "x.auto.tfvars.json")
    assert said(tmp_path) == [("tf-public-dataset", "aws_s3_bucket_acl.b")]


def test_overrides_amend_and_opentofu_is_read(tmp_path: Path) -> None:
    write(tmp_path, ACL % '"public-read"')
    write(tmp_path, 'resource "aws_s3_bucket_acl" "b" {\n  acl = "private"\n}\n', "x_override.tf")
    assert said(tmp_path) == []
    write(tmp_path, OTHER, "other.tofu")
    assert {rule for rule, _ in said(tmp_path)} == {"tf-public-dataset"}


def test_what_a_plan_covers_is_not_judged_again_and_vendored_modules_never(tmp_path: Path) -> None:
    write(tmp_path, 'module "m" {\n  source = "./m"\n}\n')
    write(tmp_path, ACL % '"public-read"', "m/main.tf")
    write(tmp_path, ACL % '"public-read"', ".terraform/modules/x/main.tf")
    assert findings(tmp_path, [tmp_path]) == []
    assert [each.subject for each in findings(tmp_path) if each.rule.id == "tf-no-plan"] == [
        (tmp_path / "m").as_posix()
    ]


def test_the_note_names_what_could_not_be_read(tmp_path: Path) -> None:
    write(tmp_path, ACL % '"private"')
    write(tmp_path, "a = [\n", "broken.tf")
    (note,) = findings(tmp_path)
    assert (
        note.message
        == f"{tmp_path.as_posix()}: 1 resource was judged without a plan; not read whole: broken.tf"
    )


def test_a_file_that_could_not_be_read_is_named_in_a_folder_without_resources(tmp_path: Path) -> None:
    write(tmp_path, 'resource "aws_s3_bucket_acl" {{{', "broken.tf")
    assert [each.message for each in findings(tmp_path)] == [
        f"{tmp_path.as_posix()}: no resource was judged without a plan; not read whole: broken.tf"
    ]
