"""Names of leases and callers never look like somebody's number."""

from __future__ import annotations

import pytest

from gatecli.gates.reserving import refuse_personal_data
from gatecli.model.ledger import EntryKind, Movement, in_letters
from tests.support.ledgers import AT

NUMBERS = ("4111111111111111", "5500005555555559", "1234567890123456")


@pytest.mark.parametrize("digits", NUMBERS)
def test_digits_become_letters_which_no_ledger_refuses(digits: str) -> None:
    name = in_letters(digits)
    assert name.isalpha()
    refuse_personal_data(Movement(EntryKind.LEASE, f"serve/churn/{name}", AT, (), "", {}))


def test_no_two_names_become_one() -> None:
    assert len(set(in_letters("0123456789abcdef"))) == 16
