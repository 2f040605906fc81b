"""`gatecli-admission manifests`: the deploy folder for an installation's own options, as YAML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_args

import typer

from admission.cluster.client import ResourceKind
from admission.commands.options import OwnNamespace
from admission.deploy.rendering import (
    IMAGE,
    NAMESPACE,
    Certificates,
    Extra,
    Installation,
    Object,
    render_objects,
)
from gatecli.errors import UsageError
from gatecli.frontdoor.console import err, out
from gatecli.frontdoor.option_groups import spread
from gatecli.model.admission import Action, Mode
from gatecli.pii.entities import entities_of

app = typer.Typer(add_completion=False)

STDOUT = Path("-")
DEFINITIONS, OBJECTS = "definitions.yaml", "objects.yaml"
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_FORMS = {
    "--namespace": (_LABEL, "lower-case letters, digits and dashes"),
    "--exclude-namespace": (_LABEL, "a namespace's name"),
    "--image": (r"[a-z0-9][A-Za-z0-9._/:-]*(@sha256:[0-9a-f]{64})?", "a name with a tag, a digest or both"),
    "--entity": (
        rf"[A-Z][A-Z0-9_]*=({'|'.join(get_args(Action))})",
        "NAME=ACTION, such as EMAIL_ADDRESS=warn",
    ),
    "--resource": (
        rf"{_LABEL}(\.{_LABEL})+/v[a-z0-9]+/[a-z0-9]+",
        "GROUP/VERSION/PLURAL, such as ray.io/v1/rayclusters",
    ),
    "--with": ("|".join(get_args(Extra)), " or ".join(get_args(Extra))),
}
"""What each option that takes text must be."""


@dataclass(frozen=True, slots=True)
class WantedInstallation:
    """The installation that is wanted, as it was typed."""

    certificates: Annotated[
        Certificates,
        typer.Option("--certificates", envvar="GATECLI_CERTIFICATES", help="Who issues the certificates."),
    ] = "self-signed"
    namespace: OwnNamespace = NAMESPACE
    image: Annotated[
        str, typer.Option("--image", envvar="GATECLI_IMAGE", help="The image, preferably with its digest.")
    ] = IMAGE
    replicas: Annotated[
        int,
        typer.Option("--replicas", min=1, max=100, envvar="GATECLI_REPLICAS", help="The number of replicas."),
    ] = 2
    mode: Annotated[Mode, typer.Option("--mode", envvar="GATECLI_MODE", help="The policy's mode.")] = "deny"
    failure_policy: Annotated[
        Literal["Fail", "Ignore"],
        typer.Option(
            "--failure-policy",
            envvar="GATECLI_FAILURE_POLICY",
            help="Whether objects are refused or admitted while no replica answers.",
        ),
    ] = "Fail"
    entities: Annotated[
        list[str] | None,
        typer.Option(
            "--entity",
            metavar="NAME=ACTION",
            envvar="GATECLI_ENTITY",
            help="The policy's action for one entity; repeatable.",
        ),
    ] = None
    excluded: Annotated[
        list[str] | None,
        typer.Option(
            "--exclude-namespace",
            metavar="NAME",
            envvar="GATECLI_EXCLUDE_NAMESPACE",
            help="A namespace that the webhook skips, as it skips kube-system; repeatable.",
        ),
    ] = None
    resources: Annotated[
        list[str] | None,
        typer.Option(
            "--resource",
            metavar="GROUP/VERSION/PLURAL",
            envvar="GATECLI_RESOURCE",
            help="A custom resource that is searched as well; repeatable.",
        ),
    ] = None
    extras: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="|".join(get_args(Extra)),
            envvar="GATECLI_WITH",
            help="An optional part to include; repeatable.",
        ),
    ] = None

    def installation(self) -> Installation:
        """Raises UsageError for a value not of its option's form, ConfigurationError for no such entity."""
        return Installation(
            certificates=self.certificates,
            namespace=_check_form("--namespace", self.namespace),
            image=_check_form("--image", self.image),
            replicas=self.replicas,
            mode=self.mode,
            failure_policy=self.failure_policy,
            entities=_actions(_all_checked("--entity", self.entities)),
            excluded_namespaces=_all_checked("--exclude-namespace", self.excluded),
            more_resources=[
                ResourceKind(*each.split("/")) for each in _all_checked("--resource", self.resources)
            ],
            extras=cast("list[Extra]", _all_checked("--with", self.extras)),
        )


@app.command("manifests")
@spread
def manifests(
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            envvar="GATECLI_OUTPUT",
            help="The folder to write, for kustomize; - for stdout.",
        ),
    ] = STDOUT,
    wanted: WantedInstallation,
) -> None:
    """Print the webhook's manifests, or write them into a folder for `kubectl apply -k`."""
    objects = render_objects(wanted.installation())
    if output == STDOUT:
        out(as_yaml(objects))
    else:
        _write(output, objects)


def as_yaml(objects: Iterable[Object], *, explicit_start: bool = True) -> str:
    """Several documents; the same objects give the same text."""
    # PyYAML costs a tenth of a second that the other commands need not spend.
    import yaml  # noqa: PLC0415 - see above

    class Plain(yaml.SafeDumper):
        """No anchors: what is repeated is written again, as people expect of manifests."""

        def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the base's signature
            return True

    # Kubernetes reads y and n as truth values (YAML 1.1); PyYAML does not, and would not quote them.
    Plain.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"[yYnN]\Z"), list("yYnN"))
    text: str = yaml.dump_all(
        objects,
        Dumper=Plain,
        sort_keys=False,
        allow_unicode=True,
        width=110,
        explicit_start=explicit_start,
    )
    return text


def _write(folder: Path, objects: Sequence[Object]) -> None:
    """The definitions in a file of their own: before a policy they are applied first. Raises UsageError."""
    definitions = [each for each in objects if each["kind"] == "CustomResourceDefinition"]
    files = {
        DEFINITIONS: definitions,
        OBJECTS: [each for each in objects if each not in definitions],
        "kustomization.yaml": [_kustomization(DEFINITIONS, OBJECTS)],
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_text(as_yaml(content), "utf-8")
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written: {error.strerror}", advice="name a folder that you may write to"
        ) from error
    has_policy = any(each["kind"] == "PrivacyPolicy" for each in objects)
    first = f"kubectl apply -f {folder / DEFINITIONS} && " if has_policy else ""
    err(f"{first}kubectl apply -k {folder}\n")


def _kustomization(*files: str) -> dict[str, Any]:
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": list(files),
    }


def _actions(pairs: Sequence[str]) -> dict[str, Action]:
    """Raises ConfigurationError for an entity that there is not."""
    actions = dict(pair.split("=") for pair in pairs)
    entities_of((), actions)
    return cast("dict[str, Action]", actions)


def _all_checked(option: str, values: Sequence[str] | None) -> list[str]:
    return [_check_form(option, value) for value in values or ()]


def _check_form(option: str, value: str) -> str:
    """Raises UsageError for a value that is not of the option's form."""
    form, words = _FORMS[option]
    if not re.fullmatch(form, value):
        raise UsageError(f"{option} {value!r} has the wrong form", advice=f"give {words}")
    return value
