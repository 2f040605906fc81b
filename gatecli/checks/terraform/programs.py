"""Programs that a plan runs, statements that it executes, and templates that it does not show.

What they do stands in no plan: whether they publish is unknown. A text that names a tool or a statement that
publishes is told louder than one that does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from gatecli.checks.terraform.closed_gates import is_shipped
from gatecli.checks.terraform.rules import at, unknown
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.plan import Plan, PlannedResource, Program, UnknownValue, config_address, lookup_argument
from gatecli.model.plan_values import parts_of, values_of
from gatecli.model.policy import PrivacyPolicy

PROGRAM_UNJUDGED = Rule(
    "tf-program-unjudged", Severity.WARNING, "A program that a plan runs may publish, and nothing judges it"
)

RULES: tuple[Rule, ...] = (PROGRAM_UNJUDGED,)

_COMMANDS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("data", "external"): ("program",),
    ("data", "shell_script"): ("lifecycle_commands.*",),
    ("managed", "shell_script"): ("lifecycle_commands.*",),
    ("managed", "shell_sensitive_script"): ("lifecycle_commands.*",),
    ("managed", "ssh_resource"): ("commands", "pre_commands"),
    ("managed", "ssh_sensitive_resource"): ("commands", "pre_commands"),
    ("managed", "ansible_playbook"): ("playbook",),
    ("action", "local_command"): ("command", "arguments"),
    ("action", "ansible_playbook_run"): ("playbooks",),
    ("action", "aws_lambda_invoke"): ("function_name",),
    ("action", "aws_codebuild_start_build"): ("project_name",),
    ("action", "aws_sfn_start_execution"): ("state_machine_arn",),
}
"""Where a command stands, by mode and type."""

_STATEMENTS: Mapping[str, tuple[str, ...]] = {
    "snowflake_execute": ("execute",),
    "snowflake_unsafe_execute": ("execute",),
    "snowflake_task": ("sql_statement",),
    "snowflake_alert": ("action",),
    "google_bigquery_data_transfer_config": ("params.query",),
    "snowsql_exec": ("create.statements",),
    "postgresql_script": ("commands",),
    "mssql_script": ("create_script", "update_script"),
    "aws_redshiftdata_statement": ("sql",),
    "databricks_query": ("query_text",),
}
"""Where SQL stands that a type executes."""

_TOOLS: tuple[tuple[str, str], ...] = (
    ("aws s3", r"\baws\b[^\n;|&]{0,300}?\ss3\s+(?:cp|sync|mv|website)\b"),
    ("aws s3api", r"\baws\b[^\n;|&]{0,300}?\bs3api\s+(?:put|copy|create|upload)-"),
    ("aws sagemaker", r"\baws\b[^\n;|&]{0,300}?\bsagemaker\s+(?:create|update)-"),
    ("gsutil", r"\bgsutil\b"),
    ("gcloud storage", r"\bgcloud\b[^\n;|&]{0,300}?\bstorage\s+(?:cp|rsync|mv|buckets|objects)\b"),
    ("gcloud ai", r"\bgcloud\b[^\n;|&]{0,300}?\bai\s+(?:models|endpoints)\b"),
    ("az storage", r"\baz\s+storage\b"),
    ("az ml", r"\baz\s+ml\b"),
    ("azcopy", r"\bazcopy\b"),
    ("bq", r"\bbq\b[^\n;|&]{0,300}?\s(?:load|extract|cp|update|mk|query|insert|add-iam-policy-binding)\b"),
    ("snowsql", r"\b(?:snowsql|snow\s+sql)\b"),
    ("databricks", r"\bdatabricks\s+(?:fs|workspace|shares|grants|serving-endpoints)\b"),
    ("huggingface-cli", r"\b(?:huggingface-cli|hf)\s+(?:upload|upload-large-folder|repo)\b"),
    ("kaggle", r"\bkaggle\s+(?:datasets|models)\b"),
    ("dvc push", r"\bdvc\s+push\b"),
    ("mlflow", r"\bmlflow\b"),
    ("wandb", r"\bwandb\s+(?:artifact|sync)\b"),
    (
        "curl",
        (
            r"\bcurl\b[^\n;|&]{0,300}?\s(?:-\w*[TFd]|--(?:upload-file|form|data\S*|json)"
            r"|(?:-X|--request)[ =]?(?:PUT|POST|PATCH))"
        ),
    ),
    ("wget", r"\bwget\b[^\n;|&]{0,300}?--(?:post|method|body)"),
    ("image push", r"\b(?:docker|podman|buildah|nerdctl|crane|oras|ollama)\b[^\n;|&]{0,300}?\bpush\b"),
    ("skopeo", r"\bskopeo\s+(?:copy|sync)\b"),
    ("kubectl", r"\b(?:kubectl|oc)\b[^\n;|&]{0,300}?\s(?:apply|create|replace|patch|expose|cp|run)\b"),
    ("helm", r"\bhelm\b[^\n;|&]{0,300}?\s(?:install|upgrade|push)\b"),
    ("object storage", r"\b(?:rclone|s3cmd|s5cmd|b2|ossutil\w*|obsutil|coscmd|mc)\s+\S"),
    ("file copy", r"\b(?:scp|sftp|rsync)\s+\S"),
    ("git push", r"\bgit\b[^\n;|&]{0,300}?\spush\b"),
    (
        "a client library",
        r"\b(?:upload_file(?:obj)?|put_object(?:_acl)?|upload_from_\w{1,30}|upload_blob|push_to_hub|upload_folder)\b",
    ),
    ("package upload", r"\b(?:twine\s+upload|(?:npm|poetry|cargo|uv)\s+publish)\b"),
)
"""Tools that publish, by what a finding calls them and how a command names them.

Gaps are bounded, so that no text makes a search slow.
"""

_SQL: tuple[tuple[str, str], ...] = (
    ("a grant to a share", r"\bGRANT\b[^;]{0,400}?\bTO\s+SHARE\b"),
    ("a share", r"\b(?:CREATE|ALTER)\s+(?:OR\s+REPLACE\s+)?(?:SECURE\s+)?(?:DATA)?SHARE\b"),
    ("a listing", r"\b(?:CREATE|ALTER)\s+(?:ORGANIZATION\s+|EXTERNAL\s+)?LISTING\b"),
    (
        "a grant to everyone",
        r"\bGRANT\b[^;]{0,400}?\bTO\s+(?:ROLE\s+|USERS?\s+|`)?\"?(?:PUBLIC|account users)\b",
    ),
    ("a copy out of the database", r"\bCOPY\s+INTO\s+(?:'|@)|\bUNLOAD\s*\(|\bEXPORT\s+DATA\b"),
    ("a copy out of the database", r"\bCOPY\b[^;]{0,400}?\bTO\s+(?:PROGRAM\s+)?'"),
)
"""Statements that publish, the same way."""

_SQL_COMMENTS = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_FLAGS = re.IGNORECASE | re.DOTALL
_RUNS = frozenset({"create", "delete", "invoke"})
_LONGEST = 200_000
_MEND = (
    "publish by a resource that a gate stands before, or accept it: "
    "spec.terraform.publishers {TYPE: ignore}, or a waiver with an owner"
)


@dataclass(frozen=True, slots=True)
class _Names:
    """Patterns of what publishes, compiled once."""

    patterns: tuple[tuple[str, re.Pattern[str]], ...]
    comments: re.Pattern[str] | None = None

    def find(self, text: str) -> str:
        """What a text names first in the table; empty where it names nothing."""
        plain = text[:_LONGEST].replace("\\\n", " ")
        if self.comments is not None:
            return self._find_in(plain) or self._find_in(self.comments.sub(" ", plain))
        return self._find_in(plain)

    def _find_in(self, plain: str) -> str:
        return next((name for name, pattern in self.patterns if pattern.search(plain)), "")


_PUBLISHING_TOOLS = _Names(tuple((name, re.compile(pattern)) for name, pattern in _TOOLS))
_PUBLISHING_SQL = _Names(tuple((name, re.compile(pattern, _FLAGS)) for name, pattern in _SQL), _SQL_COMMENTS)


def find_programs(plan: Plan, policy: PrivacyPolicy) -> Iterator[Finding]:
    """What a plan runs beside its resources. The provisioners of gate modules are the gates' own."""
    if plan.kind != "plan":
        return
    gates = [module.address for module in plan.modules if is_shipped(module)]
    running = _running_addresses(plan)
    ignored = {type_ for type_, kind in policy.spec.terraform.publishers.items() if kind == "ignore"}
    programs = [
        *(each for each in plan.programs if each.address in running),
        *(each for resource in plan.resources for each in _of_resource(resource)),
    ]
    for each in _each_once(programs):
        if each.kind not in ignored and not _is_of_gate(gates, each.address):
            yield _program_finding(plan, each, policy)
    for resource in plan.resources:
        if resource.type not in ignored:
            yield from _find_statement(plan, resource, policy)
    for each in plan.unread:
        if each.kind not in ignored:
            message = f"deploys a template that the plan does not show: it {each.text}"
            mend = "write the template in the configuration, where the plan knows it"
            yield unknown(at(plan, PROGRAM_UNJUDGED, each.address, each.pointer, message, mend), policy)


def _running_addresses(plan: Plan) -> frozenset[str]:
    """The resources whose provisioners run: made or removed by the plan, or not spoken of."""
    known: dict[str, bool] = {}
    for each in plan.resources:
        address = config_address(each.address)
        known[address] = known.get(address, False) or each.deferred or bool(_RUNS & {*each.actions})
    return frozenset(
        each.address for each in plan.programs if known.get(each.address, plan.complete is not True)
    )


def _each_once(programs: Iterable[Program]) -> Iterator[Program]:
    """One of several alike at an address."""
    yield from {(config_address(each.address), each.kind, each.text): each for each in programs}.values()


def _is_of_gate(gates: Iterable[str], address: str) -> bool:
    plain = config_address(address)
    return any(plain.startswith(f"{gate}.") for gate in gates)


def _of_resource(resource: PlannedResource) -> Iterator[Program]:
    """The program that a resource, data source or action is."""
    arguments = _COMMANDS.get((resource.mode, resource.type))
    has_run = resource.mode == "managed" and not (_RUNS | {"update"}) & {*resource.actions}
    if arguments is None or resource.is_leaving or has_run:
        return
    values = [values_of(parts_of(resource, path)) for path in arguments]
    is_known = not any(each.later for each in values)
    words = " ".join(str(value) for each in values for value in each.known)
    yield Program(resource.address, resource.type, words if is_known else None, resource.pointer)


def _program_finding(plan: Plan, program: Program, policy: PrivacyPolicy) -> Finding:
    tool = _PUBLISHING_TOOLS.find(program.text or "")
    does = f"runs a program ({program.kind})"
    if tool:
        message = f"{does} that names {tool}, which publishes: nothing judges what"
    elif program.text is None:
        message = f"{does} that the plan does not show: whether it publishes, nothing judges"
    else:
        message = f"{does}: whether it publishes, nothing judges"
    mend = _MEND.replace("TYPE", program.kind)
    finding = unknown(at(plan, PROGRAM_UNJUDGED, program.address, program.pointer, message, mend), policy)
    return finding if tool else replace(finding, severity=Severity.NOTE)


def _find_statement(plan: Plan, resource: PlannedResource, policy: PrivacyPolicy) -> Iterator[Finding]:
    """A statement of SQL that publishes, or that only the apply knows."""
    arguments = _STATEMENTS.get(resource.type)
    if arguments is None or resource.mode != "managed" or resource.is_leaving:
        return
    mend = _MEND.replace("TYPE", resource.type)
    for name in arguments:
        pointer = f"{resource.pointer}/{name.partition('.')[0]}"
        values = values_of(parts_of(resource, name))
        found = next(filter(None, (_PUBLISHING_SQL.find(str(each)) for each in values.known)), "")
        if found:
            message = f"executes {found}, which nothing judges"
            yield unknown(at(plan, PROGRAM_UNJUDGED, resource.address, pointer, message, mend), policy)
        elif isinstance(lookup_argument(resource, name.partition(".")[0]), UnknownValue):
            message = "executes a statement that is known only after the apply"
            yield unknown(at(plan, PROGRAM_UNJUDGED, resource.address, pointer, message, mend), policy)
