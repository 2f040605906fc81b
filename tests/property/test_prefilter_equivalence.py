"""The prefilter finds what the engine alone finds: on generated text, on disguises, on look-alikes."""

from __future__ import annotations

import random
import string
from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatecli.pii.budget import unlimited_budget
from gatecli.pii.cue_encoding import CueEncodings, encode_classes
from gatecli.pii.decoding import expand, may_hide
from gatecli.pii.detector import Detector
from gatecli.pii.entities import all_entities
from gatecli.pii.interface import Cue, Entity, EntityPattern
from gatecli.pii.matching import Sought, compile_pattern
from gatecli.pii.pattern_factors import factors
from gatecli.pii.prefilter import Prefilter
from gatecli.pii.scanning import scan
from tests.support.examples import share
from tests.support.pii_corpus import CHECKED, DISGUISES, LOOK_ALIKES, resident_id


class NoPrefilter(Prefilter):
    """Lets everything through."""

    __slots__ = ("_entities",)

    def __init__(self, entities: Iterable[Entity]) -> None:
        super().__init__(entities)
        self._entities = tuple(entities)

    def search_places(self, text: str, spoken: frozenset[str]) -> tuple[Sought, ...]:  # noqa: ARG002 - the prefilter's signature
        everywhere = [(0, len(text))]
        return tuple(
            (entity, pattern, everywhere) for entity in self._entities for pattern in entity.patterns
        )

    def sought_beside(self, text: str, spoken: frozenset[str]) -> tuple[Sought, ...]:  # noqa: ARG002 - the same
        return ()

    def may_match(self, text: str) -> bool:  # noqa: ARG002 - the prefilter's signature
        return True


FILTERED = Detector(all_entities())
ALONE = Detector(all_entities())
ALONE.prefilter = NoPrefilter(all_entities())

FORMS = [
    pytest.param(entity, pattern, id=f"{entity.id}-{pattern.name}")
    for entity in all_entities()
    for pattern in entity.patterns
]
CUES = [
    pytest.param(cue, id=cue.regex[:40]) for cue in dict.fromkeys(entity.cue for entity in all_entities())
]


# Some forms have look-arounds, which few drawn texts pass.
FEW_OF_A_FORM = settings(max_examples=share(15), suppress_health_check=[HealthCheck.filter_too_much])


@pytest.mark.parametrize(("entity", "pattern"), FORMS)
@FEW_OF_A_FORM
@given(data=st.data())
def test_every_match_of_a_pattern_contains_its_cue_and_its_factors(
    entity: Entity, pattern: EntityPattern, data: st.DataObject
) -> None:
    text = data.draw(st.from_regex(compile_pattern(pattern.regex)))
    found = compile_pattern(pattern.regex).search(text)
    if found is None:
        return
    if _may_be_valid(entity, found.group()):
        assert compile_pattern(entity.cue.regex).search(found.group()) is not None
    coded = CueEncodings(encode_classes(found.group()))
    assert all(coded.holds_any(each.coding, each.literals) for each in factors(pattern.regex))


def _may_be_valid(entity: Entity, value: str) -> bool:
    """An IBAN's form allows an account of letters; its validator asks for the digits that are the cue."""
    return entity.id != "IBAN_CODE" or (entity.validate is not None and entity.validate(value) is not None)


@pytest.mark.parametrize("cue", CUES)
@settings(max_examples=share(25))
@given(data=st.data())
def test_every_match_of_a_cue_has_one_of_its_hints(cue: Cue, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(compile_pattern(cue.regex)))
    coded: bytes = CueEncodings(encode_classes(text)).coding(cue.coding)
    assert not cue.hints or any(hint in coded for hint in cue.hints)


def _values(count: int) -> list[str]:
    source = random.Random(5)  # noqa: S311 - a seed, no secret
    valid = [make(source) for make, _ in CHECKED.values() for _ in range(count)]
    hidden = [hide(resident_id(source)) for hide in DISGUISES.values() for _ in range(count)]
    return valid + hidden + [make(source) for make in LOOK_ALIKES.values() for _ in range(count)]


HIDING = "\\%&;=/+-_.,:'\"{}[]() \n\t\x08\u200b\u00a0１２X京＠@é"
"""What escapes, encodings and boundaries are made of."""

texts = st.lists(
    st.one_of(
        st.sampled_from(_values(3)),
        st.sampled_from(
            ["ssn", "phone", "id_card", "card: ", "\\u0031", "%31", "&#49;", "passport", "image"]
        ),
        st.text(string.digits + string.ascii_letters + HIDING, max_size=12),
        st.text(string.digits + "X .-", min_size=8, max_size=22),
    ),
    max_size=5,
).map("".join)
contexts = st.lists(
    st.sampled_from(["ssn", "phoneNumber", "resourceVersion", "id_card", "spec"]), max_size=2
).map(tuple)


@settings(max_examples=share(300))
@given(texts, contexts)
def test_the_prefilter_and_the_engine_find_what_the_engine_alone_finds(
    text: str, context: tuple[str, ...]
) -> None:
    assert FILTERED.detect(text, context) == ALONE.detect(text, context)


@settings(max_examples=share(300))
@given(texts, contexts)
def test_a_scan_skips_nothing_that_decoding_would_show(text: str, context: tuple[str, ...]) -> None:
    assert scan(FILTERED, text, context) == scan(ALONE, text, context)


@settings(max_examples=share(300))
@given(
    st.lists(st.text("0189AZaz" + HIDING, max_size=20) | st.sampled_from(_values(2)), max_size=3).map("".join)
)
def test_what_may_hide_nothing_has_no_cue_in_any_view(text: str) -> None:
    if may_hide(text) or FILTERED.prefilter.may_match(text):
        return
    assert not any(FILTERED.prefilter.may_match(view.text) for view in expand(text, unlimited_budget()))


@pytest.mark.parametrize("seed", range(4))
def test_both_agree_on_lines_of_values_and_look_alikes(seed: int) -> None:
    source = random.Random(seed)  # noqa: S311 - a seed, no secret
    values = _values(4)
    for _ in range(60):
        text = source.choice((" ", ", ", "\n", '": "', "=")).join(source.choices(values, k=6))
        assert scan(FILTERED, text) == scan(ALONE, text)


FILLERS = (
    "2026-11-12T07:30:07.123Z INFO [main-3] web.Handler - request completed in 12 ms bytes=1234567",
    "          image: registry.example/team/app@sha256:" + "0a1b2c3d" * 8,
    "deny 93.184.216.34;",
    "3000889,0.370000",
    "could not call the service: timeout after 41 ms, id 2345678",
    "身份证 and 电话 of nobody",
)


@pytest.mark.parametrize("seed", range(4))
def test_both_agree_on_long_texts_of_many_lines(seed: int) -> None:
    source = random.Random(seed)  # noqa: S311 - a seed, no secret
    values = [*_values(3), "phone", "ssn", "id_card"]
    for _ in range(share(8)):
        lines = source.choices(FILLERS, k=source.choice((40, 40, 900)))
        for _ in range(6):
            planted = source.choice((" ", ", ", ": ", '": "')).join(source.choices(values, k=3))
            lines.insert(source.randrange(len(lines)), planted)
        text = source.choice(("\n", "\n", "\r\n", " ", ", ")).join(lines)
        context = source.choice(((), (), ("phoneNumber",)))
        assert FILTERED.detect(text, context) == ALONE.detect(text, context)


SPOKEN = st.sampled_from(
    (
        "card number",
        "cardNumber=4",
        "my_ssn",
        "tel:",
        "id",
        "steuer id",
        "身份证 1",
        "reconciling web-1",
        "",
        "pre-IBAN-x",
        "TEL",
    )
)


@given(
    st.lists(st.lists(SPOKEN, max_size=4).map(" ".join), max_size=8),
    st.sampled_from([frozenset(), frozenset({"CREDIT_CARD"})]),
)
def test_the_lines_that_speak_are_those_that_speak_alone(lines: list[str], known: frozenset[str]) -> None:
    vocabulary = FILTERED.vocabulary
    text = "\n".join(lines)
    spoken, found = vocabulary.lines_that_speak(text, known)
    alone = [line for line in lines if vocabulary.entities_in(line) - known]
    assert [line for _, line in found] == alone
    assert all(text[start : start + len(line)] == line for start, line in found)
    assert spoken >= frozenset().union(*map(vocabulary.entities_in, alone)) - known
    assert spoken <= vocabulary.entities_in(text)
