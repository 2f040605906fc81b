"""What a column's name betrays."""

from __future__ import annotations

import pytest

from gatecli.anonymity.discovery.column_names import ROLES, Role, role_of_name, words_of

DIRECT, QUASI, SENSITIVE = Role.DIRECT_IDENTIFIER, Role.QUASI_IDENTIFIER, Role.SENSITIVE


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("native-country", QUASI),
        ("maritalStatus", QUASI),
        ("patient_birth_date", QUASI),
        ("DOB", QUASI),
        ("ZIP_code", QUASI),
        ("postleitzahl", QUASI),
        ("code_postal", QUASI),
        ("fecha de nacimiento", QUASI),
        ("出生日期", QUASI),
        ("患者性别", QUASI),
        ("郵便番号", QUASI),
        ("возраст", QUASI),
        ("email", DIRECT),
        ("customerEmail", DIRECT),
        ("user.phone", DIRECT),
        ("Nachname", DIRECT),
        ("codice_fiscale", DIRECT),
        ("身份证号", DIRECT),
        ("客户手机号", DIRECT),
        ("주민등록번호", DIRECT),
        ("diagnosis_code", SENSITIVE),
        ("annual_income", SENSITIVE),
        ("Gehalt", SENSITIVE),
        ("诊断", SENSITIVE),
        ("年收入", SENSITIVE),
    ],
)
def test_a_name_betrays_its_role(name: str, role: Role) -> None:
    found = role_of_name(name)
    assert found is not None
    assert found[0] is role


@pytest.mark.parametrize("name", ["", "x", "c1", "fnlwgt", "storage", "passenger", "pageviews", "__", "数值"])
def test_a_name_that_says_nothing_has_no_role(name: str) -> None:
    assert role_of_name(name) is None


def test_the_longest_phrase_decides() -> None:
    assert role_of_name("name_of_city") == (QUASI, "city")
    assert role_of_name("country_of_birth") == (QUASI, "country of birth")


def test_words_are_split_at_humps_signs_and_widths() -> None:
    assert words_of("nativeCountry-ISOCode_2") == ("native", "country", "iso", "code", "2")
    assert words_of("ＡＧＥ") == ("age",)


def test_every_phrase_is_made_of_words_as_names_are() -> None:
    assert all(words_of(" ".join(phrase)) == phrase for phrase in ROLES)
