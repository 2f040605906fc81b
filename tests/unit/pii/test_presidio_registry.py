"""Recognizers in presidio's own format: entities like any other, and what is wrong with a file of them."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from presidio_analyzer import PatternRecognizer, predefined_recognizers
from presidio_analyzer.predefined_recognizers import PhoneRecognizer
from pydantic import ValidationError

from gatecli.checks.personal_data import search_of
from gatecli.errors import ConfigurationError
from gatecli.gates.policies import policy_of_documents, read_policy
from gatecli.model.document import Document
from gatecli.model.policy import PiiRules, stamp
from gatecli.model.presidio import PREDEFINED, PresidioRegistry

ZIP = {
    "name": "Zip code Recognizer",
    "supported_languages": [
        "fr",
        {"language": "en", "context": ["zip", "postal"]},
        {"language": "de", "context": ["PLZ"]},
    ],
    "patterns": [{"name": "zip (weak)", "regex": r"(\b\d{5}(?:\-\d{4})?\b)", "score": "0.2"}],
    "supported_entity": "ZIP",
}
PROJECT = {
    "name": "Project names",
    "supported_language": "en",
    "supported_entities": ["PROJECT_NAME"],
    "deny_list": ["bluebird", "bluebird two", "c.o.d.e"],
}


def rules(*recognizers: object, packs: tuple[str, ...] = ("cn",), **head: Any) -> PiiRules:
    registry = PresidioRegistry.from_file({"recognizers": list(recognizers), **head})
    return PiiRules(packs=packs, registry=registry)


def found(text: str, *recognizers: object, key: str = "", **head: Any) -> list[tuple[str, str]]:
    detector = search_of(rules(*recognizers, **head)).detector
    return [
        (one.entity.id, text[one.start : one.end]) for one in detector.detect(text, (key,) if key else ())
    ]


def made_by(kind: Any) -> PatternRecognizer:
    recognizer: PatternRecognizer = kind()
    return recognizer


def test_the_table_is_that_of_the_installed_presidio() -> None:
    shipped = {
        name: made_by(kind).supported_entities[0]
        for name, kind in vars(predefined_recognizers).items()
        if inspect.isclass(kind) and issubclass(kind, PatternRecognizer)
    }
    assert {**shipped, "PhoneRecognizer": PhoneRecognizer().supported_entities[0]} == PREDEFINED


@pytest.mark.parametrize("key", ["zip", "postal_code", "plz"])
def test_a_weak_pattern_is_found_beside_a_word_of_any_language(key: str) -> None:
    assert found("94107", ZIP, key=key) == [("ZIP", "94107")]
    assert found("94107", ZIP, key="build") == []


def test_a_list_of_words_is_found_whole_and_the_longest_first() -> None:
    assert found("see Bluebird two, bluebirds, xbluebird and C.O.D.E!", PROJECT) == [
        ("PROJECT_NAME", "Bluebird two"),
        ("PROJECT_NAME", "C.O.D.E"),
    ]


def test_flags_are_those_of_the_file() -> None:
    assert found("Bluebird bluebird", PROJECT, global_regex_flags=0) == [("PROJECT_NAME", "bluebird")]


@pytest.mark.parametrize("named", ["AuAbnRecognizer", {"name": "AuAbnRecognizer", "type": "predefined"}])
def test_a_recognizer_that_presidio_ships_checks_as_presidio_does(named: object) -> None:
    assert found("51 824 753 556", named) == [("AU_ABN", "51 824 753 556")]
    assert found("51 824 753 557", named) == []


def test_a_shipped_recognizer_without_a_check_needs_its_words() -> None:
    named = {"name": "licences", "class_name": "UkPassportRecognizer", "type": "predefined"}
    assert found("AB1234567", named, key="passport") == [("UK_PASSPORT", "AB1234567")]
    assert found("AB1234567", named, key="build") == []


def test_what_gatecli_finds_by_itself_is_found_by_its_own_recognizer() -> None:
    search = search_of(rules("UsSsnRecognizer", packs=("cn",)))
    (entity,) = [entity for entity in search.detector.entities if entity.id == "US_SSN"]
    assert entity.pack == "us"


@pytest.mark.parametrize("name", ["PhoneRecognizer", "IbanRecognizer"])
def test_a_recognizer_that_is_more_than_its_patterns_finds_its_own_kind_alone(name: str) -> None:
    assert found("x", {"name": name, "type": "predefined"}) == []
    with pytest.raises(ConfigurationError, match=f"{name} finds OUR_KIND by more than patterns"):
        found("x", {"name": name, "type": "predefined", "supported_entity": "OUR_KIND"})


def test_what_is_not_enabled_is_not_even_known() -> None:
    assert found("94107", ZIP | {"enabled": False}, key="zip") == []
    assert not rules({"name": "SpacyRecognizer", "type": "predefined", "enabled": False}).own_kinds


def test_own_recognizers_do_not_import_presidio() -> None:
    program = (
        "import sys\n"
        "from gatecli.checks.personal_data import search_of\n"
        "from gatecli.model.policy import PiiRules\n"
        "from gatecli.model.presidio import PresidioRegistry\n"
        f"registry = PresidioRegistry.from_file({{'recognizers': [{ZIP!r}]}})\n"
        "search_of(PiiRules(registry=registry)).detector.detect('94107', ('zip',))\n"
        "assert not {'presidio_analyzer', 'regex'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("regex", [r"(?<!\d)\d{5}", r"(\d)\1{4}", "("])
def test_an_expression_that_re2_cannot_run_is_refused_by_name(regex: str) -> None:
    wrong = ZIP | {"patterns": [{"name": "weak", "regex": regex, "score": "0.2"}]}
    with pytest.raises(ConfigurationError, match="weak of the recognizer Zip code Recognizer"):
        search_of(rules(wrong))


@pytest.mark.parametrize(
    "recognizers",
    [(ZIP, ZIP), (ZIP | {"supported_entity": "EMAIL_ADDRESS"},), ("AuAbnRecognizer", "AuAbnRecognizer")],
    ids=["twice", "ours", "shipped twice"],
)
def test_a_kind_has_one_home(recognizers: tuple[object, ...]) -> None:
    with pytest.raises(ConfigurationError, match="found by another already"):
        search_of(rules(*recognizers))


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("SpacyRecognizer", "made of patterns"),
        ("NoSuchRecognizer", "made of patterns"),
        ({"name": "x", "patterns": ZIP["patterns"]}, "supported_entity"),
        ({"name": "x", "type": "custom", "supported_entity": "X"}, "patterns or a deny_list"),
        (ZIP | {"score_thresholds": {"default": 0.9}}, "score_thresholds"),
        (ZIP | {"supported_entity": "zip code"}, "supported_entity"),
    ],
)
def test_a_recognizer_that_would_find_nothing_is_refused(wrong: object, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        rules(wrong)


POLICY = """\
apiVersion: gatecli.dev/v1
kind: PrivacyPolicy
metadata: {name: acme}
spec:
  extends: default
  severities: {pii-zip: warning}
  pii: {recognizers: presidio.yaml}
"""
REGISTRY = """\
recognizers:
  - name: Zip codes
    supported_entity: ZIP
    context: [zip]
    patterns: [{name: five, regex: '[0-9]{5}', score: 0.2}]
"""


def write_policy(folder: Path, registry: str) -> Path:
    (folder / "presidio.yaml").write_text(registry, "utf-8")
    (folder / "gatecli.yaml").write_text(POLICY, "utf-8")
    return folder / "gatecli.yaml"


def test_a_policy_holds_what_its_file_of_recognizers_says(tmp_path: Path) -> None:
    before = read_policy(write_policy(tmp_path, REGISTRY), tmp_path).policy
    assert before.spec.pii.own_rules == {"pii-zip"}
    after = read_policy(write_policy(tmp_path, REGISTRY.replace("0.2", "0.3")), tmp_path).policy
    assert stamp(before).sha256 != stamp(after).sha256


@pytest.mark.parametrize(
    ("registry", "told"),
    [
        (REGISTRY.replace("supported_entity", "supported_entty"), "presidio.yaml:3:5: unknown key"),
        (REGISTRY.replace("0.2", "2"), "presidio.yaml:5:"),
        ("- a list\n", "presidio.yaml: the file is no list of recognizers"),
        ("a: [", "presidio.yaml:"),
    ],
)
def test_a_wrong_file_of_recognizers_is_told_with_its_line(registry: str, told: str, tmp_path: Path) -> None:
    policy = write_policy(tmp_path, registry)
    with pytest.raises(ConfigurationError) as raised:
        read_policy(policy, tmp_path)
    assert told in raised.value.message


def test_a_missing_file_of_recognizers_is_told(tmp_path: Path) -> None:
    policy = write_policy(tmp_path, REGISTRY)
    (tmp_path / "presidio.yaml").unlink()
    with pytest.raises(ConfigurationError, match=r"presidio\.yaml: the file does not exist"):
        read_policy(policy, tmp_path)


def in_cluster(pii: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "gatecli.dev/v1",
        "kind": "PrivacyPolicy",
        "metadata": {"name": "acme"},
        "spec": {"extends": "default", "pii": pii},
    }


def test_a_policy_of_a_cluster_holds_its_registry_and_names_no_file() -> None:
    held = policy_of_documents([Document("policy", in_cluster({"registry": {"recognizers": [ZIP]}}))])
    assert held.policy.spec.pii.own_rules == {"pii-zip"}
    with pytest.raises(ConfigurationError, match="does not come from a file"):
        policy_of_documents([Document("policy", in_cluster({"recognizers": "presidio.yaml"}))])


def test_a_floor_keeps_its_recognizers(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    write_policy(tmp_path, REGISTRY)
    inner = tmp_path / "model"
    inner.mkdir()
    write_policy(inner, REGISTRY.replace("ZIP", "PLACE").replace("0.2", "0.9"))
    (inner / "gatecli.yaml").write_text(POLICY.replace("pii-zip", "pii-place"), "utf-8")
    assert read_policy(None, inner).policy.spec.pii.own_rules == {"pii-zip", "pii-place"}
