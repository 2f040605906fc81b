"""What a job of SageMaker reads: the inputs of a processing job, the channels of a training job."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.model.job_definition import HOLE, DefinedInput, JobText
from gatecli.sources.jobs.parts import JobPart, text_of

_CHANNELS = "/opt/ml/input/data/"
"""Where SageMaker puts the channels of a training job."""


def processing_inputs(part: JobPart | None) -> Iterator[DefinedInput]:
    """Each folder that is brought in: an input may name an object of S3 and the result of a query."""
    for item in () if part is None else part.items():
        name = text_of(item.member("InputName"))
        s3, queried = item.member("S3Input"), item.member("DatasetDefinition")
        for held in [each for each in (s3, queried) if each is not None] or [item]:
            yield DefinedInput(
                name.text if name else "",
                item.pointer,
                text_of(held.member("LocalPath")),
                _source(held),
                text_of(held.member("S3InputMode")),
            )


def training_channels(part: JobPart | None) -> Iterator[DefinedInput]:
    """Each channel, and the folder that SageMaker makes of its name."""
    for item in () if part is None else part.items():
        name = text_of(item.member("ChannelName"))
        channel = name.text if name else HOLE
        s3 = item.below("DataSource", "S3DataSource")
        path = JobText(f"{_CHANNELS}{channel}", name.pointer if name else item.pointer)
        source = None if s3 is None else _source(s3)
        yield DefinedInput(channel, item.pointer, path, source, text_of(item.member("InputMode")))


def _source(s3: JobPart) -> JobText | None:
    """The address that is read; a manifest there names others, which nobody knows."""
    address, kind = text_of(s3.member("S3Uri")), text_of(s3.member("S3DataType"))
    if address is None or kind is None or kind.text == "S3Prefix":
        return address
    return JobText(f"{address.text}{HOLE}", address.pointer)
