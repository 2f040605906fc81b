"""A managed job as its platform describes it, and what its definition promises."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from gatecli.model.ledger import identity_digest


def is_folder(path: Path) -> bool:
    """Whether a folder is there; False for a name that no file can have."""
    return os.path.isdir(path)  # noqa: PTH112 - of Path, some names raise


def real(path: Path) -> Path:
    """Where a path leads to, through whatever links; a loop of them stays as it is."""
    return Path(os.path.realpath(path))


@dataclass(frozen=True, slots=True)
class JobInput:
    """What a platform brings into a job. `description` is the digest of what it says of it: name, address,
    how it is read. `folder` is where it stands; None where the job reads it by itself. `source` is the folder
    of S3 that it comes from; None where the description names none.
    """

    name: str
    description: str
    folder: Path | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One run of a job. `resource` is what no other run is called: an ARN, the id of a run.

    `outputs` are the folders that the platform keeps when the job ends; none where it does not say.
    `uploaded` are folders of which it uploads each file while the job runs, before anything is judged.
    """

    platform: str
    name: str
    resource: str
    inputs: tuple[JobInput, ...] = ()
    outputs: tuple[Path, ...] = ()
    uploaded: tuple[Path, ...] = ()

    @property
    def digest(self) -> str:
        """The same for a job that is started again under its name, whatever its inputs are then."""
        return identity_digest({"platform": self.platform, "name": self.name, "resource": self.resource})

    def as_data(self) -> dict[str, Any]:
        """The job as an entry of a ledger keeps it."""
        return {
            "platform": self.platform,
            "name": self.name,
            "resource": self.resource,
            "inputs": [{"name": each.name, "digest": each.description} for each in self.inputs],
        }


@dataclass(frozen=True, slots=True)
class JobPromise:
    """What the definition of a job says that it spends at most: ε and δ, of these datasets."""

    datasets: tuple[str, ...]
    epsilon: Fraction
    delta: Fraction
