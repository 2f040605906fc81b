"""Tables of the shapes that data stewards publish, and the roles that a steward gives their columns.

Made by hand: names and values have the shape of well-known tables, no row is of one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from gatecli.anonymity.discovery.column_names import Role
from gatecli.anonymity.discovery.identifying_columns import discover
from gatecli.anonymity.discovery.roles import Discovery
from tests.support.anonymity_tables import IBIS_WARNS, table_of

pytestmark = IBIS_WARNS

ROWS = 60
DIRECT, QUASI, SENSITIVE, OTHER = (
    Role.DIRECT_IDENTIFIER,
    Role.QUASI_IDENTIFIER,
    Role.SENSITIVE,
    Role.OTHER,
)
Make = Callable[[int], Any]


def one_of(*values: Any) -> Make:
    return lambda at: values[at * 7 % len(values)]


def code(form: str) -> Make:
    return lambda at: form.format(at * 37 + 11)


def measured(at: int) -> float:
    return round(20 + at * 1.37 % 9, 2)


NOTE = "Seen again on Monday with her sister, still coughing, plan as before, visit {}"
TOKENS = [hashlib.sha256(str(at).encode()).hexdigest() for at in range(ROWS)]

TABLES: dict[str, dict[str, tuple[Role, Make]]] = {
    "a stroke register": {
        "id": (DIRECT, code("{}")),
        "gender": (QUASI, one_of("Male", "Female", "Other")),
        "age": (QUASI, lambda at: 20 + at),
        "ever_married": (QUASI, one_of("Yes", "No")),
        "work_type": (QUASI, one_of("Private", "Self-employed", "children", "Govt_job", "Never_worked")),
        "Residence_type": (QUASI, one_of("Urban", "Rural")),
        "avg_glucose_level": (OTHER, measured),
        "stroke": (SENSITIVE, one_of(0, 1)),
    },
    "a clinical trial": {
        "STUDYID": (OTHER, one_of("XY-01")),
        "USUBJID": (DIRECT, code("01-7{:04}")),
        "SITEID": (QUASI, one_of("701", "702", "703")),
        "AGEGR1": (QUASI, one_of("18-64", ">64")),
        "RACE": (QUASI, one_of("WHITE", "ASIAN")),
        "ETHNIC": (QUASI, one_of("HISPANIC OR LATINO", "NOT HISPANIC OR LATINO")),
        "ARM": (OTHER, one_of("Placebo", "Drug high", "Drug low")),
        "DTHDTC": (QUASI, one_of("2014-01-02", "2014-03-05", "2015-01-01")),
    },
    "admissions to a hospital": {
        "hadm_id": (DIRECT, lambda at: 24_000_000 + at * 977),
        "admittime": (QUASI, one_of("2180-05-06 22:23:00", "2181-01-02 01:00:00")),
        "admission_type": (QUASI, one_of("URGENT", "ELECTIVE")),
        "insurance": (QUASI, one_of("Medicaid", "Other")),
        "language": (QUASI, one_of("ENGLISH", "?")),
        "marital_status": (QUASI, one_of("WIDOWED", "SINGLE")),
        "hospital_expire_flag": (OTHER, one_of(0, 1)),
        "text": (DIRECT, NOTE.format),
    },
    "an area of England": {
        "row": (OTHER, lambda at: at + 1),
        "lsoa11cd": (QUASI, code("E0100{:04}")),
        "imd_decile": (QUASI, lambda at: at % 10 + 1),
        "ward_name": (QUASI, one_of("Abbey", "Castle")),
        "tenure": (QUASI, one_of("Owned", "Rented", "Other")),
        "n_prescriptions": (OTHER, lambda at: at % 4),
    },
    "a village survey": {
        "hhid": (DIRECT, code("{}")),
        "village": (QUASI, one_of("A", "B", "C")),
        "caste": (QUASI, one_of("x", "y")),
        "momEd": (QUASI, one_of("Primary", "None")),
        "urban": (QUASI, one_of("Y", "N")),
        "muslim_or_other": (SENSITIVE, one_of("Muslim", "Hindu", "Sikh")),
        "hiv2004": (SENSITIVE, one_of(0, 1)),
    },
    "staff of a company": {
        "EmployeeNumber": (DIRECT, code("{}")),
        "Department": (QUASI, one_of("Sales", "Research")),
        "JobRole": (QUASI, one_of("Manager", "Technician")),
        "JobSatisfaction": (OTHER, one_of("Low", "High", "Very High")),
        "rank": (QUASI, one_of("Prof", "AsstProf")),
        "yrs.since.phd": (QUASI, lambda at: at % 30),
        "Seniority": (QUASI, lambda at: at % 9),
        "MonthlyIncome": (SENSITIVE, lambda at: 2_000 + 13 * at),
    },
    "names that say nothing": {
        "v1": (QUASI, one_of("Female", "Male")),
        "v2": (QUASI, one_of("CA", "NY", "TX", "FL", "OH", "WA")),
        "v3": (QUASI, one_of("25 to 34 years", "35 to 44 years")),
        "v4": (QUASI, one_of("own", "rent", "mortgage")),
        "v5": (QUASI, one_of("Employed", "Unemployed", "Retired")),
        "v6": (SENSITIVE, one_of("Catholic", "Protestant", "Jewish")),
        "v7": (DIRECT, lambda at: TOKENS[at][:32]),
        "v8": (DIRECT, lambda at: f"Allison{at}".rstrip("0123456789") + f", Mrs. B{'a' * (at % 9 + 1)}"),
        "v9": (DIRECT, code("A-{:05}")),
        "v10": (OTHER, measured),
    },
    "things and not people": {
        "rownames": (OTHER, lambda at: 3 * at + 1),
        "product_name": (OTHER, one_of("chair", "table", "lamp")),
        "product_id": (OTHER, one_of(11, 12, 13)),
        "city_mpg": (OTHER, lambda at: 10 + at % 9),
        "phone_service": (OTHER, one_of("Yes", "No")),
        "job_ad_quality": (OTHER, lambda at: at % 5),
        "score": (OTHER, one_of("1:0", "2:3", "0:0")),
    },
    "other languages": {
        "Personnummer": (DIRECT, code("19{:04}")),
        "ålder": (QUASI, lambda at: 20 + at % 50),
        "kön": (QUASI, one_of("k", "m")),
        "code_postal": (QUASI, one_of("75001", "13002")),
        "situation familiale": (QUASI, one_of("a", "b")),
        "estado_civil": (QUASI, one_of("a", "b")),
        "município": (QUASI, one_of("a", "b")),
        "województwo": (QUASI, one_of("a", "b")),
        "doğum tarihi": (QUASI, one_of("1", "2")),
        "乡镇": (QUASI, one_of("a", "b")),
        "备注": (DIRECT, lambda at: f"患者 {at} 复诊 情况 良好"),
    },
    "a German clinic": {
        "PatientenID": (DIRECT, code("{}")),
        "Geb_Datum": (QUASI, one_of("a", "b")),
        "Koerpergewicht": (QUASI, lambda at: 50 + at % 40),
        "Wohnort": (QUASI, one_of("a", "b")),
        "Nettoeinkommen": (SENSITIVE, lambda at: 900 + 7 * at),
        "Hauptdiagnose": (SENSITIVE, one_of("a", "b")),
        "Blutdruck": (OTHER, lambda at: 90 + at % 50),
    },
    "a Polish register, typed without its letters": {
        "nr_pacjenta": (DIRECT, code("{}")),
        "imie": (DIRECT, one_of("a", "b")),
        "miejscowosc": (QUASI, one_of("a", "b")),
        "powiat": (QUASI, one_of("a", "b")),
        "wyksztalcenie": (QUASI, one_of("a", "b")),
        "rozpoznanie": (SENSITIVE, one_of("a", "b")),
    },
    "a Spanish household survey": {
        "id_persona": (DIRECT, code("{}")),
        "parentesco": (QUASI, one_of("a", "b")),
        "situacion_laboral": (QUASI, one_of("a", "b")),
        "fecha_nac": (QUASI, one_of("a", "b")),
        "ingresos_mensuales": (SENSITIVE, lambda at: 900 + 7 * at),
        "id_producto": (OTHER, one_of(11, 12, 13)),
    },
    "baselines of a trial": {
        "USUBJID": (DIRECT, code("01-7{:04}")),
        "HEIGHTBL": (QUASI, lambda at: 150 + at % 40),
        "EDUCLVL": (QUASI, lambda at: at % 16),
        "AEDECOD": (SENSITIVE, one_of("HEADACHE", "RASH")),
        "AVAL": (OTHER, measured),
    },
    "a Turkish register and Dutch customers": {
        "klantnummer": (DIRECT, code("{}")),
        "yas": (QUASI, lambda at: 20 + at % 50),
        "dogum_yili": (QUASI, lambda at: 1950 + at % 50),
        "medeni_hal": (QUASI, one_of("a", "b")),
        "huishoudgrootte": (QUASI, lambda at: at % 6),
        "abonnement": (OTHER, one_of("a", "b")),
    },
    "flags": {
        "white": (QUASI, one_of(0, 1)),
        "nevermarried": (QUASI, one_of(0, 1)),
        "nwhite": (QUASI, one_of("yes", "no")),
        "senior_citizen": (QUASI, one_of(0, 1)),
        "dependents": (QUASI, one_of(0, 1)),
    },
}


def discovered(columns: dict[str, tuple[Role, Make]]) -> Discovery:
    return discover(table_of({name: [make(at) for at in range(ROWS)] for name, (_, make) in columns.items()}))


@pytest.mark.parametrize("name", TABLES)
def test_columns_have_the_roles_that_a_steward_gives_them(name: str) -> None:
    found = discovered(TABLES[name])
    wanted = {column: role for column, (role, _) in TABLES[name].items()}
    assert {column.name: column.role for column in found.columns} == wanted, [
        (column.name, column.why) for column in found.columns if column.role is not wanted[column.name]
    ]


@pytest.mark.parametrize("name", ["pid", "USUBJID", "woman", "v7"])
def test_a_column_that_numbers_people_in_several_rows_is_proposed_as_their_unit(name: str) -> None:
    numbers = (
        [TOKENS[at // 3][:32] for at in range(ROWS)] if name == "v7" else [at // 3 for at in range(ROWS)]
    )
    found = discover(table_of({"age": list(range(ROWS)), name: numbers}))
    assert found.unit is not None
    assert (found.unit.name, found.unit.role) == (name, Role.DIRECT_IDENTIFIER)


def test_no_unit_is_proposed_where_a_person_has_one_row_or_a_name() -> None:
    assert discover(table_of({"pid": list(range(ROWS)), "name": ["Ada", "Bo"] * 30})).unit is None


def test_a_flag_has_few_values() -> None:
    assert discover(table_of({"white": list(range(20)) * 3})).columns[0].role is Role.OTHER
