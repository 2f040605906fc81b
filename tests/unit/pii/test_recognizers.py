"""presidio's frame: late, offline, and the same answers."""

from __future__ import annotations

import subprocess
import sys

import pytest
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NoOpNlpEngine

from gatecli.pii.detector import Detector
from gatecli.pii.entities import default_entities
from gatecli.pii.entities.cn import RESIDENT_ID
from gatecli.pii.recognizers import EntityDataRecognizer, analyzer

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


def test_numbers_that_validators_refuse_do_not_import_presidio() -> None:
    assert "presidio_analyzer" not in imported_by(SCAN.format(text="440308199901101513"))


def test_a_candidate_imports_presidio() -> None:
    assert "presidio_analyzer" in imported_by(SCAN.format(text=VALUE))


def test_our_engine_and_the_detector_agree() -> None:
    text = f"id {VALUE}, mail mario.rossi@posta.it, card 4539 1488 0343 6467"
    engine = analyzer(default_entities())
    results = engine.analyze(text, "en", score_threshold=0.5)
    spans = {(item.entity.id, item.start, item.end) for item in Detector(default_entities()).detect(text)}
    assert spans <= {(result.entity_type, result.start, result.end) for result in results}


def test_a_recognizer_works_in_somebody_else_s_analyzer() -> None:
    nlp = NoOpNlpEngine([{"lang_code": "en", "model_name": "none"}])
    registry = RecognizerRegistry([EntityDataRecognizer(RESIDENT_ID)], supported_languages=["en"])
    engine = AnalyzerEngine(registry=registry, nlp_engine=nlp, supported_languages=["en"])
    (result,) = engine.analyze(f"x {VALUE}", "en", return_decision_process=True)
    assert (result.entity_type, result.start, result.end) == ("CN_RESIDENT_ID", 2, 20)
    assert "checksum, region and birth date valid" in str(result.analysis_explanation)


def test_the_key_path_is_context_in_our_engine() -> None:
    engine = analyzer(default_entities())
    with_key = engine.analyze("536904399", "en", context=["ssn"], score_threshold=0.5)
    assert [result.entity_type for result in with_key] == ["US_SSN"]
    assert engine.analyze("536904399", "en", score_threshold=0.5) == []


def test_a_result_keeps_no_value_in_its_explanation() -> None:
    (result,) = analyzer((RESIDENT_ID,)).analyze(VALUE, "en", return_decision_process=True)
    assert VALUE not in str(result.analysis_explanation)
