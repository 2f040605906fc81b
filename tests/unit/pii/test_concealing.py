"""Personal data in whatever is about to be shown: names of files and objects, keys, options."""

from __future__ import annotations

import base64
import random

import pytest

from gatecli.pii.concealing import conceal_values, may_tell
from tests.support.pii_corpus import CHECKED, DISGUISES, NUMERIC_DISGUISES, checked, email, phone, resident_id

RESIDENT_ID, SSN, ADDRESS, CARD = (
    "430102199607193689",
    "517-29-8264",
    "carol.sparrow@corporation.io",
    "4929381332664295",
)


@pytest.mark.parametrize("value", [RESIDENT_ID, SSN, ADDRESS, CARD])
@pytest.mark.parametrize("around", ["{}", "data/{}/x.csv", "data/{}.csv", "id_{}_2.csv", "is '{}', not text"])
def test_a_value_in_a_name_is_masked_and_what_stands_around_it_is_not(value: str, around: str) -> None:
    before, after = around.split("{}")
    shown = conceal_values(around.format(value))
    assert value not in shown
    assert value[:-2] not in shown
    if "@" not in value:  # much may stand in an address
        assert (shown[: len(before)], shown[len(before) + len(value) :]) == (before, after)


def test_an_encoded_value_is_masked() -> None:
    encoded = base64.b64encode(SSN.encode()).decode()
    assert encoded[:-4] not in conceal_values(f"the key {encoded} is unknown")


@pytest.mark.parametrize(
    "text",
    [
        "data/2026-11-21/part-00000-8d1a2b3c-1234-4f5e-8899-aabbccddeeff.parquet",
        "postgres://user:***@db.internal.corp.io/x",
        "git::ssh://git@github.com/x/y.git",
        "icon@2x.png",
        "package@1.2.3.tgz",
        "ε = 3.14159265358979 ≤ 1/3",
        "sha256 b672af2e9312d2191152fc24e3948a1a571e0e4612dcb51a6584448a3d09616d",
        "078-05-1120 and a@example.com",
    ],
)
def test_what_is_nobodys_stays(text: str) -> None:
    assert conceal_values(text) == text


def test_what_is_masked_stays_as_it_is() -> None:
    once = conceal_values(f"{RESIDENT_ID} {ADDRESS}")
    assert conceal_values(once) == once


def test_whatever_may_be_masked_is_searched_for() -> None:
    source = random.Random(5)  # noqa: S311 - a seed, no secret
    texts = [sample.text for entity in CHECKED for sample in checked(entity, 60)]
    texts += [make(source) for make in (phone, email, resident_id) for _ in range(200)]
    texts += [disguise(RESIDENT_ID) for disguise in DISGUISES.values()]
    texts += [disguise(RESIDENT_ID) for disguise in NUMERIC_DISGUISES.values()]
    encoded = [base64.b64encode(text.encode()).decode() for text in texts]
    assert [text for text in (*texts, *encoded) if not may_tell(text)] == []


@pytest.mark.parametrize(
    "text",
    ["open · policy default · checked 1 release\n", "model/privacy.yaml", "dp-missing-epsilon", "ε = 2.37"],
)
def test_a_plain_sentence_needs_no_search(text: str) -> None:
    assert not may_tell(text)


@pytest.mark.parametrize(
    "secret",
    ["AKIA" + "Q1" * 8, "ghp_" + "a1" * 18, "sk-" + "a1" * 16, "-----BEGIN PRIVATE KEY-----", "db://a:b1c@"],
)
def test_a_secret_of_a_known_form_is_hidden(secret: str) -> None:
    assert conceal_values(f"no file 1234567890 {secret}/x 0x12") == "no file 1234567890 (secret)/x 0x12"


def test_an_address_before_a_version_is_masked() -> None:
    assert "miller" not in conceal_values("the entry of zoe.miller@hospital-nord.org@1.0.0+run:first")
