"""Jobs in CloudFormation: JSON and YAML with short tags, references, texts in texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gatecli.model.job_definition import HOLE, JobDefinition
from gatecli.sources.interface import Loaded
from gatecli.sources.jobs.registry import find_job_files, read_jobs
from tests.support.job_definitions import IMAGE, JOB, changed, machine_of

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Digest: {Type: String, Default: abc}
  Subnets: {Type: "List<AWS::EC2::Subnet::Id>"}
Conditions:
  IsProduction: !Equals [!Ref AWS::Region, eu-central-1]
Resources:
  Key:
    Type: AWS::KMS::Key
  Group:
    Type: AWS::EC2::SecurityGroup
  Train:
    Type: AWS::SageMaker::ProcessingJob
    Properties:
      AppSpecification:
        ImageUri: IMAGE
        ContainerEntrypoint: [gatecli, cloud, sagemaker, run]
        ContainerArguments: [--epsilon, !Ref Digest, --, python]
      Environment:
        REGION: !Ref AWS::Region
        NOTHING: !Ref AWS::NoValue
      NetworkConfig:
        EnableNetworkIsolation: !If [IsProduction, true, false]
        VpcConfig:
          Subnets: !Ref Subnets
          SecurityGroupIds: [!GetAtt Group.GroupId]
      ProcessingOutputConfig:
        KmsKeyId: !GetAtt Key.Arn
        Outputs: []
"""


def read(folder: Path, text: str, name: str = "template.yaml") -> Loaded[JobDefinition]:
    file = folder / name
    file.write_text(text, "utf-8")
    assert list(find_job_files([file])) == [file]
    return read_jobs(file)


def only_job(loaded: Loaded[JobDefinition]) -> JobDefinition:
    assert loaded.findings == ()
    (job,) = loaded.values
    return job


DIGEST = "0" * 64


@pytest.mark.parametrize(
    ("image", "text"),
    [
        (f"a@sha256:{DIGEST}", f"a@sha256:{DIGEST}"),
        (f'!Sub "${{AWS::AccountId}}.dkr/a@sha256:{DIGEST}"', f"{HOLE}.dkr/a@sha256:{DIGEST}"),
        ('!Sub "a@sha256:${Digest}"', f"a@sha256:{HOLE}"),
        ('!Sub ["a@sha256:${D}", {D: "00"}]', "a@sha256:00"),
        ('!Sub "a-${!Literal}"', "a-${Literal}"),
        (f'!Join ["@", [!GetAtt Repository.Uri, "sha256:{DIGEST}"]]', f"{HOLE}@sha256:{DIGEST}"),
        (f'{{"Fn::Join": ["", ["a@", "sha256:{DIGEST}"]]}}', f"a@sha256:{DIGEST}"),
        ("!Ref Digest", HOLE),
        ("!FindInMap [A, B, C]", HOLE),
        ("!ImportValue image", HOLE),
    ],
)
def test_a_function_says_as_much_as_the_template_does(image: str, text: str, tmp_path: Path) -> None:
    job = only_job(read(tmp_path, TEMPLATE.replace("IMAGE", image)))
    assert job.image is not None
    assert job.image.text == text


def test_references_are_unknown_and_what_the_template_makes_is_not(tmp_path: Path) -> None:
    job = only_job(read(tmp_path, TEMPLATE.replace("IMAGE", "a")))
    assert job.name == "Train"
    assert job.arguments is not None
    assert [word.text for word in job.arguments.words] == ["--epsilon", HOLE, "--", "python"]
    assert [variable.name for variable in job.environment] == ["REGION"]
    assert job.network.isolated is not None
    assert job.network.isolated.value is None
    assert job.network.subnets is not None
    assert (len(job.network.subnets.words), job.network.subnets.is_whole) == (1, True)
    assert job.network.security_groups is not None
    assert len(job.network.security_groups.words) == 1


def test_a_finding_in_yaml_has_the_line_of_its_value(tmp_path: Path) -> None:
    job = only_job(read(tmp_path, TEMPLATE.replace("IMAGE", "!Ref Digest")))
    assert job.image is not None
    assert job.document.place(job.image.pointer).line == 16


MACHINE = "AWS::StepFunctions::StateMachine"


def template_of(properties: Any, type_: str = MACHINE) -> str:
    return json.dumps(
        {"Resources": {"Machine": {"Type": type_, "Properties": properties}}, "Description": "sagemaker"}
    )


SLOTTED = changed(JOB, {"AppSpecification": {"ImageUri": "${Image}"}})


@pytest.mark.parametrize(
    "properties",
    [
        {"Definition": machine_of(SLOTTED)},
        {"DefinitionString": json.dumps(machine_of(SLOTTED))},
        {"DefinitionString": {"Fn::ToJsonString": machine_of(SLOTTED)}},
    ],
)
def test_a_machine_is_read_with_its_substitutions(properties: Any, tmp_path: Path) -> None:
    known = only_job(
        read(tmp_path, template_of({**properties, "DefinitionSubstitutions": {"Image": IMAGE}}), "t.json")
    )
    assert known.image is not None
    assert known.image.text == IMAGE
    later = {"Image": {"Ref": "Image"}}
    unknown = only_job(
        read(tmp_path, template_of({**properties, "DefinitionSubstitutions": later}), "t.json")
    )
    assert unknown.image is not None
    assert unknown.image.text == HOLE
    assert known.name == "Machine/Train"


def test_a_text_with_functions_in_it_is_read(tmp_path: Path) -> None:
    text = json.dumps(machine_of(JOB)).replace('"InstanceCount": 1', '"InstanceCount": ${Count}')
    job = only_job(read(tmp_path, template_of({"DefinitionString": {"Fn::Sub": text}}), "t.json"))
    assert job.machines.count is not None
    assert job.machines.count.value is None
    assert job.document.prefix == "/Resources/Machine/Properties/DefinitionString"


@pytest.mark.parametrize(
    ("properties", "rule"),
    [
        ({"DefinitionS3Location": {"Bucket": "a"}}, "cloud-unsupported-job"),
        ({"DefinitionString": {"Ref": "Definition"}}, "cloud-unsupported-job"),
        ({"DefinitionString": "{"}, "cloud-invalid"),
        ({"DefinitionString": '{"StartAt": "A"}'}, "cloud-invalid"),
    ],
)
def test_a_machine_that_cannot_be_seen_is_told(properties: Any, rule: str, tmp_path: Path) -> None:
    loaded = read(tmp_path, template_of(properties), "t.json")
    assert [finding.rule.id for finding in loaded.findings] == [rule]


@pytest.mark.parametrize(
    "type_", ["AWS::SageMaker::DataQualityJobDefinition", "AWS::SageMaker::ModelBiasJobDefinition"]
)
def test_other_jobs_are_told(type_: str, tmp_path: Path) -> None:
    loaded = read(tmp_path, template_of({}, type_), "t.json")
    assert [finding.rule.id for finding in loaded.findings] == ["cloud-unsupported-job"]


def test_a_pipeline_is_read_as_a_block_and_as_a_text(tmp_path: Path) -> None:
    pipeline = {
        "Version": "2020-12-01",
        "Steps": [{"Name": "Train", "Type": "Processing", "Arguments": dict(JOB)}],
    }
    for body in (pipeline, json.dumps(pipeline)):
        properties = {"PipelineDefinition": {"PipelineDefinitionBody": body}}
        job = only_job(read(tmp_path, template_of(properties, "AWS::SageMaker::Pipeline"), "t.json"))
        assert job.name == "Machine/Train"


def test_a_template_of_anything_else_holds_no_job(tmp_path: Path) -> None:
    file = tmp_path / "t.json"
    file.write_text(template_of({}, "AWS::SageMaker::Model"), "utf-8")
    assert read_jobs(file) == Loaded()


def test_an_unknown_tag_is_refused(tmp_path: Path) -> None:
    loaded = read(tmp_path, TEMPLATE.replace("IMAGE", "!Unknown a"))
    (finding,) = loaded.findings
    assert (finding.rule.id, finding.place.line) == ("cloud-invalid", 16)
