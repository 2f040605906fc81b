"""MLflow's model registry: the versions of a registered model, and their tags. The only home of mlflow.

Which server, and how to speak to it, MLflow reads from its own variables (`MLFLOW_TRACKING_URI`,
`MLFLOW_REGISTRY_URI`, `MLFLOW_TRACKING_TOKEN`, …) where no URI is given. Source: the docs of MLflow 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from gatecli.errors import MissingExtraError, UncheckableError, UsageError

_SCHEME = "models:/"
_UNKNOWN = "RESOURCE_DOES_NOT_EXIST"
_REFUSED = frozenset({"UNAUTHENTICATED", "PERMISSION_DENIED", "CUSTOMER_UNAUTHORIZED"})


@dataclass(frozen=True, slots=True)
class VersionName:
    """A version of a registered model: `MODEL/VERSION`, as in MLflow's `models:/MODEL/VERSION`."""

    model: str
    version: str

    def __str__(self) -> str:
        return f"{self.model}/{self.version}"

    @property
    def uri(self) -> str:
        """As MLflow writes it."""
        return f"{_SCHEME}{self}"


@dataclass(frozen=True, slots=True)
class RegisteredVersion:
    """A version with its tags; `aliases` are the names that point to it (`champion`), sorted."""

    name: VersionName
    tags: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()


def parse_model(text: str) -> tuple[str, str | None]:
    """The model and the version of `MODEL` or `MODEL/VERSION`. Raises UsageError."""
    model, found, version = text.removeprefix(_SCHEME).partition("/")
    if not model or (found and not version.isdecimal()) or ":" in model:
        raise UsageError(
            f"{text} is not a model of MLflow", advice="write MODEL/VERSION, for example churn/3"
        )
    return model, str(int(version)) if found else None


def parse_version(text: str) -> VersionName:
    """`MODEL/VERSION`. Raises UsageError."""
    model, version = parse_model(text)
    if version is None:
        raise UsageError(f"{text} names no version", advice=f"write {text}/VERSION, for example {text}/3")
    return VersionName(model, version)


class MlflowRegistry:
    """The registry at a URI; at the one of MLflow's own variables without one.

    Every method raises UncheckableError where it does not answer, UsageError for a model or a version that is
    not there. MLflow's own words, which may hold a URI with its password, are not shown.
    """

    def __init__(self, uri: str | None = None) -> None:
        client = _client_class()
        with _sentences("the registry"):
            self._client = client(tracking_uri=uri, registry_uri=uri)

    def version(self, name: VersionName) -> RegisteredVersion:
        """One version."""
        with _sentences(str(name)):
            return _read_version(self._client.get_model_version(name.model, name.version))

    def versions(self, model: str) -> Iterator[RegisteredVersion]:
        """All versions of a model, the oldest first."""
        with _sentences(model):
            known = self._client.get_registered_model(model)
        aliases = dict(known.aliases)
        found = sorted(self._pages(model), key=lambda each: int(each.name.version))
        for each in found:
            own = sorted(alias for alias, version in aliases.items() if str(version) == each.name.version)
            yield RegisteredVersion(each.name, each.tags, tuple(own))

    def _pages(self, model: str) -> Iterator[RegisteredVersion]:
        quote = '"' if "'" in model else "'"  # MLflow's language of filters has no escapes
        token = None
        while True:
            with _sentences(model):
                page = self._client.search_model_versions(f"name={quote}{model}{quote}", page_token=token)
            yield from map(_read_version, page)
            token = page.token
            if not token:
                return

    def set_tags(self, name: VersionName, tags: Mapping[str, str]) -> None:
        """Set tags, one call each: a call that fails leaves those before it set."""
        with _sentences(str(name)):
            for key, value in tags.items():
                self._client.set_model_version_tag(name.model, name.version, key, value)


def log_metrics(run: str, metrics: Mapping[str, float]) -> None:
    """Put figures beside a run, at the server that MLflow's own variables name. Raises as the registry does,
    MissingExtraError without MLflow's client.
    """
    client = _client_class()
    with _sentences(f"the run {run}"):
        asked = client()
        for name, value in metrics.items():
            asked.log_metric(run, name, value)


def _client_class() -> Any:
    try:
        from mlflow.tracking import MlflowClient  # noqa: PLC0415 - an optional package of seconds to import
    except ImportError:
        raise MissingExtraError("MLflow needs its client", advice="pip install 'gatecli[mlflow]'") from None
    return MlflowClient


def _read_version(version: Any) -> RegisteredVersion:
    aliases = tuple(sorted(version.aliases or ()))
    return RegisteredVersion(VersionName(version.name, str(version.version)), dict(version.tags), aliases)


@contextmanager
def _sentences(what: str) -> Iterator[None]:
    """MLflow's errors as ours."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - MLflow's own, and those of its stores and plugins
        code = str(getattr(error, "error_code", ""))
        if code == _UNKNOWN:
            raise UsageError(
                f"MLflow has no {what}", advice="name a registered model, and one of its versions"
            ) from None
        if code in _REFUSED:
            raise UncheckableError(
                f"MLflow does not let you see or change {what}", advice="check MLFLOW_TRACKING_TOKEN"
            ) from None
        raise UncheckableError(
            f"MLflow does not answer about {what} ({type(error).__name__})",
            advice="name its server: --mlflow-uri, or MLFLOW_TRACKING_URI",
        ) from None
