"""The engine without presidio, and our recognizers in presidio: the same answers."""

from __future__ import annotations

import subprocess
import sys

import pytest
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NoOpNlpEngine

import gatecli
from gatecli.pii.detector import Detector
from gatecli.pii.entities import default_entities

VALUE = "440308199901101512"
HEAVY = ("presidio_analyzer", "spacy", "phonenumbers", "stdnum", "numpy", "regex", "tldextract", "re2")


def imported_by(program: str) -> set[str]:
    show = f"import sys; {program}; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


SCAN = (
    "from gatecli.pii.detector import Detector; from gatecli.pii.entities import default_entities; "
    "from gatecli.pii.scanning import scan; d = Detector(default_entities()); scan(d, {text!r}, ('spec',))"
)


def test_a_detector_imports_nothing_heavy() -> None:
    assert imported_by(SCAN.format(text="")) == set()


@pytest.mark.parametrize(
    "text", ["registry.example/app@sha256:" + "0a1b2c3d" * 8, "10.0.0.1:8080", "v1.22.333-rc.4"]
)
def test_a_clean_text_imports_nothing_heavy(text: str) -> None:
    assert imported_by(SCAN.format(text=text)) == set()


def test_a_dirty_text_does_not_import_presidio() -> None:
    assert not imported_by(SCAN.format(text=VALUE)) & {"presidio_analyzer", "spacy", "numpy", "regex"}


TEXTS = [
    f"id {VALUE}, mail mario.rossi@posta.it, card 4539 1488 0343 6467",
    "ssn: 536904399",
    "536904399",
    "build 536904399 of 2026-11-28",
    f"身份证号:{VALUE}",
    "call +49 30 901820 or write to a.b@klinik.example.org.",
]


@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_presidio_returns_what_a_scan_reports(number: int) -> None:
    text = TEXTS[number]
    found = {(one.entity.id, one.start, one.end) for one in Detector(default_entities()).detect(text)}
    results = gatecli.presidio.analyzer().analyze(text, "en")
    assert found <= {(result.entity_type, result.start, result.end) for result in results}
    assert bool(found) == bool(results)


def test_a_recognizer_works_in_somebody_else_s_analyzer() -> None:
    nlp = NoOpNlpEngine([{"lang_code": "de", "model_name": "none"}])
    ours = gatecli.presidio.recognizers(["CN_RESIDENT_ID"], language="de")
    registry = RecognizerRegistry(ours, supported_languages=["de"])
    engine = AnalyzerEngine(registry=registry, nlp_engine=nlp, supported_languages=["de"])
    (result,) = engine.analyze(f"x {VALUE}", "de", return_decision_process=True)
    assert (result.entity_type, result.start, result.end) == ("CN_RESIDENT_ID", 2, 20)
    assert "checksum, region and birth date valid" in str(result.analysis_explanation)
    assert VALUE not in str(result.analysis_explanation)


def test_presidio_s_own_context_does_not_raise_a_score_twice() -> None:
    (result,) = gatecli.presidio.analyzer(["US_SSN"]).analyze("ssn 536904399", "en")
    (found,) = Detector(default_entities()).detect("ssn 536904399")
    assert result.score == found.score


def test_an_entity_that_does_not_exist_is_named() -> None:
    with pytest.raises(gatecli.GatecliError, match="US_SNN"):
        gatecli.presidio.recognizers(["US_SNN"])
