"""`gatecli ledger mlflow`: tags of model versions in MLflow that name the ledger's entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

import typer

from gatecli.checks.ledger.tags import RELEASE, find_tag_problems, is_tagged, tags_of
from gatecli.cloud.mlflow import MlflowRegistry, RegisteredVersion, VersionName, parse_model, parse_version
from gatecli.errors import NothingToCheckError, UsageError
from gatecli.frontdoor.console import err, out
from gatecli.frontdoor.options import LedgerUrl, option
from gatecli.gates.ledger_access import open_ledger
from gatecli.gates.ledger_tags import committed_record, release_record
from gatecli.ledger.interface import Store
from gatecli.model.verdict import ExitCode

app = typer.Typer(
    no_args_is_help=True, help="Tag model versions in MLflow with what the ledger says, and check it."
)

REGISTRY = "Registry"

MlflowUri = Annotated[
    str | None,
    option(
        "--mlflow-uri",
        panel=REGISTRY,
        metavar="URI",
        help="The registry (default: MLflow's own variables, such as MLFLOW_TRACKING_URI).",
    ),
]


def known_version(text: str, uri: str | None) -> tuple[VersionName, MlflowRegistry]:
    """A version that is in the registry, and the registry. Raises UsageError for one that is not there."""
    name, registry = parse_version(text), MlflowRegistry(uri)
    registry.version(name)
    return name, registry


def tag_version(store: Store, release: str, version: VersionName, registry: MlflowRegistry) -> None:
    """Tag a version with a committed release.

    To do it again changes nothing. Raises UsageError for a release that is not committed, and for a version
    that is tagged with another one.
    """
    tags = tags_of(committed_record(store, release))
    known = registry.version(version).tags
    if known.get(RELEASE, release) != release:
        raise UsageError(
            f"{version} is tagged as {known[RELEASE]}, not as {release}",
            advice="register the release as a version of its own",
        )
    registry.set_tags(version, {key: value for key, value in tags.items() if known.get(key) != value})


@app.command("tag")
def tag(
    release: Annotated[str, typer.Argument(metavar="NAME@VERSION", help="A committed release.")],
    version: Annotated[
        str, typer.Argument(metavar="MODEL/VERSION", help="The version of a registered model.")
    ],
    uri: MlflowUri = None,
    url: LedgerUrl = None,
) -> None:
    """Tag a version with the release that it is: its ε and δ, and its entries in the ledger."""
    name, registry = known_version(version, uri)
    with open_ledger(url, read_only=True) as store:
        tag_version(store, release, name, registry)
    out(f"{name} is tagged as {release}\n")


@app.command("check")
def check(
    models: Annotated[
        list[str],
        typer.Argument(metavar="MODEL[/VERSION]...", help="Registered models, or versions of them."),
    ],
    uri: MlflowUri = None,
    url: LedgerUrl = None,
) -> None:
    """Check that the tags of versions say what the ledger says.

    Of a model, the versions that are tagged or that an alias points to.
    """
    wanted = [parse_model(text) for text in models]
    with open_ledger(url, read_only=True) as store:
        registry = MlflowRegistry(uri)
        versions = [each for model, version in wanted for each in _versions(registry, model, version)]
        if not versions:
            raise NothingToCheckError(
                f"no version of {', '.join(models)} is tagged or has an alias",
                advice="gatecli ledger mlflow tag NAME@VERSION MODEL/VERSION",
            )
        wrong = sum(_show(store, each) for each in versions)
    if wrong:
        raise typer.Exit(ExitCode.CLOSED)


def _versions(registry: MlflowRegistry, model: str, version: str | None) -> Iterable[RegisteredVersion]:
    if version is not None:
        return [registry.version(VersionName(model, version))]
    return _spoken_of(registry.versions(model))


def _spoken_of(versions: Iterable[RegisteredVersion]) -> Iterator[RegisteredVersion]:
    skipped = 0
    for each in versions:
        if is_tagged(each.tags) or each.aliases:
            yield each
        else:
            skipped += 1
    if skipped:
        err(f"gatecli: {skipped} without tags and aliases not checked\n")


def _show(store: Store, version: RegisteredVersion) -> bool:
    """Write what is found of a version; whether anything is."""
    name, release = str(version.name), version.tags.get(RELEASE, "")
    findings = list(find_tag_problems(name, version.tags, release_record(store, release)))
    for finding in findings:
        out(f"{finding.severity}  {finding.rule.id}  {finding.message}\n  fix: {finding.remediation}\n")
    if not findings:
        out(f"{name} is {release}, as the ledger has it\n")
    return bool(findings)
