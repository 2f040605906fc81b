"""Of the forms that providers document, how many the table knows; and which it does not, by name."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase

from gatecli.checks.terraform.form_table import FormTable, shipped_forms
from tests.support.form_examples import EXAMPLES
from tests.support.plans import PLANS

LISTED = json.loads((EXAMPLES / "listed.json").read_text("utf-8"))
"""Types by group, and kinds of Kubernetes objects, that publish, serve or open data or models."""

TYPES = {name for names in LISTED["types"].values() for name in names}
KINDS = set(LISTED["kinds"])
ROWS = shipped_forms()
PAGE = (PLANS.parents[2] / "docs" / "terraform-forms.md").read_text("utf-8")


def unknown_forms() -> list[str]:
    patterns = {row.type for row in ROWS}
    kinds = {
        kind
        for row in ROWS
        if row.type == "kubernetes_manifest"
        for condition in row.when
        for kind in condition.any_of or ()
    }
    types = [name for name in TYPES if not any(fnmatchcase(name, each) for each in patterns)]
    return sorted([*types, *(KINDS - kinds)])


def test_nine_in_ten_of_the_listed_forms_are_known() -> None:
    assert len(unknown_forms()) <= (len(TYPES) + len(KINDS)) / 10


def test_the_page_names_what_is_not_known() -> None:
    section = PAGE.partition("## What is not known")[2].partition("<!--")[0]
    named = [part for part in section.split("`")[1::2] if not {"/", " "} & set(part)]
    assert sorted(named) == unknown_forms()


def test_the_figures_of_the_page_are_current() -> None:
    listed = len(TYPES) + len(KINDS)
    assert f"{listed - len(unknown_forms())} of {listed} forms" in PAGE


def test_the_rows_of_a_type_are_all_that_are_shipped_for_it() -> None:
    found = FormTable().rows_of([*(row.type for row in ROWS), "null_resource"])
    assert {type_: [*rows] for type_, rows in found.items()} == {
        type_: [row for row in ROWS if row.type == type_] for type_ in {row.type for row in ROWS}
    }


def test_no_shipped_row_is_of_a_pattern_which_would_be_made_for_every_plan() -> None:
    assert [row.type for row in ROWS if row.is_pattern] == []
