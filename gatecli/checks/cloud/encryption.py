"""Keys of a job of SageMaker: those of its disks, and of what it leaves."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gatecli.checks.cloud.interface import JobContext, finding_at
from gatecli.checks.cloud.rules import unknown_at
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.job_definition import JobDefinition, JobText

VOLUME = Rule("cloud-volume-without-key", Severity.ERROR, "The disks of a job have no key of their owner's")
OUTPUT = Rule("cloud-output-without-key", Severity.ERROR, "What a job leaves has no key of its owner's")
SHARED = Rule(
    "cloud-shared-key",
    Severity.ERROR,
    "A key is the platform's default one, which everybody in the account may use",
)
RULES = (VOLUME, OUTPUT, SHARED)

_SHARED = re.compile(r"(?:arn:aws[a-z-]*:kms:[^:]*:[^:]*:)?alias/aws/.*", re.DOTALL)
_LOCAL_DISKS = re.compile(
    r"ml\.(?:[a-z]+\d+[a-z]*d[a-z]*|g4dn|g5|g6|g6e|gr6|p3dn|p4d|p4de|p5|p5e|p5en|p6[a-z0-9-]*|trn1|trn1n|trn2[a-z]*|"
    r"i3|i3en|i4i|i7ie)\.[a-z0-9]+"
)
"""Machines with disks of their own, which take no key: their hardware encrypts them, and forgets the key."""
_MEND = "name a key of the key service (KMS) that you made: its id, its ARN, or an alias of your own"


def find_volume_key(job: JobDefinition, _context: JobContext) -> Iterator[Finding]:
    """Machines with disks of their own refuse a key, so none is asked for."""
    key, types = job.machines.volume_key, job.machines.types
    if key is None and types and all(_LOCAL_DISKS.fullmatch(each.text) for each in types):
        return
    if key is None or not key.text:
        at = job.pointer if key is None else key.pointer
        message = "VolumeKmsKeyId is not set, so the platform's key encrypts the data on the disks of the job"
        yield finding_at(VOLUME, job, at, message, f"VolumeKmsKeyId: {_MEND}")
    else:
        yield from _find_in_key(job, key, "the disks of the job")


def find_output_keys(job: JobDefinition, _context: JobContext) -> Iterator[Finding]:
    """Every output by itself; several that share one key are told of it once."""
    told: set[str] = set()
    for output in job.outputs:
        is_missing = output.key is None or not output.key.text
        at = output.pointer if output.key is None or is_missing else output.key.pointer
        if at in told:
            continue
        told.add(at)
        if output.key is None or is_missing:
            message = (
                f"{_name_of(output.name)} has no KmsKeyId, so the default key of the account encrypts it"
            )
            yield finding_at(OUTPUT, job, output.pointer, message, f"KmsKeyId: {_MEND}")
        else:
            yield from _find_in_key(job, output.key, "what the job leaves")


def _name_of(name: str) -> str:
    return f"output {name}" if name.isascii() and name.isprintable() and name else "an output"


def _find_in_key(job: JobDefinition, key: JobText, whose: str) -> Iterator[Finding]:
    if _SHARED.fullmatch(key.text):
        message = f"the key of {whose} is the platform's default, which everybody in the account may use"
        yield finding_at(SHARED, job, key.pointer, message, _MEND)
    elif not key.is_known:
        yield unknown_at(job, key.pointer, f"the key of {whose} is known only when the job starts", _MEND)
