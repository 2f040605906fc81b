"""Cousins of the examples: each change to a job that keeps every rule, and the rules that it breaks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gatecli.checks.personal_data import search_of
from gatecli.gates.cloud import check_paths
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.policies import read_policy
from gatecli.model.verdict import Verdict
from tests.rules.test_rules import TODAY
from tests.support.job_definitions import (
    ACCOUNT,
    COMMAND,
    JOB,
    LEDGER,
    OPTIONS,
    TRAINING_JOB,
    changed,
    with_arguments,
    write_job,
)

INPUT = JOB["ProcessingInputs"][0]
ISOLATED = {"NetworkConfig": {"EnableNetworkIsolation": True, "VpcConfig": None}}
KMS = "arn:aws:kms:eu-central-1:111122223333:"


def judge(folder: Path, job: Any) -> Verdict:
    file = write_job(folder, job)
    bundle = read_policy(folder / "gatecli.yaml", folder)
    return check_paths([file], JudgementTerms(bundle.policy, (), TODAY), search_of(bundle.policy.spec.pii))


def rules_of(verdict: Verdict) -> list[str]:
    return sorted({finding.rule.id.removeprefix("cloud-") for finding in verdict.findings})


def arguments(command: list[str] | None = None, **options: str | None) -> dict[str, Any]:
    """The change to the job's options by name; None leaves one out."""
    own: dict[str, str | None] = dict(zip(OPTIONS[::2], OPTIONS[1::2], strict=True))
    own |= {f"--{name.replace('_', '-')}": value for name, value in options.items()}
    words = [word for name, value in own.items() if value is not None for word in (name, value)]
    return with_arguments(*words, command=command)


def run(*command: str) -> dict[str, Any]:
    return arguments(["--", *command])


def image(text: str) -> dict[str, Any]:
    return {"AppSpecification": {"ImageUri": text}}


def variables(**values: str) -> dict[str, Any]:
    return {"Environment": values}


def input_at(path: str) -> dict[str, Any]:
    return {"ProcessingInputs": [changed(INPUT, {"S3Input": {"LocalPath": path}})]}


def output_at(path: str) -> dict[str, Any]:
    """A second output beside the release."""
    release = JOB["ProcessingOutputConfig"]["Outputs"][0]
    second = changed(release, {"OutputName": "second", "S3Output": {"LocalPath": path}})
    return {"ProcessingOutputConfig": {"Outputs": [release, second]}}


def cluster(**values: Any) -> dict[str, Any]:
    return {"ProcessingResources": {"ClusterConfig": values}}


CODE = "/opt/ml/processing/input/customers"
FINE: dict[str, Any] = {
    "the job itself": {},
    "a digest behind a tag": image("a/b:1@sha256:" + "0" * 64),
    "promises as variables": {
        **variables(
            GATECLI_JOB_DATASET="customers-2026",
            GATECLI_JOB_EPSILON="2.5",
            GATECLI_JOB_DELTA="1e-5",
            GATECLI_LEDGER=LEDGER,
            GATECLI_JOB_OUTPUT=OPTIONS[7],
        ),
        "AppSpecification": {"ContainerArguments": COMMAND},
    },
    "options with =": with_arguments(*(f"{a}={b}" for a, b in zip(OPTIONS[::2], OPTIONS[1::2], strict=True))),
    "the limits themselves": arguments(epsilon="4", delta="1e-4"),
    "another case of the dataset": arguments(dataset="Customers-2026"),
    "a release at an output by another way": arguments(output=f"{OPTIONS[7]}/../release/"),
    "data of an input as an argument": run("python", "train.py", "--data", f"{CODE}/a.csv", CODE),
    "code of the image": run("python", "/opt/program/train.py"),
    "a path beside an input": run("python", f"{CODE}-code/train.py"),
    "a search path in the image": variables(PYTHONPATH="/opt/program:/opt/lib"),
    "a machine with disks of its own": cluster(InstanceType="ml.g5.xlarge", VolumeKmsKeyId=None),
    "an alias": cluster(VolumeKmsKeyId="alias/churn"),
    "a secret by its ARN": variables(DB_PASSWORD=f"{KMS}x".replace(":kms:", ":secretsmanager:")),
    "a secret in a file": variables(**dict.fromkeys(("API_TOKEN_FILE", "API_TOKEN"), "/run/secrets/token")),
    "tokens of a language model": run("python", "train.py", "--eos-token", "</s>", "--pad_token=<pad>"),
    "a secret by a variable": run("sh", "-c", "python train.py --password $DB_PASSWORD --token=$(cat /t)"),
    "a file of a key": run("python", "train.py", "--private-key", "conf/churn.pem", "--token", "--fast"),
    "an isolated job with a lent ledger": {
        **ISOLATED,
        "ProcessingInputs": [
            INPUT,
            {**changed(INPUT, {"S3Input": {"LocalPath": "/opt/ml/processing/ledger"}}), "InputName": "l"},
        ],
        **arguments(ledger="/opt/ml/processing/ledger/a.db", ledger_key="/opt/program/key"),
    },
    "the same by an address": {
        **ISOLATED,
        "ProcessingInputs": [
            INPUT,
            {**changed(INPUT, {"S3Input": {"LocalPath": "/opt/ml/processing/ledger"}}), "InputName": "l"},
        ],
        **arguments(ledger="sqlite:////opt/ml/processing/ledger/a.db", ledger_key="/opt/program/key"),
    },
}


@pytest.mark.parametrize("change", FINE.values(), ids=FINE.keys())
def test_a_job_that_keeps_every_rule_passes(change: Any, tmp_path: Path) -> None:
    assert rules_of(judge(tmp_path, changed(JOB, change))) == []


BROKEN: dict[str, tuple[Any, list[str]]] = {
    "a short digest": (image("a@sha256:" + "0" * 63), ["unpinned-image"]),
    "a digest in capitals": (image("a@sha256:" + "A" * 64), ["unpinned-image"]),
    "another digest": (image("a@sha512:" + "0" * 128), ["unpinned-image"]),
    "a digest and more": (image("a@sha256:" + "0" * 64 + " "), ["unpinned-image"]),
    "a line after the digest": (image("a@sha256:" + "0" * 64 + "\n"), ["unpinned-image"]),
    "no image": ({"AppSpecification": {"ImageUri": None}}, ["unpinned-image"]),
    "an empty entry point": (
        {"AppSpecification": {"ContainerEntrypoint": [], "ContainerArguments": None}},
        ["other-entry-point"],
    ),
    "no dataset": (arguments(dataset=None), ["missing-promise"]),
    "an empty dataset": (arguments(dataset=","), ["missing-promise"]),
    "no promise at all": (arguments(dataset=None, epsilon=None, delta=None), ["missing-promise"]),
    "ε of nothing": (arguments(epsilon="0"), ["invalid-promise"]),
    "ε below nothing": (arguments(epsilon="-1"), ["invalid-promise"]),
    "ε that is none": (arguments(epsilon="nan"), ["invalid-promise"]),
    "δ of one": (arguments(delta="1"), ["invalid-promise"]),
    "ε a little over": (arguments(epsilon="4.0000000001"), ["promise-over-tier"]),
    "δ over": (arguments(delta="1e-3"), ["promise-over-tier"]),
    "one dataset of no tier": (arguments(dataset="other", epsilon="0.5", delta="1e-10"), ["unknown-tier"]),
    "no tier, and too much": (arguments(dataset="other"), ["promise-over-tier", "unknown-tier"]),
    "the last value counts": (with_arguments(*OPTIONS, "--epsilon", "9"), ["promise-over-tier"]),
    "a password in the ledger's options": (arguments(ledger=f"{LEDGER}?password=x"), ["password-in-ledger"]),
    "a password by a variable": (
        {**arguments(ledger=None), **variables(GATECLI_LEDGER="postgres://a:b@c/d")},
        ["password-in-ledger"],
    ),
    "a ledger in the image": ({**ISOLATED, **arguments(ledger="/opt/a.db", ledger_key="k")}, ["lost-ledger"]),
    "a ledger beside an input": (
        {**ISOLATED, **arguments(ledger=f"{CODE}.db", ledger_key="k")},
        ["lost-ledger"],
    ),
    "a ledger out of an input": (
        {**ISOLATED, **arguments(ledger=f"{CODE}/../a.db", ledger_key="k")},
        ["lost-ledger"],
    ),
    "a network for a file": (arguments(ledger=f"{CODE}/a.db", ledger_key="k"), ["open-network"]),
    "no release folder": (arguments(output=None), ["lost-release"]),
    "a release above an output": (
        arguments(output="/opt/ml/processing/output"),
        ["lost-release", "refused-run"],
    ),
    "a release below an output": (arguments(output=f"{OPTIONS[7]}/churn"), ["lost-release", "refused-run"]),
    "a script of an input": (run("python", f"{CODE}/train.py"), ["code-from-input"]),
    "a script with another name": (run("python", f"{CODE}/train"), ["code-from-input"]),
    "a script after options": (run("python", "-u", f"{CODE}/train"), ["code-from-input"]),
    "a program of an input": (run(f"{CODE}/train"), ["code-from-input"]),
    "a script on the way": (run("python", f"/opt/../{CODE}/train.py"), ["code-from-input"]),
    "a script in a shell's text": (run("sh", "-c", f"cd / && python {CODE}/train.py"), ["code-from-input"]),
    "a script by torchrun": (run("torchrun", f"{CODE}/train.py"), ["code-from-input"]),
    "a script as an option": (run("python", "train.py", f"--plugin={CODE}/a.py"), ["code-from-input"]),
    "the entry point of an input": (
        {"AppSpecification": {"ContainerEntrypoint": [f"{CODE}/gatecli", "cloud", "sagemaker", "run"]}},
        ["code-from-input"],
    ),
    "a search path below an input": (variables(PYTHONPATH=f"/opt/program:{CODE}/lib"), ["code-from-input"]),
    "a library that is loaded first": (variables(LD_PRELOAD=f"{CODE}/a.so"), ["code-from-input"]),
    "programs of an input": (variables(PATH=f"{CODE}:/usr/bin"), ["code-from-input"]),
    "a policy of an input": (
        with_arguments(*OPTIONS, "--policy", f"{CODE}/gatecli.yaml"),
        ["code-from-input"],
    ),
    "a declaration of an input": (
        with_arguments(*OPTIONS, "--declaration", f"{CODE}/privacy.yaml"),
        ["code-from-input"],
    ),
    "an input over the image": (input_at("/usr/lib/python3"), ["code-from-input"]),
    "an input over all inputs": (
        input_at("/opt/ml/processing"),
        ["code-from-input", "raw-output", "refused-run"],
    ),
    "an input out of its room": (input_at("/opt/ml/processing/../../program"), ["code-from-input"]),
    "an output of an input": (output_at(CODE), ["raw-output"]),
    "an output of all inputs": (output_at("/opt/ml/processing/input"), ["raw-output"]),
    "an output in an input": (output_at(f"{CODE}/copy"), ["raw-output"]),
    "compiled code of an input": (variables(PYTHONPYCACHEPREFIX=f"{CODE}/cache"), ["code-from-input"]),
    "a shell's files of an input": (variables(ZDOTDIR=CODE), ["code-from-input"]),
    "exit zero": (with_arguments(*OPTIONS, "--exit-zero"), ["weakened-run"]),
    "another root": (with_arguments(*OPTIONS, "--root", "/opt/other"), ["weakened-run"]),
    "a policy of a revision": (with_arguments(*OPTIONS, "--policy-from", "HEAD"), ["weakened-run"]),
    "a variable of ours": (variables(GATECLI_SKIP="release"), ["weakened-run"]),
    "another server for the ledger": (variables(PGHOSTADDR="10.1.1.1"), ["weakened-run"]),
    "a service for the ledger": (variables(PGSERVICEFILE="/opt/pg_service.conf"), ["weakened-run"]),
    "commands before a shell's": (variables(BASH_ENV="$(python /steal.py)"), ["weakened-run"]),
    "a trace that runs commands": (variables(PS4="$(id)", SHELLOPTS="xtrace"), ["weakened-run"]),
    "a password in an argument": (run("python", "train.py", "--password", "hunter2"), ["plaintext-secret"]),
    "a password in one argument": (run("python", "a.py", "--db-password=hunter2"), ["plaintext-secret"]),
    "a password in a shell's text": (
        run("sh", "-c", "PGPASSWORD='hunter2' python train.py"),
        ["plaintext-secret"],
    ),
    "a key in a shell's text": (run("sh", "-c", "python a.py --api-key hunter2"), ["plaintext-secret"]),
    "a name in other capitals": (variables(dbPassword="hunter2"), ["plaintext-secret"]),
    "a name in one word": (variables(DBPASSWORD="hunter2"), ["plaintext-secret"]),
    "a second token": ({"Environment": {"API_TOKEN_2": "hunter2"}}, ["plaintext-secret"]),
    "an access key": (variables(NOTE="AKIA" + "A1" * 8), ["plaintext-secret"]),
    "an address with a password": (variables(DB="mysql://a:b@c/d"), ["plaintext-secret"]),
    "a token by its name": ({"Environment": {"hf_token": "x"}}, ["plaintext-secret"]),
    "a key in an argument": (run("python", "train.py", "ghp_" + "a" * 36), ["plaintext-secret"]),
    "no network settings": (
        {"NetworkConfig": {"EnableNetworkIsolation": None, "VpcConfig": None}},
        ["open-network"],
    ),
    "no security groups": ({"NetworkConfig": {"VpcConfig": {"SecurityGroupIds": []}}}, ["open-network"]),
    "no subnets": ({"NetworkConfig": {"VpcConfig": {"Subnets": None}}}, ["open-network"]),
    "two machines in plain text": (cluster(InstanceCount=2), ["plain-traffic", "several-machines"]),
    "an empty key": (cluster(VolumeKmsKeyId=""), ["volume-without-key"]),
    "a default key by its ARN": (cluster(VolumeKmsKeyId=f"{KMS}alias/aws/ebs"), ["shared-key"]),
    "an empty key of outputs": ({"ProcessingOutputConfig": {"KmsKeyId": ""}}, ["output-without-key"]),
    "an email address": (variables(CONTACT="zoe.miller@hospital-nord.org"), ["pii-email-address"]),
}


@pytest.mark.parametrize(("change", "rules"), BROKEN.values(), ids=BROKEN.keys())
def test_a_change_breaks_its_rule_and_no_other(change: Any, rules: list[str], tmp_path: Path) -> None:
    assert rules_of(judge(tmp_path, changed(JOB, change))) == rules


def test_a_training_job_keeps_the_same_rules_and_has_another_container(tmp_path: Path) -> None:
    assert rules_of(judge(tmp_path, TRAINING_JOB)) == ["refused-run"]


TRAINING: dict[str, tuple[Any, list[str]]] = {
    "a fetched folder of code": (
        {"HyperParameters": {"sagemaker_submit_directory": "s3://a"}},
        ["code-from-input"],
    ),
    "an algorithm without an image": (
        {"AlgorithmSpecification": {"TrainingImage": None, "AlgorithmName": "a"}},
        ["unpinned-image"],
    ),
    "a shell": ({"RemoteDebugConfig": {"EnableRemoteDebug": True}}, ["remote-shell"]),
    "no network": ({"VpcConfig": None}, ["open-network"]),
    "no key": ({"OutputDataConfig": {"KmsKeyId": None}}, ["output-without-key"]),
    "a secret in a hyperparameter": ({"HyperParameters": {"api_key": "hunter2"}}, ["plaintext-secret"]),
    "personal data in a hyperparameter": ({"HyperParameters": {"ssn": "536-90-4399"}}, ["pii-us-ssn"]),
}


@pytest.mark.parametrize(("change", "rules"), TRAINING.values(), ids=TRAINING.keys())
def test_a_change_to_a_training_job_breaks_its_rule(change: Any, rules: list[str], tmp_path: Path) -> None:
    assert rules_of(judge(tmp_path, changed(TRAINING_JOB, change))) == sorted([*rules, "refused-run"])


SECRETS = ["hunter2-of-mine", "zoe.miller@hospital-nord.org", "AKIA" + "A1" * 8]


@pytest.mark.parametrize("value", SECRETS)
def test_no_message_shows_what_it_found(value: str, tmp_path: Path) -> None:
    change = changed(
        variables(DB_PASSWORD=value, NOTE=value), arguments(ledger=f"postgresql://a:{value}@c/d")
    )
    verdict = judge(tmp_path, changed(JOB, change))
    assert len(verdict.findings) >= 2
    texts = [f"{each.message}{each.remediation}{each.subject}{each.place}" for each in verdict.findings]
    assert value not in "".join(texts)


def test_a_finding_stands_at_its_value(tmp_path: Path) -> None:
    (finding,) = judge(tmp_path, changed(JOB, image("a:1"))).findings
    assert finding.place.pointer == "/AppSpecification/ImageUri"
    lines = (tmp_path / "job.json").read_text("utf-8").splitlines()
    assert finding.place.line is not None
    assert '"ImageUri"' in lines[finding.place.line - 1]


def test_a_waiver_of_the_name_forgives(tmp_path: Path) -> None:
    write_job(tmp_path, changed(JOB, cluster(VolumeKmsKeyId=None)))
    waiver = (
        "\n---\napiVersion: gatecli.dev/v1\nkind: PrivacyWaiver\nmetadata: {name: trial}\nspec:\n"
        "  {rule: cloud-volume-without-key, subject: churn-2026-12, reason: a trial, owner: team,"
        " expires: 2026-12-31}\n"
    )
    policy = tmp_path / "gatecli.yaml"
    policy.write_text(policy.read_text("utf-8") + waiver, "utf-8")
    bundle = read_policy(policy, tmp_path)
    terms = JudgementTerms(bundle.policy, bundle.waivers, TODAY)
    verdict = check_paths([tmp_path], terms, search_of(bundle.policy.spec.pii))
    assert [each.rule.id for each in verdict.active] == []
    assert len(verdict.findings) == 1


def test_a_job_is_listed_with_its_platform_and_form(tmp_path: Path) -> None:
    (checked,) = judge(tmp_path, JOB).checked
    assert (checked.kind, checked.name, dict(checked.measures)) == (
        "job",
        "churn-2026-12",
        {"platform": "sagemaker", "form": "CreateProcessingJob"},
    )
    assert json.dumps(dict(checked.inputs)).count('"sha256"') == 1


def test_keys_of_several_outputs_are_told_once(tmp_path: Path) -> None:
    outputs = [
        {"OutputName": name, "S3Output": JOB["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]}
        for name in "ab"
    ]
    change = {"ProcessingOutputConfig": {"KmsKeyId": "alias/aws/s3", "Outputs": outputs}}
    assert len(judge(tmp_path, changed(JOB, change)).findings) == 1
    assert ACCOUNT not in json.dumps(change)
