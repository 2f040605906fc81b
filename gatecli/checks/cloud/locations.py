"""What a job reads against what it charges, where the policy says at which addresses a dataset is kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from gatecli.checks.cloud.addresses import is_asset, leads_elsewhere, without_version
from gatecli.checks.cloud.data_flow import release_output
from gatecli.checks.cloud.interface import JobContext, finding_at
from gatecli.checks.cloud.rules import unknown_at
from gatecli.checks.cloud.run_call import RunCall, read_call
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.identity import identity_of
from gatecli.model.job_definition import HOLE, JobDefinition, JobText
from gatecli.model.policy import DataLocation

UNCHARGED = Rule("cloud-uncharged-data", Severity.ERROR, "A job reads a dataset that it does not charge")

_S3 = "s3://"
_S3_WEB = re.compile(
    r"https://(?:(?P<bucket>[^/]+)\.)?s3[.-](?:[^/]*\.)?amazonaws\.com(?:\.cn)?/(?P<rest>.*)",
    re.DOTALL | re.IGNORECASE,
)


def find_uncharged_data(job: JobDefinition, context: JobContext) -> Iterator[Finding]:
    """Datasets that the policy keeps where the job reads, and that its promise does not name."""
    call, locations = read_call(job), context.policy.spec.cloud.locations
    if not isinstance(call, RunCall) or not locations or not call.datasets:
        return
    if not all(text.is_known for text in call.datasets):
        return  # that it is not known is another finding
    at, sources = call.datasets[0].pointer, tuple(_sources(job))
    charged = [text.text for text in call.datasets]
    for name in uncharged_datasets(
        (text.text for text in sources if text and text.is_known), charged, locations
    ):
        yield finding_at(
            UNCHARGED,
            job,
            at,
            f"the job reads where policy {context.policy.metadata.name} keeps {name}, and does not charge it",
            f"name it too: --dataset {name}, in spec.datasets of the declaration as well; or read other data",
            about=name,
        )
    if not all(text and is_address(text.text) for text in sources):
        yield unknown_at(
            job,
            at,
            "an address that the job reads is not known, so nor is which datasets it has to charge",
            "name each by its address: a folder of S3 and no manifest or query, an asset or a path of Azure",
        )


def uncharged_datasets(
    sources: Iterable[str], charged: Iterable[str], locations: Iterable[DataLocation]
) -> tuple[str, ...]:
    """The datasets that are kept at one of these addresses, below it or around it, and are not charged."""
    paid, read = set(map(identity_of, charged)), tuple(sources)
    found = (
        location.dataset
        for location in locations
        if identity_of(location.dataset) not in paid
        and any(_overlap(source, place) for source in read for place in location.at)
    )
    return tuple(dict.fromkeys(found))


def is_address(source: str) -> bool:
    """Whether it is known what an address names: all of it is said, and no `..` leads elsewhere."""
    return HOLE not in source and not leads_elsewhere(source)


def _sources(job: JobDefinition) -> Iterator[JobText | None]:
    """Where the data of a job comes from, through whatever steps of its pipeline; None where nothing says so.

    A release that an earlier step left has paid for itself. A table that one transformed has not: it still is
    about the same people.
    """
    if job.flow is None:
        yield from (each.source for each in job.inputs)
        return
    seen, waiting = {job.step}, [job.step]
    while waiting:
        for origin in job.flow.steps[waiting.pop()].reads:
            if origin.source is not None:
                yield origin.source
            elif (before := job.flow.steps.get(origin.step)) is None:
                yield None
            elif origin.step not in seen and release_output(before.job) != origin.output:
                seen.add(origin.step)
                waiting.append(origin.step)


def _overlap(source: str, place: str) -> bool:
    """Whether what is read holds something of a place: it is the place, in it, or a folder around it."""
    read, kept = _plain(source), _plain(place.removesuffix("*"))
    if read == kept or read.startswith(kept if place.endswith("*") else f"{kept.rstrip('/')}/"):
        return True
    if read.startswith(_S3):
        return kept.startswith(read)  # S3 reads every object whose name begins so
    return "://" in read and kept.startswith(f"{read.rstrip('/')}/")


def _plain(source: str) -> str:
    """An address as it is compared: one form for S3, an asset without its version."""
    web = _S3_WEB.fullmatch(source)
    if web is not None:
        bucket = f"{web['bucket']}/" if web["bucket"] else ""
        return f"{_S3}{bucket}{unquote(web['rest'])}"
    if source.startswith(_S3):
        return source
    if is_asset(source):
        return without_version(source)
    return re.sub(r"(?<!:)/{2,}", "/", unquote(source))
