"""A job of a cloud as its definition states it, whatever the platform and the form of the definition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gatecli.model.column_classification import ColumnClassification
from gatecli.model.document import Document
from gatecli.model.finding import Finding

HOLE = "\ufdd0"
"""Stands in a text for each part that is known only when the job starts. A noncharacter of Unicode: a text
that holds one of its own counts as unknown too, so nothing passes by it.
"""

MOUNT = "\ufdd1"
"""Stands before the name of an input or an output whose path the platform chooses. Another noncharacter."""


VALUE = "\ufdd2"
"""Stands in a command for what is known only when the job starts, and is a number or a plain word: a shell
makes nothing else of it. The last noncharacter.
"""


class JobPlatform(StrEnum):
    """Whose managed jobs they are."""

    SAGEMAKER = "sagemaker"
    AZUREML = "azureml"


@dataclass(frozen=True, slots=True)
class JobText:
    """A text of a definition, and where it stands; `HOLE` stands for what is not known of it."""

    text: str = field(repr=False)
    pointer: str

    @property
    def is_known(self) -> bool:
        """Whether the definition says all of it."""
        return HOLE not in self.text


@dataclass(frozen=True, slots=True)
class JobFlag:
    """A switch of a definition; None where it is known only when the job starts."""

    value: bool | None
    pointer: str


@dataclass(frozen=True, slots=True)
class JobCount:
    """A number of a definition; None where it is known only when the job starts."""

    value: int | None
    pointer: str


@dataclass(frozen=True, slots=True)
class JobWords:
    """A list of words, such as a command; not `is_whole` where more may be known when the job starts."""

    words: tuple[JobText, ...]
    pointer: str
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class JobVariable:
    """A variable of the environment. A name that is not known holds `HOLE`."""

    name: str
    value: JobText


@dataclass(frozen=True, slots=True)
class DefinedInput:
    """What a job reads: `path` is where it stands in the container, `source` where it comes from.

    `mode` is how the platform brings it (File, Pipe, ro_mount, …), where the definition says so. An input
    that is a file of the repository with a classification of columns has it here, or why it cannot be read.
    """

    name: str
    pointer: str
    path: JobText | None = None
    source: JobText | None = None
    mode: JobText | None = None
    classification: ColumnClassification | None = field(default=None, repr=False)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class DefinedOutput:
    """What a job leaves: `path` is where it stands in the container, `target` where it goes.

    `key` is the key of the key service that it is encrypted by; None where none is named. `mode` says when
    the platform takes it: EndOfJob, Continuous, or AppManaged where the command itself sends it.
    """

    name: str
    pointer: str
    path: JobText | None = None
    target: JobText | None = None
    key: JobText | None = None
    mode: JobText | None = None


@dataclass(frozen=True, slots=True)
class JobNetwork:
    """Whom a job can speak to. What the definition does not say is None, or an empty list.

    `isolated` says that it reaches no network at all, `encrypted` that its machines encrypt what they send
    each other.
    """

    isolated: JobFlag | None = None
    encrypted: JobFlag | None = None
    subnets: JobWords | None = None
    security_groups: JobWords | None = None


@dataclass(frozen=True, slots=True)
class JobMachines:
    """What a job runs on. `volume_key` is the key that its disks are encrypted by.

    `types` are the platform's names of the machines, all that the job may get. `shell` says that people can
    open a shell in the container while it runs. `processes` is how many run the command on each machine.
    """

    count: JobCount | None = None
    types: tuple[JobText, ...] = ()
    volume_key: JobText | None = None
    shell: JobFlag | None = None
    processes: JobCount | None = None


@dataclass(frozen=True, slots=True)
class UnjudgedPart:
    """A part of a definition that no check can judge, and why, as the end of a sentence."""

    pointer: str
    why: str


@dataclass(frozen=True, slots=True)
class JobDefinition:
    """One job of a platform, or one step of a pipeline of jobs.

    `form` is what the definition is called there (CreateProcessingJob, a command step), `name` what findings
    call the job, and `pointer` where it stands in `document`; all pointers are of that document. Of the
    command `entry_point` replaces the image's own, and `arguments` follow it; None where the definition says
    nothing of it. A command that the platform gives to a shell is `sh -c TEXT`.
    """

    platform: JobPlatform
    form: str
    name: str
    document: Document = field(repr=False)
    pointer: str
    image: JobText | None = None
    entry_point: JobWords | None = None
    arguments: JobWords | None = None
    environment: tuple[JobVariable, ...] = ()
    inputs: tuple[DefinedInput, ...] = ()
    outputs: tuple[DefinedOutput, ...] = ()
    network: JobNetwork = field(default_factory=JobNetwork)
    machines: JobMachines = field(default_factory=JobMachines)
    unjudged: tuple[UnjudgedPart, ...] = ()
    texts: tuple[JobText, ...] = field(default=(), repr=False)
    """Whatever else of it everybody can read who may describe the job, such as tags."""
    code: tuple[JobText, ...] = ()
    """Code that the platform brings into the container beside the image (a folder of it, a script)."""
    settings: tuple[JobText, ...] = field(default=(), repr=False)
    """What it is told beside its command, and its program may read."""
    is_seen: bool = True
    """Whether anything of it is known; `unjudged` says why not."""
    component: JobText | None = None
    """What the job is made of, where that is kept elsewhere: its command and its image are then not known."""
    identity: JobText | None = None
    """Whose rights the job has, as the platform calls them, where the definition says so."""
    is_training: bool = False
    """Whether it is a training job of SageMaker, whose container is not that of a processing job."""
    runs: JobCount | None = None
    """How often it runs its command at most, where it is a search over settings."""
    step: str = ""
    """Its key in `flow`."""
    flow: JobFlow | None = field(default=None, repr=False)
    """Where its data comes from, in a pipeline of jobs."""


@dataclass(frozen=True, slots=True)
class DataOrigin:
    """Where data comes from: an output of a step, or else `source`, from outside of the pipeline."""

    step: str = ""
    output: str = ""
    source: JobText | None = None


@dataclass(frozen=True, slots=True)
class FlowStep:
    """A job of a pipeline, and where the data that it reads comes from."""

    job: JobDefinition
    reads: tuple[DataOrigin, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class JobFlow:
    """The steps of a pipeline by their names. A flow is equal to itself alone, so that it is a key."""

    steps: Mapping[str, FlowStep]


def unseen_job(
    form: str,
    name: str,
    document: Document,
    pointer: str,
    why: str,
    platform: JobPlatform = JobPlatform.SAGEMAKER,
) -> JobDefinition:
    """A job of which nothing is known, and why."""
    unjudged = (UnjudgedPart(pointer, why),)
    return JobDefinition(platform, form, name, document, pointer, unjudged=unjudged, is_seen=False)


@dataclass(frozen=True, slots=True)
class PlannedJobs:
    """The jobs of one resource of a plan, and what could not be read of them."""

    address: str
    jobs: tuple[JobDefinition, ...] = field(default=(), repr=False)
    findings: tuple[Finding, ...] = field(default=(), repr=False)
