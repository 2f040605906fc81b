"""A name over its values: tables in running text, SQL, a label on the line above."""

from __future__ import annotations

from functools import cache

import pytest

from gatecli.pii.detector import Detector
from gatecli.pii.entities import default_entities
from gatecli.pii.scanning import scan

N, OTHER = "536904399", "536904398"


@cache
def detector() -> Detector:
    return Detector(default_entities())


def found(text: str) -> list[str]:
    return [
        text[one.start : one.end] for one in scan(detector(), text).detections if one.entity.id == "US_SSN"
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"| name | ssn |\n| --- | --- |\n| x | {N} |\n| y | {OTHER} |\n",
        f"name | ssn\n--- | ---\nx | {N}\ny | {OTHER}\n",
        f"| ssn |\n|---|\n| {N} |\n| {OTHER} |\n",
        f"    | ssn       | age |\n    | {N} | 4 |\n    | {OTHER} | 5 |\n",
        f"see below\n\nname,ssn,city\nx,{N},a\ny,{OTHER},b\n",
        f'"name";"ssn"\n"x";"{N}"\n"y";"{OTHER}"\n',
        f"name\tssn\nx\t{N}\ny\t{OTHER}\n",
        f"INSERT INTO t (name, ssn)\nVALUES\n  ('x, y', '{N}'),\n  ('it''s', '{OTHER}');",
        f"insert into t (a, ssn, b) values (1, {N}, 2), (1, {OTHER}, 2);",  # noqa: S608 - a text to search
        f"Insert Into t (name, ssn) Values ('x', '{N}'), ('y', '{OTHER}');",  # noqa: S608 - the same
        f"COPY t (name, ssn) FROM stdin;\nx\t{N}\ny\t{OTHER}\n\\.\n",
        f"SSN\n{N}\n{OTHER}\n",
        f"Social Security Number:\n\n  {N}\n  {OTHER}\n",
        f"## SSN\n\n- {N}\n- {OTHER}\n",
        f"<ssn>\n  {N}\n</ssn>\n<ssn>\n  {OTHER}\n</ssn>\n",
        f"<key>ssn</key>\n<string>{N}</string>\n<string>{OTHER}</string>\n",
        f"<dt>SSN</dt>\n<dd>{N}</dd>\n<dd>{OTHER}</dd>\n",
        f'ssns = [\n  "{N}",\n  "{OTHER}",\n]\n',
    ],
)
def test_values_below_a_name_are_found_where_they_stand(text: str) -> None:
    assert found(text) == [N, OTHER]
    assert found(text.replace("\n", "\r\n"))[:1] == [N]


@pytest.mark.parametrize(
    "text",
    [
        f"| ssn | total |\n| --- | --- |\n| x | {N} |\n",
        f"| ssn | total |\n| --- | --- |\n| x |\n\n{N}\n",
        f"INSERT INTO t (ssn, total) VALUES\n  ('x', {N});",
        f"the ssn of a customer is never stored here, see the manual:\n{N}\n",
        f"ssn\ntotal\n{N}\n",
        f"total\n{N}\n",
    ],
)
def test_a_name_over_another_value_names_nothing(text: str) -> None:
    assert found(text) == []


def test_a_column_is_found_inside_what_was_decoded() -> None:
    text = '{"csv": "name,ssn\\nx,' + N + '\\n"}'
    assert [one.normalised for one in scan(detector(), text).detections] == [N]


def test_a_long_table_costs_what_it_is_long() -> None:
    rows = "".join(f"x,{123450001 + row},y\n" for row in range(400))
    assert len(found("name,ssn,city\n" + rows)) == 400
