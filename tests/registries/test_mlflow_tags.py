"""Tags of model versions on a real MLflow server, written and checked by gatecli's client."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from gatecli.accounting.portfolio import limits_of
from gatecli.checks.ledger.tags import DELTA, EPSILON, LEDGER, RELEASE
from gatecli.cli.app import main
from gatecli.cloud.mlflow import MlflowRegistry, VersionName, parse_version
from gatecli.errors import UncheckableError, UsageError
from gatecli.ledger.interface import LedgerIdentity
from gatecli.ledger.opening import create_store, open_store
from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.ledger import Charge, DatasetTerms, EntryKind, Movement, ReservationState
from gatecli.model.portfolio import NOTHING, Amounts
from tests.support.mlflow_server import server

AT = "2026-11-29T12:00:00Z"
BUDGET = Budget(Fraction(8), Fraction(1, 10**5))
DETAILS = {"claim": ["5/2", "1/1000000"]}
TERMS = DatasetTerms("customers", "person", Neighbouring.ADD_REMOVE, BUDGET, limits_of(BUDGET))


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running server."""
    with server(tmp_path_factory.mktemp("mlflow")) as address:
        yield address


@pytest.fixture
def client(uri: str) -> Any:
    """MLflow's own client."""
    from mlflow.tracking import MlflowClient  # noqa: PLC0415 - not installed for every test

    return MlflowClient(uri, uri)


@pytest.fixture
def register(client: Any, request: pytest.FixtureRequest) -> Callable[[], VersionName]:
    """Makes a version of a model that is this test's own."""
    model = re.sub(r"\W+", "-", request.node.name)
    client.create_registered_model(model)

    def make() -> VersionName:
        return VersionName(model, str(client.create_model_version(model, "s3://bucket/model").version))

    return make


@pytest.fixture
def ledger(tmp_path: Path) -> str:
    """A ledger in which churn@1 is committed and churn@2 is held."""
    url = str(tmp_path / "ledger.db")
    store = create_store(url, LedgerIdentity("a" * 32, "test", AT))
    store.add_dataset(TERMS, AT)
    for release in ("churn@1", "churn@2"):
        charge = Charge("customers", Amounts(basic_epsilon=5))
        store.move(Movement(EntryKind.RESERVE, release, AT, (charge,), release, DETAILS))
    store.move(Movement(EntryKind.COMMIT, "churn@1", AT, (Charge("customers", NOTHING),), "churn@1"))
    store.close()
    return url


def run(*words: str, ledger: str, uri: str) -> int:
    return main(["ledger", "mlflow", *words, "--mlflow-uri", uri, "--ledger", ledger])


def test_a_committed_release_is_tagged_and_agrees(
    client: Any,
    register: Callable[[], VersionName],
    ledger: str,
    uri: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    version = register()
    assert run("tag", "churn@1", str(version), ledger=ledger, uri=uri) == 0
    tags = client.get_model_version(version.model, version.version).tags
    assert (tags[RELEASE], tags[EPSILON], tags[DELTA]) == ("churn@1", "2.5", "1e-6")
    store = open_store(ledger, read_only=True)
    [commit] = [each for each in store.entries("customers") if each.kind is EntryKind.COMMIT]
    store.close()
    assert json.loads(tags[LEDGER]) == {"id": "a" * 32, "entries": {"customers": commit.hash}}
    capsys.readouterr()
    assert run("check", str(version), ledger=ledger, uri=uri) == 0
    assert capsys.readouterr().out == f"{version} is churn@1, as the ledger has it\n"


def test_tagging_again_changes_nothing(
    client: Any, register: Callable[[], VersionName], ledger: str, uri: str
) -> None:
    version = register()
    for _ in range(2):
        assert run("tag", "churn@1", version.uri, ledger=ledger, uri=uri) == 0
    assert len(client.get_model_version(version.model, version.version).tags) == 4


def test_a_release_that_is_not_committed_is_not_tagged(
    client: Any,
    register: Callable[[], VersionName],
    ledger: str,
    uri: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    version = register()
    assert run("tag", "churn@2", str(version), ledger=ledger, uri=uri) == 2
    assert "churn@2 is held: a version is tagged with a release that is committed" in capsys.readouterr().err
    assert client.get_model_version(version.model, version.version).tags == {}


def test_a_version_of_one_release_is_not_tagged_with_another(
    client: Any, register: Callable[[], VersionName], ledger: str, uri: str
) -> None:
    version = register()
    client.set_model_version_tag(version.model, version.version, RELEASE, "other@1")
    assert run("tag", "churn@1", str(version), ledger=ledger, uri=uri) == 2
    assert client.get_model_version(version.model, version.version).tags == {RELEASE: "other@1"}


@pytest.mark.parametrize(
    ("tag", "value", "said"),
    [
        (EPSILON, "1", "has another gatecli.epsilon than the ledger: 2.5"),
        (RELEASE, "churn@2", "names the release churn@2, which is held"),
        (RELEASE, "churn@9", "names the release churn@9, which is not in the ledger"),
        (LEDGER, "{}", "its tag gatecli.ledger is not one that gatecli wrote"),
        (LEDGER, '{"entries":{},"id":"b"}', "names another ledger than this one"),
    ],
)
def test_a_tag_that_was_changed_closes(
    client: Any,
    register: Callable[[], VersionName],
    ledger: str,
    uri: str,
    capsys: pytest.CaptureFixture[str],
    tag: str,
    value: str,
    said: str,
) -> None:
    version = register()
    assert run("tag", "churn@1", str(version), ledger=ledger, uri=uri) == 0
    client.set_model_version_tag(version.model, version.version, tag, value)
    capsys.readouterr()
    assert run("check", str(version), ledger=ledger, uri=uri) == 1
    assert said in capsys.readouterr().out


def test_of_a_model_what_is_tagged_or_has_an_alias_is_checked(
    client: Any,
    register: Callable[[], VersionName],
    ledger: str,
    uri: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tagged, served, _ = register(), register(), register()
    assert run("tag", "churn@1", str(tagged), ledger=ledger, uri=uri) == 0
    client.set_registered_model_alias(served.model, "champion", served.version)
    capsys.readouterr()
    assert run("check", tagged.model, ledger=ledger, uri=uri) == 1
    said = capsys.readouterr()
    assert f"{tagged} is churn@1, as the ledger has it\n" in said.out
    assert f"{served} names no release" in said.out
    assert "1 without tags and aliases not checked" in said.err


def test_nothing_to_check_is_not_a_pass(register: Callable[[], VersionName], ledger: str, uri: str) -> None:
    assert run("check", register().model, ledger=ledger, uri=uri) == 3


def test_many_versions_are_read_page_by_page(register: Callable[[], VersionName], uri: str) -> None:
    names = [register() for _ in range(3)]
    registry = MlflowRegistry(uri)
    search = registry._client.search_model_versions
    registry._client.search_model_versions = lambda *given, **more: search(*given, max_results=1, **more)
    assert [each.name for each in registry.versions(names[0].model)] == names


def test_a_model_and_a_version_that_are_not_there_are_named(
    register: Callable[[], VersionName], uri: str
) -> None:
    version, registry = register(), MlflowRegistry(uri)
    with pytest.raises(UsageError, match=f"MLflow has no {version.model}/7"):
        registry.version(VersionName(version.model, "7"))
    with pytest.raises(UsageError, match="MLflow has no nowhere"):
        list(registry.versions("nowhere"))


def test_a_commit_tags_the_version_that_it_published(
    client: Any, register: Callable[[], VersionName], ledger: str, uri: str
) -> None:
    version = register()
    words = ["commit", "churn@2", "--mlflow", str(version), "--mlflow-uri", uri, "--ledger", ledger]
    for _ in range(2):
        assert main(["ledger", *words]) == 0
    assert client.get_model_version(version.model, version.version).tags[RELEASE] == "churn@2"
    assert run("check", str(version), ledger=ledger, uri=uri) == 0


def test_a_commit_to_a_version_that_is_not_there_commits_nothing(ledger: str, uri: str) -> None:
    words = ["commit", "churn@2", "--mlflow", "nowhere/1", "--mlflow-uri", uri, "--ledger", ledger]
    assert main(["ledger", *words]) == 2
    store = open_store(ledger, read_only=True)
    found = store.reservation("churn@2")
    store.close()
    assert found is not None
    assert found.state is ReservationState.HELD


def test_a_server_that_is_not_there_is_a_sentence_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    registry = MlflowRegistry("http://user:secret@127.0.0.1:9")
    with pytest.raises(UncheckableError, match="MLflow does not answer about churn/3") as refused:
        registry.version(parse_version("churn/3"))
    assert "secret" not in refused.value.message + refused.value.advice
