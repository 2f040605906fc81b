"""SageMaker Processing inside its container: the files that describe the job, and where its message goes.

Sources: "Build Your Own Processing Container" in the Amazon SageMaker AI developer guide (the files below
`/opt/ml/config`, and `/opt/ml/output/message`), and the API reference of CreateProcessingJob.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gatecli.cloud.jobs import Job, JobInput, is_folder, real
from gatecli.errors import UncheckableError, UsageError
from gatecli.model.ledger import identity_digest
from gatecli.sources.documents import read_documents
from gatecli.sources.files import MissingFileError, ReadError

PLATFORM = "sagemaker"
JOB = Path("opt/ml/config/processingjobconfig.json")
RESOURCES = Path("opt/ml/config/resourceconfig.json")
MESSAGE = Path("opt/ml/output/message")
"""What stands there is the `ExitMessage` of the job."""

_CONTAINER = Path("/")
_ARN = re.compile(
    r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:\d{12}:processing-job/(?P<name>[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62})",
    re.ASCII,
)


def read_job(root: Path) -> Job:
    """The job whose container has this root. Raises UncheckableError where the files do not say it,
    UsageError for another root in such a container.
    """
    if real(root) != _CONTAINER and is_container():
        raise UsageError(
            "--root is for trying the entry point outside of a container, and this is one",
            advice="leave it out",
        )
    job, resources = _read(root / JOB), _read(root / RESOURCES)
    name, arn = _text(job, "ProcessingJobName", JOB), _text(job, "ProcessingJobArn", JOB)
    found = _ARN.fullmatch(arn)
    if found is None or found["name"].lower() != name.lower():
        raise _description_error(JOB, "names another job in ProcessingJobArn than in ProcessingJobName")
    _refuse_several(resources)
    inputs = tuple(_input(each, root) for each in _list(job, "ProcessingInputs", JOB))
    kept = job.get("ProcessingOutputConfig")
    if not isinstance(kept, Mapping):
        raise _description_error(JOB, "has no object in ProcessingOutputConfig")
    outputs = tuple(_output(each, root) for each in _list(kept, "Outputs", JOB))
    if not outputs:
        raise UncheckableError(
            "the job keeps no output, so what it makes is lost and its budget spent for nothing",
            advice="give it an output in ProcessingOutputConfig",
        )
    return Job(PLATFORM, name, arn, inputs, outputs)


def is_container() -> bool:
    """Whether this is a container of a processing job."""
    return (_CONTAINER / JOB).exists()


def message_file(root: Path) -> Path | None:
    """Where the platform looks for the reason of a failure; None on a machine that has no such place."""
    path = (_CONTAINER if is_container() else root) / MESSAGE
    return path if is_folder(path.parent.parent) else None


def _refuse_several(resources: Mapping[str, Any]) -> None:
    hosts, current = _list(resources, "hosts", RESOURCES), _text(resources, "current_host", RESOURCES)
    if current not in hosts or not all(isinstance(each, str) for each in hosts):
        raise _description_error(RESOURCES, "does not have its current_host among its hosts")
    if len(hosts) > 1:
        raise UncheckableError(
            f"the job runs on {len(hosts)} instances, each of which would train by itself, and a budget is "
            "taken for one run",
            advice="set InstanceCount to 1, or make one job for each part of the data",
        )


def _input(data: Any, root: Path) -> JobInput:
    if not isinstance(data, Mapping):
        raise _description_error(JOB, "has an entry in ProcessingInputs that is not an object")
    name = _text(data, "InputName", JOB)
    _refuse_pipe(data, name)
    kinds = ("S3Input", "DatasetDefinition")
    folders = [folder for kind in kinds if (folder := _local(data, kind, root)) is not None]
    try:
        digest = identity_digest({"input": _plain(data)})
    except UnicodeEncodeError:
        raise _description_error(JOB, "holds half a character") from None
    return JobInput(name, digest, folders[0] if folders else None, _source(data))


def _source(data: Mapping[str, Any]) -> str | None:
    """The address of S3 that an input reads, whole; None for a query, or a manifest that names others."""
    described = data.get("S3Input")
    if not isinstance(described, Mapping) or "DatasetDefinition" in data:
        return None
    address, kind = described.get("S3Uri"), described.get("S3DataType", "S3Prefix")
    return address if isinstance(address, str) and kind == "S3Prefix" else None


def _refuse_pipe(data: Mapping[str, Any], name: str) -> None:
    described = data.get("S3Input")
    if isinstance(described, Mapping) and described.get("S3InputMode") == "Pipe":
        raise UncheckableError(
            f"the input {name} comes through a pipe, which can be read once, so it cannot be digested",
            advice="set its S3InputMode to File",
        )


def _output(data: Any, root: Path) -> Path:
    """The folder of an output, which is kept when the job ends and not before: then it was judged."""
    if not isinstance(data, Mapping):
        raise _description_error(JOB, "has an entry in Outputs that is not an object")
    name, described = _text(data, "OutputName", JOB), data.get("S3Output")
    folder = _local(data, "S3Output", root)
    if folder is None or not isinstance(described, Mapping) or data.get("AppManaged") not in (None, False):
        raise UncheckableError(
            f"the output {name} is written by the command itself, so nothing of it could be judged before",
            advice="give it an S3Output with a LocalPath, without AppManaged and FeatureStoreOutput",
        )
    if _text(described, "S3UploadMode", JOB) != "EndOfJob":
        raise UncheckableError(
            f"the output {name} is uploaded while the command runs, before its release is judged",
            advice="set its S3UploadMode to EndOfJob",
        )
    return folder


def _local(data: Any, kind: str, root: Path) -> Path | None:
    """The folder of an input or output; None where it has none of this kind, such as a feature group."""
    described = data.get(kind) if isinstance(data, Mapping) else None
    if not isinstance(described, Mapping) or described.get("LocalPath") is None:
        return None
    path = _text(described, "LocalPath", JOB)
    if not path.startswith("/") or ".." in Path(path).parts:
        raise _description_error(JOB, f"has a LocalPath of {kind} that is not an absolute path without ..")
    return root / path.lstrip("/")


def _plain(value: Any) -> Any:
    """Numbers as text: an exact decimal has no form in canonical JSON."""
    match value:
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case str() | bool() | None:
            return value
        case _:
            return str(value)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        documents = read_documents(path)
    except MissingFileError:
        raise UncheckableError(
            f"{path} is not there, so this is not a container of SageMaker Processing",
            advice="start the command as the entry point of a processing job; elsewhere, with "
            "gatecli cloud flower run or gatecli cloud azureml run",
        ) from None
    except ReadError as error:
        raise UncheckableError(f"{path} {error.problem}", advice=error.mend) from None
    data = documents[0].data if len(documents) == 1 else None
    if not isinstance(data, Mapping):
        raise _description_error(path, "is not one object of JSON")
    return data


def _text(data: Mapping[str, Any], key: str, where: Path) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise _description_error(where, f"does not say its {key}")
    return value


def _list(data: Mapping[str, Any], key: str, where: Path) -> list[Any]:
    value = data.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _description_error(where, f"has something other than a list in {key}")
    return value


def _description_error(path: Path, what: str) -> UncheckableError:
    return UncheckableError(f"{path.name} {what}", advice="SageMaker writes it: do not change or mount it")
