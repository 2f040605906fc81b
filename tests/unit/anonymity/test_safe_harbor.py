"""What Safe Harbor forbids, column by column: 45 CFR 164.514(b)(2)(i)."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from gatecli.anonymity.safe_harbor import NOT_CHECKED, RESTRICTED_ZIPS, check_columns
from gatecli.anonymity.tables.opening import open_table
from gatecli.model.disclosure import HarborProblem

FORBIDDEN = [
    ("age", "91", HarborProblem.AGE),
    ("age", "89.5-95", HarborProblem.AGE),
    ("patient_age", "85-94", HarborProblem.AGE),
    ("age", "100+", HarborProblem.AGE),
    ("ageMonths", "1100", HarborProblem.AGE),
    ("zip", "02139", HarborProblem.ZIP),
    ("zip_code", "0213*", HarborProblem.ZIP),
    ("zip", "02139-1234", HarborProblem.ZIP),
    ("zip", "036", HarborProblem.SMALL_AREA),
    ("zip3", "36", HarborProblem.SMALL_AREA),
    ("zip", "893**", HarborProblem.SMALL_AREA),
    ("county", "Kent", HarborProblem.PLACE),
    ("Latitude", "42.3", HarborProblem.PLACE),
    ("admission", "2019-03", HarborProblem.DATE),
    ("dob", "3/14/1980", HarborProblem.DATE),
    ("visit", "2019-Q1", HarborProblem.DATE),
    ("seen", "14 Mar 2019", HarborProblem.DATE),
    ("seen", "2019-03-14T10:00:00", HarborProblem.DATE),
    ("birth_month", "3", HarborProblem.DATE),
    *(("age", age, HarborProblem.AGE) for age in ("92 years", "91y", "102 Y", "95 yrs.", "1100 months")),
    *(("postcode", code, HarborProblem.ZIP) for code in ("K1A 0B1", "SW1A 1AA", "MA 02139", "02139 1234")),
    ("zip", "[02139, 02143)", HarborProblem.ZIP),
    *(
        ("dob", born, HarborProblem.DATE)
        for born in (
            *("Jan 1999", "January 1999", "Jan-99", "01-JAN-1999", "1-Jan-99", "01JAN1999:10:00:00"),
            *("2001-Mar", "Mar-2001", "Sept. 2001", "01/1999", "03.1999", "1999/01", "199901"),
            *("Q1 1999", "1999 Q1", "1999-W05", "Spring 1999"),
        )
    ),
    ("x", "Jan 1999", HarborProblem.DATE),
    ("admit_week", "7", HarborProblem.DATE),
    ("day_of_death", "12", HarborProblem.DATE),
    ("service_from", "20190314", HarborProblem.DATE),
    ("fips", "36061", HarborProblem.PLACE),
    ("geo", "42.36,-71.06", HarborProblem.PLACE),
    ("health_plan_beneficiary", "H1", HarborProblem.IDENTIFIER),
    ("subscriber", "77", HarborProblem.IDENTIFIER),
    ("home", "https://example.org/~ann", HarborProblem.IDENTIFIER),
    ("voice_print", "a7f3", HarborProblem.IDENTIFIER),
]
PERMITTED = [
    ("age", "89"),
    ("age", "90"),
    ("age", "90+"),
    ("age", ">=90"),
    ("age", "85+"),
    ("age", ">89"),
    ("age", "80-89"),
    ("age", "*"),
    ("ageMonths", "1079"),
    ("zip", "021"),
    ("zip", "021**"),
    ("zip", "000"),
    ("zip", "*"),
    ("state", "MA"),
    ("admission", "2019"),
    ("dob", "[1980-01-01, 1981-01-01)"),
    ("visits", "12"),
    ("stage", "91"),
    ("weight", "95"),
    *(("age", age) for age in ("89 years", "90 years", "90 or older", "1000 months", "unknown")),
    *(("zip", code) for code in ("[02000, 03000)", "unknown", "021-024")),
    *(("dob", born) for born in ("1990-1999", "1999-2000", "[1980, 1990)", "1990s", "unknown")),
    *(("product", name) for name in ("Market 12", "Type 1999", "Maybe 20", "Octane 95")),
    ("fips", "36"),
    ("gestation_week", "39"),
    ("study_day", "39"),
    ("los_days", "4"),
    ("plan", "gold"),
    ("reading", "42.36"),
    ("grant", "20199999"),
]


def found(folder: Path, name: str, *values: str) -> list[tuple[HarborProblem, int]]:
    path = folder / "t.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([(name, "flag"), *((value, "x") for value in values)])
    with open_table(path) as opened:
        return [(each.problem, each.rows) for each in check_columns(opened).found]


@pytest.mark.parametrize(("name", "value", "problem"), FORBIDDEN)
def test_what_is_forbidden_is_found(name: str, value: str, problem: HarborProblem, tmp_path: Path) -> None:
    assert found(tmp_path, name, value, "*") == [(problem, 1)]


@pytest.mark.parametrize(("name", "value"), PERMITTED)
def test_what_is_permitted_is_not(name: str, value: str, tmp_path: Path) -> None:
    assert found(tmp_path, name, value, "*") == []


def test_the_policy_replaces_the_small_areas(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("zip,flag\n036,x\n021,x\n")
    with open_table(path) as opened:
        assert [each.rows for each in check_columns(opened, ("021",)).found] == [1]
        assert check_columns(opened, ()).found == ()


def test_the_shipped_areas_are_the_seventeen_of_the_guidance() -> None:
    """Its table, by columns: census of 2000, areas of 20,000 people or fewer."""
    guidance = "036 692 878 059 790 879 063 821 884 102 823 890 203 830 893 556 831"
    assert list(RESTRICTED_ZIPS) == sorted(guidance.split())


@pytest.mark.parametrize("area", RESTRICTED_ZIPS)
def test_every_small_area_is_found_however_it_is_written(area: str, tmp_path: Path) -> None:
    written = (area, f"{area}**", area.lstrip("0"))
    assert found(tmp_path, "zip3", *written) == [(HarborProblem.SMALL_AREA, 3)]


def test_an_address_of_the_network_is_not_a_place(tmp_path: Path) -> None:
    assert found(tmp_path, "ip_address", "198.51.100.7") == []


def test_what_no_table_shows_is_named() -> None:
    assert any("actual knowledge" in each for each in NOT_CHECKED)
