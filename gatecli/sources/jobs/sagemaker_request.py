"""SageMaker's requests: CreateProcessingJob, and CreateTrainingJob, which is its cousin.

Every front door to SageMaker (a request as JSON, a state machine, a pipeline, CloudFormation, Terraform)
has the members of these requests; only the words around them differ. Source: the API reference of Amazon
SageMaker (CreateProcessingJob, CreateTrainingJob).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gatecli.model.document import Document
from gatecli.model.finding import Finding
from gatecli.model.job_definition import (
    HOLE,
    DefinedOutput,
    JobCount,
    JobDefinition,
    JobMachines,
    JobNetwork,
    JobPlatform,
    JobText,
    JobVariable,
    JobWords,
    UnjudgedPart,
    unseen_job,
)
from gatecli.model.quoting import quote_name
from gatecli.sources.interface import Loaded
from gatecli.sources.jobs.interface import JobReader, invalid
from gatecli.sources.jobs.parts import JobPart, name_of, text_of
from gatecli.sources.jobs.sagemaker_inputs import processing_inputs, training_channels
from gatecli.sources.jobs.shapes import COUNT, FLAG, SCALAR, TEXT, ListOf, MapOf, Shape, find_misshapen

PROCESSING, TRAINING = "CreateProcessingJob", "CreateTrainingJob"
_KEPT = {"model": "/opt/ml/model", "data": "/opt/ml/output/data"}
_SUBMITTED = "sagemaker_submit_directory"
"""The hyperparameter by which the images of SageMaker's frameworks are told to fetch code."""


@dataclass(frozen=True, slots=True)
class RequestPlace:
    """Whose request it is: the form that holds it, what findings call the job, and its document."""

    document: Document
    form: str
    name: str


def read_processing(request: JobPart, place: RequestPlace) -> JobDefinition:
    """The job that the members of CreateProcessingJob describe."""
    app, network = request.member("AppSpecification"), request.member("NetworkConfig")
    cluster = request.below("ProcessingResources", "ClusterConfig")
    return JobDefinition(
        JobPlatform.SAGEMAKER,
        place.form,
        place.name,
        place.document,
        request.pointer,
        text_of(_below(app, "ImageUri")),
        _words(_below(app, "ContainerEntrypoint")),
        _words(_below(app, "ContainerArguments")),
        tuple(_variables(request.member("Environment"))),
        tuple(processing_inputs(request.member("ProcessingInputs"))),
        tuple(_outputs(request)),
        _network(network, _below(network, "VpcConfig")),
        _machines(cluster),
        tuple(_unjudged_parts(request, _LISTS_OF_PROCESSING)),
        (*_tags(request), *_queries(request)),
    )


def read_training(request: JobPart, place: RequestPlace) -> JobDefinition:
    """The job that the members of CreateTrainingJob describe."""
    app, output = request.member("AlgorithmSpecification"), request.member("OutputDataConfig")
    settings = request.member("HyperParameters")
    return JobDefinition(
        JobPlatform.SAGEMAKER,
        place.form,
        place.name,
        place.document,
        request.pointer,
        text_of(_below(app, "TrainingImage")),
        _words(_below(app, "ContainerEntrypoint")),
        _words(_below(app, "ContainerArguments")),
        tuple(_variables(request.member("Environment"))),
        tuple(training_channels(request.member("InputDataConfig"))),
        () if output is None else tuple(_training_outputs(output)),
        _network(request, request.member("VpcConfig")),
        _machines(request.member("ResourceConfig"), request.below("RemoteDebugConfig", "EnableRemoteDebug")),
        tuple(_unjudged_parts(request, _LISTS_OF_TRAINING)),
        (*_tags(request), *_texts(settings)),
        tuple(text for text in (text_of(_below(settings, _SUBMITTED)),) if text is not None),
        is_training=True,
    )


_QUERIES = ("AthenaDatasetDefinition", "RedshiftDatasetDefinition")
_S3 = {"S3Uri": TEXT, "LocalPath": TEXT}
_QUERY = {"OutputS3Uri": TEXT, "KmsKeyId": TEXT, "QueryString": TEXT}
_NETWORK: Mapping[str, Shape] = {
    "EnableNetworkIsolation": FLAG,
    "EnableInterContainerTrafficEncryption": FLAG,
}
_VPC: Mapping[str, Shape] = {"Subnets": ListOf(TEXT), "SecurityGroupIds": ListOf(TEXT)}
_COMMAND: Mapping[str, Shape] = {"ContainerEntrypoint": ListOf(SCALAR), "ContainerArguments": ListOf(SCALAR)}
_MACHINES: Mapping[str, Shape] = {"InstanceType": TEXT, "InstanceCount": COUNT}
_OF_BOTH: Mapping[str, Shape] = {
    "Environment": MapOf(SCALAR),
    "Tags": ListOf({"Key": TEXT, "Value": TEXT}),
}

SHAPES: Mapping[str, Mapping[str, Shape]] = MappingProxyType(
    {
        PROCESSING: {
            **_OF_BOTH,
            "ProcessingJobName": TEXT,
            "AppSpecification": {"ImageUri": TEXT, **_COMMAND},
            "ProcessingInputs": ListOf(
                {
                    "InputName": TEXT,
                    "S3Input": {**_S3, "S3InputMode": TEXT},
                    "DatasetDefinition": {
                        "LocalPath": TEXT,
                        "AthenaDatasetDefinition": _QUERY,
                        "RedshiftDatasetDefinition": _QUERY,
                    },
                }
            ),
            "ProcessingOutputConfig": {
                "KmsKeyId": TEXT,
                "Outputs": ListOf(
                    {
                        "OutputName": TEXT,
                        "S3Output": {**_S3, "S3UploadMode": TEXT},
                        "AppManaged": FLAG,
                    }
                ),
            },
            "ProcessingResources": {
                "ClusterConfig": {
                    **_MACHINES,
                    "VolumeKmsKeyId": TEXT,
                    "InstancePreferences": ListOf(_MACHINES),
                }
            },
            "NetworkConfig": {**_NETWORK, "VpcConfig": _VPC},
        },
        TRAINING: {
            **_OF_BOTH,
            **_NETWORK,
            "TrainingJobName": TEXT,
            "HyperParameters": MapOf(SCALAR),
            "AlgorithmSpecification": {"TrainingImage": TEXT, **_COMMAND},
            "InputDataConfig": ListOf(
                {
                    "ChannelName": TEXT,
                    "InputMode": TEXT,
                    "DataSource": {"S3DataSource": {"S3Uri": TEXT}},
                }
            ),
            "OutputDataConfig": {"S3OutputPath": TEXT, "KmsKeyId": TEXT},
            "ResourceConfig": {
                **_MACHINES,
                "VolumeKmsKeyId": TEXT,
                "InstanceGroups": ListOf(_MACHINES),
                "InstancePreferences": ListOf(_MACHINES),
            },
            "VpcConfig": _VPC,
            "RemoteDebugConfig": {"EnableRemoteDebug": FLAG},
        },
    }
)
"""The members that are read; a test holds them against the API's own model."""

_LISTS_OF_PROCESSING = (("ProcessingInputs",), ("ProcessingOutputConfig", "Outputs"))
_LISTS_OF_TRAINING = (("InputDataConfig",),)

_JOBS: Mapping[str, Callable[[JobPart, RequestPlace], JobDefinition]] = MappingProxyType(
    {PROCESSING: read_processing, TRAINING: read_training}
)
_IMAGE_HOLDER = {PROCESSING: "AppSpecification", TRAINING: "AlgorithmSpecification"}
NAMES = {PROCESSING: "ProcessingJobName", TRAINING: "TrainingJobName"}


def read_call(action: str, request: JobPart, place: RequestPlace) -> Loaded[JobDefinition]:
    """The job of one call of the API. What has not the form of a request is a finding.

    `action` is `PROCESSING` or `TRAINING`.
    """
    if request.is_unknown:
        why = "all of it is known only when it starts"
        return Loaded((unseen_job(place.form, place.name, place.document, request.pointer, why),))
    faults = tuple(_find_misshapen(action, request, place))
    return Loaded(findings=faults) if faults else Loaded((_JOBS[action](request, place),))


def _find_misshapen(action: str, request: JobPart, place: RequestPlace) -> Iterator[Finding]:
    for fault in find_misshapen(request, SHAPES[action]):
        name = _name_of(fault.part.pointer)
        yield invalid(
            place.document,
            fault.part.pointer,
            f"{name} is not {fault.wanted}, so nothing below it was judged",
            f"write {fault.wanted}, as the API reference of {action} has it",
            subject=place.name,
        )


def _name_of(pointer: str) -> str:
    """What a part is called: by its key, or by its number in a list."""
    *_, above, key = ("", *pointer.split("/"))
    return f"item {int(key) + 1} of {quote_name(above)}" if key.isdecimal() else quote_name(key or "request")


def read_request(document: Document) -> Loaded[JobDefinition] | None:
    """The job of a file that is a request, such as AWS's command line takes by --cli-input-json."""
    request = JobPart.of(document.data, "")
    for action, holder in _IMAGE_HOLDER.items():
        if isinstance(document.data, dict) and holder in document.data:
            name = name_of(request.member(NAMES[action]), document.path)
            return read_call(action, request, RequestPlace(document, action, name))
    return None


REQUESTS = JobReader(((b"AppSpecification",), (b"AlgorithmSpecification",)), read_request)


def _below(part: JobPart | None, name: str) -> JobPart | None:
    return None if part is None else part.member(name)


def _words(part: JobPart | None) -> JobWords | None:
    return None if part is None else part.words()


def _variables(part: JobPart | None) -> Iterator[JobVariable]:
    """The environment; a whole one that is not known is a variable without a name."""
    if part is None:
        return
    if part.is_unknown:
        yield JobVariable(HOLE, JobText(HOLE, part.pointer))
    for name, value in part.members():
        yield JobVariable(name, value.scalar() or JobText(HOLE, value.pointer))


def _outputs(request: JobPart) -> Iterator[DefinedOutput]:
    """What is uploaded, and what queries of inputs leave where they ran."""
    config = request.member("ProcessingOutputConfig")
    key = text_of(_below(config, "KmsKeyId"))
    outputs = _below(config, "Outputs")
    for item in () if outputs is None else outputs.items():
        name, s3 = text_of(item.member("OutputName")), item.member("S3Output")
        yield DefinedOutput(
            name.text if name else "",
            item.pointer,
            text_of(_below(s3, "LocalPath")),
            text_of(_below(s3, "S3Uri")),
            key,
            _upload_mode(item, s3),
        )
    inputs = request.member("ProcessingInputs")
    for item in () if inputs is None else inputs.items():
        for kind in _QUERIES:
            query = item.below("DatasetDefinition", kind)
            if query is not None:
                name = text_of(item.member("InputName"))
                target = text_of(query.member("OutputS3Uri"))
                yield DefinedOutput(
                    name.text if name else "", query.pointer, None, target, text_of(query.member("KmsKeyId"))
                )


def _upload_mode(output: JobPart, s3: JobPart | None) -> JobText:
    """When an output is uploaded; one without a folder is sent by the command itself."""
    managed = output.member("AppManaged")
    flag = None if managed is None else managed.flag()
    if managed is not None and (flag is None or flag.value is not False):
        is_unknown = flag is not None and flag.value is None
        return JobText(HOLE if is_unknown else "AppManaged", managed.pointer)
    if s3 is None or s3.member("LocalPath") is None:
        return JobText("AppManaged", output.pointer)
    return text_of(s3.member("S3UploadMode")) or JobText("", s3.pointer)


def _training_outputs(config: JobPart) -> Iterator[DefinedOutput]:
    """The two folders that SageMaker keeps of a training job."""
    target, key = text_of(config.member("S3OutputPath")), text_of(config.member("KmsKeyId"))
    for name, folder in _KEPT.items():
        yield DefinedOutput(name, config.pointer, JobText(folder, config.pointer), target, key)


def _network(holder: JobPart | None, vpc: JobPart | None) -> JobNetwork:
    if holder is None:
        return JobNetwork()
    isolated, encrypted = (
        holder.member(name) for name in ("EnableNetworkIsolation", "EnableInterContainerTrafficEncryption")
    )
    return JobNetwork(
        None if isolated is None else isolated.flag(),
        None if encrypted is None else encrypted.flag(),
        _words(_below(vpc, "Subnets")),
        _words(_below(vpc, "SecurityGroupIds")),
    )


def _machines(config: JobPart | None, shell: JobPart | None = None) -> JobMachines:
    if config is None:
        return JobMachines(shell=None if shell is None else shell.flag())
    groups, preferences = (
        list(_items_of(config, name)) for name in ("InstanceGroups", "InstancePreferences")
    )
    parts = [config, *groups, *preferences]
    types = (text_of(part.member("InstanceType")) for part in parts)
    return JobMachines(
        _count(parts, adds=len(groups) > 1),
        tuple(each for each in types if each is not None),
        text_of(config.member("VolumeKmsKeyId")),
        None if shell is None else shell.flag(),
    )


def _count(parts: list[JobPart], *, adds: bool) -> JobCount | None:
    """The machines of all groups, or the most that any preference gives."""
    members = (part.member("InstanceCount") for part in parts)
    counts = [member.count() for member in members if member is not None]
    if not counts:
        return None
    known = [count.value for count in counts if count.value is not None]
    value = (sum(known) if adds else max(known)) if len(known) == len(counts) else None
    return JobCount(value, counts[0].pointer)


def _items_of(part: JobPart, name: str) -> Iterator[JobPart]:
    below = part.member(name)
    return iter(()) if below is None else below.items()


def _tags(request: JobPart) -> Iterator[JobText]:
    for tag in _items_of(request, "Tags"):
        for name in ("Key", "Value"):
            if (text := text_of(tag.member(name))) is not None:
                yield text


def _queries(request: JobPart) -> Iterator[JobText]:
    """Queries of inputs, which may name people."""
    inputs = request.member("ProcessingInputs")
    for item in () if inputs is None else inputs.items():
        for kind in _QUERIES:
            text = text_of(item.below("DatasetDefinition", kind, "QueryString"))
            if text is not None:
                yield text


def _texts(part: JobPart | None) -> Iterator[JobText]:
    for _, value in () if part is None else part.members():
        if (text := value.text()) is not None:
            yield text


def _unjudged_parts(request: JobPart, lists: tuple[tuple[str, ...], ...]) -> Iterator[UnjudgedPart]:
    """What a check would have to see one by one, and is known only when the job starts."""
    for names in lists:
        part = request.below(*names)
        if part is not None and part.is_unknown:
            yield UnjudgedPart(part.pointer, f"its {names[-1]} are known only when it starts")
