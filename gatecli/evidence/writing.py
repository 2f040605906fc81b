"""One object to one file of evidence: read back as the gate reads it, then put in place whole."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gatecli.errors import UsageError
from gatecli.evidence.libraries import Content, content_of
from gatecli.model.document import Place
from gatecli.model.release import EvidenceFormat, EvidenceReference
from gatecli.sources.evidence.reader import read_evidence


def write(thing: Any, path: str | os.PathLike[str], *, job: str | None = None) -> EvidenceFormat:
    """Write what `thing` records of the privacy budget to `path`; returns the format to declare.

    `thing` is the object in which a library keeps what was spent:

    - Opacus: a `PrivacyEngine` or its accountant;
    - dp-accounting: a `DpEvent` or a `PrivacyAccountant`;
    - JAX Privacy: a `BandMFExecutionPlanConfig`, or a `DPExecutionPlan`, which does not say its relation;
    - TensorFlow Privacy: the text of `compute_dp_sgd_privacy_statement`;
    - OpenDP: a query or a context of the Context API, a `Measurement`, a list of measurements;
    - diffprivlib: a `BudgetAccountant`; SmartNoise: a private reader or its odometer;
    - Tumult Analytics: a privacy budget, or a list; PipelineDP: an `ExplainComputationReport`, or a list.

    `job` says in which job it was spent (in one of `gatecli cloud … run` the variable `GATECLI_JOB`), so that
    it is evidence of no other. Formats that are no object of JSON cannot say it.

    The file replaces what stood there, whole or not at all, and only after the gate's own reader has read
    it. Raises `gatecli.GatecliError` where nothing was spent yet, where the object records no spending, and
    where the file cannot be written; the message says what, `advice` says what to do.
    """
    content = content_of(thing)
    return write_content(content if job is None else _of_job(content, job), Path(path))


def _of_job(content: Content, job: str) -> Content:
    """The content with the job that it is of, where it is an object of JSON."""
    return replace(content, data={**content.data, "job": job}) if isinstance(content.data, dict) else content


def write_content(content: Content, target: Path) -> EvidenceFormat:
    """Write a file of evidence, whole or not at all, once the gate's own reader has read it.

    Returns its format. Raises UsageError.
    """
    try:
        with TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as folder:
            part = Path(folder) / target.name
            part.write_text(content.text, "utf-8")
            _check(content, part)
            part.replace(target)
    except OSError as error:
        raise UsageError(
            f"cannot write {target}: {error.strerror or error}", advice="choose a writable place"
        ) from None
    return content.format


def _check(content: Content, part: Path) -> None:
    """Raises UsageError where the gate would refuse the file."""
    reference = EvidenceReference(format=content.format, path=part.name)
    loaded = read_evidence(reference, part.parent, Place(part.name), part.name)
    for finding in loaded.findings:
        raise UsageError(finding.message, advice="write it after the run, when something was spent")
