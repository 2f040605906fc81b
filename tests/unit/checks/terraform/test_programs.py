"""Programs and statements of a plan: louder where they name what publishes, and never a gate's own."""

from __future__ import annotations

from typing import Any

import pytest

from gatecli.checks.terraform.programs import find_programs
from gatecli.model.finding import Finding, Severity
from gatecli.model.policy import PrivacyPolicy
from gatecli.sources.policy import default_policy
from tests.support.plans import change, plan_with, raw, read

PUBLISHES = (
    "aws s3 cp data.csv s3://open/ --acl public-read",
    "aws --profile x s3 sync . s3://open",
    "aws s3api put-bucket-acl --bucket b --acl public-read",
    "gsutil cp data.csv gs://open",
    "gcloud storage cp data.csv gs://open",
    "az storage blob upload -f data.csv",
    "azcopy copy data.csv https://x.blob.core.windows.net/c",
    "bq load d.t data.csv",
    "snowsql -q 'grant usage on database d to share s'",
    "huggingface-cli upload org/model .",
    "hf upload org/model .",
    "dvc push",
    "mlflow models serve -m models:/churn/1",
    "curl -T data.csv https://example.org/",
    "curl -X PUT -d @data.csv https://example.org/",
    "curl --upload-file data.csv https://example.org/",
    "docker build . && docker push registry.example.org/model",
    "kubectl apply -f job.yaml",
    "kubectl -n ml apply -f job.yaml",
    "helm upgrade --install churn ./chart",
    "rclone copy data.csv remote:open",
    "scp data.csv host:/srv/www",
    "kaggle datasets create -p .",
    "cd data\naws s3 \\\n  cp data.csv s3://open/",
)
PLAIN = (
    "echo done",
    "curl https://example.org/health",
    "kubectl wait --for=condition=ready pod/x",
    "docker build .",
    "aws s3 ls",
)
STATEMENTS = (
    "GRANT SELECT ON TABLE d.s.t TO SHARE s",
    "create or replace share s",
    "ALTER SHARE s ADD ACCOUNTS = x",
    "CREATE ORGANIZATION LISTING l",
    "GRANT SELECT ON TABLE t TO ROLE PUBLIC",
    "COPY INTO 's3://open/data' FROM t",
    "COPY INTO @outside FROM t",
    "EXPORT DATA OPTIONS(uri='gs://open/*') AS SELECT 1",
)


def policy(meaning: str = "fail", **publishers: str) -> PrivacyPolicy:
    base = default_policy()
    update = {"on_unknown": meaning, "publishers": publishers}
    rules = base.spec.terraform.model_copy(update=update)
    return base.model_copy(update={"spec": base.spec.model_copy(update={"terraform": rules})})


def provisioned(expressions: dict[str, Any], *actions: str, kind: str = "local-exec") -> dict[str, Any]:
    """A plan whose one resource has a provisioner."""
    address = "terraform_data.run"
    body = {"address": address, "mode": "managed", "type": "terraform_data", "name": "run"}
    provisioner = {"type": kind, "expressions": expressions}
    return plan_with(
        resource_changes=[change(address, {}, actions=[*(actions or ("create",))])],
        configuration={"root_module": {"resources": [body | {"provisioners": [provisioner]}]}},
    )


def command(text: str) -> dict[str, Any]:
    return provisioned({"command": {"constant_value": text}})


def found(plan: dict[str, Any], by: PrivacyPolicy | None = None) -> list[Finding]:
    return list(find_programs(read(plan), by or policy()))


@pytest.mark.parametrize("text", PUBLISHES)
def test_a_command_that_names_what_publishes_is_a_warning(text: str) -> None:
    [finding] = found(command(text))
    assert (finding.rule.id, finding.severity) == ("tf-program-unjudged", Severity.WARNING)
    assert "which publishes" in finding.message


@pytest.mark.parametrize("text", PLAIN)
def test_another_command_is_a_note(text: str) -> None:
    [finding] = found(command(text))
    assert finding.severity is Severity.NOTE


def test_a_command_is_not_shown() -> None:
    [finding] = found(command("curl -d 'jane.roe@example.org' https://example.org/"))
    assert "jane.roe" not in f"{finding.message} {finding.remediation}"


def test_a_command_that_the_plan_does_not_show_is_a_note_that_says_so() -> None:
    [finding] = found(provisioned({"command": {"references": ["var.x"]}}))
    assert finding.severity is Severity.NOTE
    assert "that the plan does not show" in finding.message


def test_the_commands_of_a_remote_program_are_read_too() -> None:
    inline = {"inline": {"constant_value": ["cd /srv", "gsutil cp data.csv gs://open"]}}
    [finding] = found(provisioned(inline, kind="remote-exec"))
    assert finding.severity is Severity.WARNING


@pytest.mark.parametrize(("actions", "count"), [(("no-op",), 0), (("update",), 0), (("delete", "create"), 1)])
def test_a_provisioner_runs_when_its_resource_is_made(actions: tuple[str, ...], count: int) -> None:
    assert len(found(provisioned({"command": {"constant_value": "echo"}}, *actions))) == count


def test_a_program_of_a_data_source_runs_at_every_plan() -> None:
    item = change("data.external.x", {"program": ["sh", "-c", "gsutil cp a gs://b"]}, actions=["read"])
    [finding] = found(plan_with(resource_changes=[item | {"mode": "data"}]))
    assert (finding.subject, finding.severity) == ("data.external.x", Severity.WARNING)


def test_an_action_that_runs_a_program_is_told() -> None:
    action = {
        "address": "action.local_command.push",
        "type": "local_command",
        "name": "push",
        "provider_name": "registry.terraform.io/hashicorp/local",
        "config_values": {"command": "docker", "arguments": ["push", "registry.example.org/m"]},
    }
    [finding] = found(plan_with(action_invocations=[action]))
    assert (finding.subject, finding.severity) == ("action.local_command.push", Severity.WARNING)


@pytest.mark.parametrize("text", STATEMENTS)
def test_a_statement_that_publishes_is_told(text: str) -> None:
    [finding] = found(plan_with(resource_changes=[change("snowflake_execute.e", {"execute": text})]))
    assert (finding.rule.id, finding.severity) == ("tf-program-unjudged", Severity.WARNING)


def test_another_statement_is_nothing() -> None:
    statement = {"execute": "CREATE VIEW v AS SELECT share, listing FROM t"}
    assert found(plan_with(resource_changes=[change("snowflake_execute.e", statement)])) == []


def test_a_statement_that_only_the_apply_knows_may_publish() -> None:
    item = change("snowflake_execute.e", {}, after_unknown={"execute": True})
    assert [each.severity for each in found(plan_with(resource_changes=[item]))] == [Severity.WARNING]
    assert [each.severity for each in found(plan_with(resource_changes=[item]), policy("defer"))] == [
        Severity.NOTE
    ]


def test_the_policy_says_what_an_unjudged_program_means() -> None:
    plan = command("dvc push")
    assert [each.severity for each in found(plan, policy("defer"))] == [Severity.NOTE]
    assert found(plan, policy(**{"local-exec": "ignore"})) == []


def test_a_gate_s_own_program_is_not_its_author_s() -> None:
    assert found(measuring()) == []


def measuring() -> dict[str, Any]:
    """A gate that makes its evidence by a program of its own."""
    plan: dict[str, Any] = raw("gated")
    address = "module.anonymity.terraform_data.measured"
    item = change(f"{address}[0]", {"input": "x"}) | {"index": 0, "module_address": "module.anonymity"}
    plan["resource_changes"].append(item)
    return plan


def test_a_fork_of_a_gate_has_programs_of_its_author() -> None:
    plan = measuring()
    module = plan["configuration"]["root_module"]["module_calls"]["anonymity"]["module"]
    module["variables"]["more"] = {}
    assert [each.severity for each in found(plan)] == [Severity.NOTE]


@pytest.mark.parametrize("word", ["aws --a ", "bq -x ", "curl -", "GRANT ", "COPY ", "docker "])
def test_no_text_makes_the_search_long(word: str) -> None:
    """Steps that grew with the square of the text would not come to an end here."""
    text = word * (150_000 // len(word))
    assert [each.severity for each in found(command(text))] == [Severity.NOTE]
    assert found(plan_with(resource_changes=[change("snowflake_execute.e", {"execute": text})])) == []
