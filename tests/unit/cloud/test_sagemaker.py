"""The files that describe a processing job: what they say, and every way in which they do not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatecli.cloud.sagemaker import message_file, read_job
from gatecli.errors import GatecliError, UncheckableError
from tests.support.examples import share
from tests.support.jobs import INPUT, OUTPUT, Container, job_files, s3_input, s3_output


@pytest.fixture
def container(tmp_path: Path) -> Container:
    return Container(tmp_path).make()


def test_a_job_is_read_from_the_files_of_its_container(container: Container) -> None:
    job = read_job(container.root)
    assert (job.platform, job.name) == ("sagemaker", "train-1")
    assert job.resource.endswith(":processing-job/train-1")
    assert [(each.name, each.folder) for each in job.inputs] == [("data", container.input)]
    assert job.outputs == (container.output,)


def test_a_job_is_the_same_whatever_its_inputs_are(container: Container) -> None:
    before = read_job(container.root)
    described = job_files(
        "train-1", [s3_input("other", "/opt/ml/processing/input/x")], [s3_output("m", OUTPUT)]
    )
    container.make(described)
    after = read_job(container.root)
    assert after.digest == before.digest
    assert after.inputs[0].description != before.inputs[0].description


def described(**change: Any) -> Any:
    usual = job_files("train-1", [s3_input("data", INPUT)], [s3_output("model", OUTPUT)])
    return {key: value for key, value in {**usual, **change}.items() if value != "absent"}


def outputs(*entries: Any) -> Any:
    return described(ProcessingOutputConfig={"Outputs": list(entries)})


BROKEN = [
    ("", "is not JSON"),
    ("[]", "is not one object"),
    ("{", "processingjobconfig.json"),
    (described(ProcessingJobName="absent"), "does not say its ProcessingJobName"),
    (described(ProcessingJobName="train-2"), "names another job"),
    (described(ProcessingJobArn="arn:aws:sagemaker:eu-west-1:1:processing-job/train-1"), "names another job"),
    (described(ProcessingJobName=3), "does not say"),
    (described(ProcessingInputs={}), "something other than a list"),
    (described(ProcessingInputs=[3]), "has an entry in ProcessingInputs that is not an object"),
    (described(ProcessingInputs=[s3_input("data", "relative")]), "is not an absolute path without"),
    (described(ProcessingInputs=[s3_input("data", "/opt/../etc")]), "is not an absolute path without"),
    (described(ProcessingInputs=[s3_input("data", INPUT, S3InputMode="Pipe")]), "comes through a pipe"),
    (
        described(ProcessingInputs=[s3_input("data", INPUT, S3Uri="\ud800")]),
        "half a character|not UTF-8|surrogate",
    ),
    (described(ProcessingOutputConfig=[]), "has no object"),
    (described(ProcessingOutputConfig="absent"), "has no object in ProcessingOutputConfig"),
    (outputs(), "keeps no output"),
    (outputs(3), "has an entry in Outputs that is not an object"),
    (outputs(s3_output("model", OUTPUT, S3UploadMode="Continuous")), "uploaded while the command runs"),
    (outputs(s3_output("model", OUTPUT, S3UploadMode=None)), "does not say its S3UploadMode"),
    (outputs({**s3_output("model", OUTPUT), "AppManaged": True}), "written by the command itself"),
    (
        outputs({"OutputName": "f", "AppManaged": True, "FeatureStoreOutput": {"FeatureGroupName": "g"}}),
        "written by the command itself",
    ),
]


@pytest.mark.parametrize(("content", "says"), BROKEN)
def test_a_description_that_says_no_job_is_refused(container: Container, content: Any, says: str) -> None:
    container.write("processingjobconfig.json", content)
    with pytest.raises(UncheckableError, match=says) as refused:
        read_job(container.root)
    assert refused.value.advice
    assert "\n" not in refused.value.message


@pytest.mark.parametrize(
    ("resources", "says"),
    [
        ({"current_host": "algo-1", "hosts": ["algo-1", "algo-2"]}, "runs on 2 instances"),
        ({"current_host": "algo-3", "hosts": ["algo-1"]}, "its current_host"),
        ({"hosts": ["algo-1"]}, "current_host"),
        ({"current_host": "algo-1", "hosts": ["algo-1", 3]}, "among its hosts"),
        ("x", "is not JSON"),
        ("[]", "is not one object"),
    ],
)
def test_a_job_on_several_instances_is_refused(container: Container, resources: Any, says: str) -> None:
    container.write("resourceconfig.json", resources)
    with pytest.raises(UncheckableError, match=says):
        read_job(container.root)


@pytest.mark.parametrize("name", ["processingjobconfig.json", "resourceconfig.json"])
def test_a_job_without_configuration_files_is_refused(container: Container, name: str) -> None:
    (container.config / name).unlink()
    with pytest.raises(UncheckableError, match=f"{name} is not there, so this is not a container"):
        read_job(container.root)


def test_a_message_goes_where_the_platform_looks_for_it_and_nowhere_else(container: Container) -> None:
    assert message_file(container.root) == container.message
    shutil.rmtree(container.root / "opt")
    assert message_file(container.root) is None


KEYS = st.sampled_from(
    (
        "ProcessingJobName",
        "ProcessingJobArn",
        "ProcessingInputs",
        "ProcessingOutputConfig",
        "AppSpecification",
    )
)
TEXT = st.text(st.characters(), max_size=20) | st.sampled_from(
    ("/", "/\0", "/" + "a" * 300, "\ud800", "train-1")
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ("InputName", "S3Input", "LocalPath", "Outputs", "OutputName", "S3Output", "S3UploadMode")
            )
            | TEXT,
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=share(150))
@given(changes=st.dictionaries(KEYS, VALUES, max_size=3), resources=VALUES)
def test_whatever_a_stranger_writes_there_is_a_job_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[str, Any], resources: Any
) -> None:
    container = Container(tmp_path_factory.mktemp("fuzz")).make({**described(), **changes}, resources)
    require_job_or_sentence(container)


@settings(max_examples=share(150))
@given(start=st.integers(0, 400), length=st.integers(0, 40), junk=st.binary(max_size=20))
def test_a_file_that_was_damaged_is_a_job_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, start: int, length: int, junk: bytes
) -> None:
    container = Container(tmp_path_factory.mktemp("fuzz")).make()
    file = container.config / "processingjobconfig.json"
    content = file.read_bytes()
    file.write_bytes(content[:start] + junk + content[start + length :])
    require_job_or_sentence(container)


def require_job_or_sentence(container: Container) -> None:
    job = None
    try:
        job = read_job(container.root)
    except GatecliError as error:
        refused = error
    if job is None:
        assert refused.exit_code in {2, 4}
        assert refused.message
        assert "\n" not in refused.message
    else:
        json.dumps(job.as_data()).encode()
        assert all(each.folder is None or each.folder.is_relative_to(container.root) for each in job.inputs)
