"""Opening balances: files of libraries become charges of a ledger, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dp_accounting
import pytest

from gatecli.accounting.interface import Question
from gatecli.accounting.portfolio import amounts_of, limits_of
from gatecli.cli.app import main
from gatecli.errors import UncheckableError, UsageError
from gatecli.evidence import write
from gatecli.gates.charged_work import Book
from gatecli.gates.ledger_composed import composed_in_advance
from gatecli.gates.ledger_opening import (
    OpeningSource,
    opening_balance_movement,
    read_balance,
    subject_of,
)
from gatecli.ledger.interface import LedgerIdentity, Outcome, UnknownDataset
from gatecli.ledger.opening import create_store, open_store
from gatecli.model.budget import Bounds, Budget, Neighbouring
from gatecli.model.ledger import DatasetTerms, EntryKind, Movement, Parent, ReservationState
from gatecli.model.mechanism import Gaussian, Pure, Sampling
from gatecli.model.portfolio import MEASURE_UNITS, NOTHING
from gatecli.model.release import EvidenceFormat
from tests.support.evidence import REAL
from tests.support.reviews import RESIDENT_ID

AT = "2026-11-29T12:00:00Z"
BUDGET = Budget(Fraction(8), Fraction(1, 10**5))
TERMS = DatasetTerms("customers", "person", Neighbouring.ADD_REMOVE, BUDGET, limits_of(BUDGET))
DIFFPRIVLIB = {"spent_budget": [[0.5, 0], [0.25, 0]], "total": [0.75, 0]}


def book_of(folder: Path, *datasets: DatasetTerms) -> Book:
    """A ledger with these datasets, parents first."""
    store = create_store(str(folder / "book.db"), LedgerIdentity("a" * 32, "test", AT))
    for each in datasets:
        store.add_dataset(each, AT)
    book = Book(store)
    for each in datasets:
        book.account(each.name)
    store.close()
    return book


def source_of(folder: Path, content: Any, kind: EvidenceFormat, **more: Any) -> OpeningSource:
    file = folder / "spent.json"
    file.write_text(json.dumps(content), "utf-8")
    return OpeningSource(file, kind, **more)


def movement_of(source: OpeningSource, terms: DatasetTerms = TERMS, *parents: DatasetTerms) -> Movement:
    with TemporaryDirectory() as folder:
        book = book_of(Path(folder), *parents, terms)
        return opening_balance_movement(read_balance(source, terms), terms.name, book, AT)


@pytest.fixture
def spent(tmp_path: Path) -> OpeningSource:
    """What diffprivlib's accountant recorded, under a stated relation."""
    return source_of(tmp_path, DIFFPRIVLIB, EvidenceFormat.DIFFPRIVLIB, neighbouring=Neighbouring.ADD_REMOVE)


def test_a_balance_charges_the_sum_of_what_was_spent(spent: OpeningSource) -> None:
    [charge] = movement_of(spent).charges
    assert charge.dataset == "customers"
    assert charge.amounts.basic_epsilon == MEASURE_UNITS * 3 // 4
    assert charge.amounts.basic_delta == 0


@pytest.mark.parametrize(
    ("kind", "name", "relation"),
    [
        (EvidenceFormat.DIFFPRIVLIB, "diffprivlib.json", Neighbouring.ADD_REMOVE),
        (EvidenceFormat.OPENDP, "opendp-context.json", None),
        (EvidenceFormat.OPENDP, "opendp-context-zcdp.json", None),
        (EvidenceFormat.TUMULT, "tumult.json", None),
        (EvidenceFormat.SMARTNOISE, "smartnoise.json", Neighbouring.ADD_REMOVE),
        (EvidenceFormat.PIPELINE_DP, "pipeline-dp-laplace.txt", None),
    ],
)
def test_files_of_the_real_libraries_are_charged(
    kind: EvidenceFormat, name: str, relation: Neighbouring | None
) -> None:
    movement = movement_of(OpeningSource(REAL / name, kind, relation))
    [charge] = movement.charges
    assert movement.kind is EntryKind.OPENING
    assert charge.amounts != NOTHING
    assert movement.details["format"] == kind.value


def test_the_ledger_of_a_live_accountant_of_dp_accounting_is_charged(tmp_path: Path) -> None:
    accountant = dp_accounting.rdp.RdpAccountant()
    accountant.compose(dp_accounting.GaussianDpEvent(2.0), 3)
    kind = write(accountant, tmp_path / "ledger.json")
    [charge] = movement_of(OpeningSource(tmp_path / "ledger.json", kind)).charges
    alone = Question((Gaussian(noise_multiplier=Fraction(2), count=3),), Fraction(0), Neighbouring.ADD_REMOVE)
    assert charge.amounts == amounts_of(alone, TERMS)


@pytest.fixture
def contrib() -> Iterator[Any]:
    """OpenDP with the feature that its constructors need, for this test alone."""
    import opendp.prelude as dp  # noqa: PLC0415 - not installed for every test

    enabled = "contrib" in dp.GLOBAL_FEATURES
    dp.enable_features("contrib")
    yield dp
    if not enabled:
        dp.disable_features("contrib")


def test_what_a_live_odometer_of_opendp_has_seen_is_charged(contrib: Any, tmp_path: Path) -> None:
    context = contrib.Context.compositor(
        data=[1, 2, 3],
        privacy_unit=contrib.unit_of(contributions=1),
        privacy_loss=contrib.loss_of(epsilon=2.0),
        domain=contrib.vector_domain(contrib.atom_domain(T=int)),
    )
    context.query(epsilon=0.5).count().laplace().release()
    kind = write(context, tmp_path / "context.json")
    [charge] = movement_of(OpeningSource(tmp_path / "context.json", kind)).charges
    assert charge.amounts.basic_epsilon == pytest.approx(MEASURE_UNITS // 2, rel=1e-6)


def test_a_stopped_session_of_tumult_charges_what_it_spent(tmp_path: Path) -> None:
    session = {
        "total": {"type": "PureDPBudget", "epsilon": 4},
        "remaining": {"type": "PureDPBudget", "epsilon": 3},
    }
    [charge] = movement_of(source_of(tmp_path, session, EvidenceFormat.TUMULT)).charges
    assert charge.amounts.basic_epsilon == MEASURE_UNITS


def test_records_of_one_person_count_together(spent: OpeningSource) -> None:
    [charge] = movement_of(replace(spent, max_contributions=3)).charges
    assert charge.amounts.basic_epsilon == MEASURE_UNITS * 9 // 4


def test_budgets_that_no_relation_is_stated_for_are_refused(tmp_path: Path) -> None:
    source = source_of(tmp_path, DIFFPRIVLIB, EvidenceFormat.DIFFPRIVLIB)
    with pytest.raises(UsageError, match=r"does not say which relation") as refused:
        read_balance(source, TERMS)
    assert "--neighbouring add-remove" in refused.value.advice


def test_budgets_under_add_remove_are_doubled_where_units_are_replaced(spent: OpeningSource) -> None:
    terms = replace(TERMS, neighbouring=Neighbouring.REPLACE_ONE)
    [charge] = movement_of(spent, terms).charges
    assert charge.amounts.basic_epsilon == MEASURE_UNITS * 3 // 2


def test_budgets_under_replace_one_say_nothing_of_added_units(spent: OpeningSource) -> None:
    with pytest.raises(UncheckableError, match="nothing bounds"):
        movement_of(replace(spent, neighbouring=Neighbouring.REPLACE_ONE))


def test_a_relation_that_the_file_denies_is_refused() -> None:
    source = OpeningSource(REAL / "tumult.json", EvidenceFormat.TUMULT, Neighbouring.REPLACE_ONE)
    with pytest.raises(UsageError, match="records add-remove, not replace-one"):
        read_balance(source, TERMS)


def test_a_run_of_opacus_says_how_its_batches_were_drawn() -> None:
    source = OpeningSource(REAL / "opacus-rdp.json", EvidenceFormat.OPACUS)
    with pytest.raises(UsageError, match="does not say how batches were drawn"):
        read_balance(source, TERMS)
    assert read_balance(replace(source, sampling=Sampling.POISSON), TERMS).mechanisms


def test_an_audit_spends_nothing_that_could_be_charged(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "rules" / "dp-refuted-by-audit" / "pass" / "audit.json"
    content = json.loads(example.read_text("utf-8"))
    with pytest.raises(UsageError, match="records nothing that was spent"):
        read_balance(source_of(tmp_path, content, EvidenceFormat.AUDIT), TERMS)


def test_sampling_belongs_to_opacus(spent: OpeningSource) -> None:
    with pytest.raises(UsageError, match="--sampling is for the format opacus"):
        read_balance(replace(spent, sampling=Sampling.POISSON), TERMS)


@pytest.mark.parametrize(
    "content",
    ["", "{", '{"spent_budget": []}', '{"spent_budget": [["nan", 0]]}', '{"spent_budget": [[-1, 0]]}'],
)
def test_a_file_that_is_no_record_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content, "utf-8")
    with pytest.raises(UncheckableError):
        read_balance(OpeningSource(tmp_path / "x.json", EvidenceFormat.DIFFPRIVLIB), TERMS)


@pytest.mark.parametrize("name", ["missing.json", ""])
def test_what_is_not_a_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UncheckableError, match="is not a file"):
        read_balance(OpeningSource(tmp_path / name, EvidenceFormat.DIFFPRIVLIB), TERMS)


def test_a_link_to_a_file_elsewhere_is_followed(tmp_path: Path, spent: OpeningSource) -> None:
    (tmp_path / "folder").mkdir()
    link = tmp_path / "folder" / "link.json"
    link.symlink_to(spent.file)
    assert movement_of(replace(spent, file=link)).charges == movement_of(spent).charges


def test_what_nothing_bounds_is_not_nothing(tmp_path: Path) -> None:
    endless = {"spent_budget": [[float("inf"), 0]]}
    source = source_of(tmp_path, endless, EvidenceFormat.DIFFPRIVLIB, neighbouring=Neighbouring.ADD_REMOVE)
    with pytest.raises(UncheckableError, match=r"nothing bounds what spent\.json records"):
        movement_of(source)


def test_the_same_file_is_the_same_movement(tmp_path: Path, spent: OpeningSource) -> None:
    copy = tmp_path / "copy.json"
    copy.write_bytes(spent.file.read_bytes())
    one, other = movement_of(spent), movement_of(replace(spent, file=copy))
    assert (one.subject, one.digest) == (other.subject, other.digest)
    assert one.subject == subject_of("customers", one.details["sha256"])


def test_other_options_make_another_movement_of_the_same_subject(spent: OpeningSource) -> None:
    one, other = movement_of(spent), movement_of(replace(spent, max_contributions=2))
    assert one.subject == other.subject
    assert one.digest != other.digest


def test_the_parents_are_charged_by_their_stability(spent: OpeningSource) -> None:
    parent = replace(TERMS, name="people")
    child = replace(TERMS, parents=(Parent("people", 2),))
    movement = movement_of(spent, child, parent)
    assert {each.dataset: each.amounts.basic_epsilon for each in movement.charges} == {
        "customers": MEASURE_UNITS * 3 // 4,
        "people": MEASURE_UNITS * 3 // 2,
    }


def test_a_parent_under_another_relation_is_charged_under_its_own(spent: OpeningSource) -> None:
    parent = replace(TERMS, name="people", neighbouring=Neighbouring.REPLACE_ONE)
    movement = movement_of(spent, replace(TERMS, parents=(Parent("people"),)), parent)
    assert {each.dataset: each.amounts.basic_epsilon for each in movement.charges} == {
        "customers": MEASURE_UNITS * 3 // 4,
        "people": MEASURE_UNITS * 3 // 2,
    }


def test_a_balance_that_cannot_fit_is_charged_as_one_unit_more(tmp_path: Path) -> None:
    source = source_of(tmp_path, {"spent_budget": [[900, 0]]}, EvidenceFormat.DIFFPRIVLIB)
    [charge] = movement_of(replace(source, neighbouring=Neighbouring.ADD_REMOVE)).charges
    assert charge.amounts.basic_epsilon == TERMS.limits.basic_epsilon + 1


def test_a_closed_dataset_is_charged_with_nothing_that_it_does_not_hold(
    ledger: str, spent: OpeningSource
) -> None:
    store = open_store(ledger)
    balance = read_balance(spent, TERMS)
    before = opening_balance_movement(balance, "customers", Book(store), AT)
    assert store.move(before) is Outcome.DONE
    store.close_dataset("customers", AT)
    again = opening_balance_movement(balance, "customers", Book(store), AT)
    assert store.move(again) is Outcome.EXISTS
    with pytest.raises(UnknownDataset):
        store.move(replace(again, subject="opening:customers@other"))
    store.close()


def test_a_dataset_that_is_not_there_is_answered_with_the_one_that_is_meant(
    ledger: str, spent: OpeningSource
) -> None:
    store = open_store(ledger)
    with pytest.raises(UsageError, match="customer is not in the ledger") as refused:
        opening_balance_movement(read_balance(spent, TERMS), "customer", Book(store), AT)
    assert refused.value.advice.startswith("did you mean customers?")
    store.close()


def test_a_dataset_that_is_named_by_a_person_s_number_is_refused(spent: OpeningSource) -> None:
    with pytest.raises(UsageError, match="would hold personal data"):
        movement_of(spent, replace(TERMS, name=f"visits {RESIDENT_ID}"))


def test_what_happened_before_is_composed_with_what_is_charged(tmp_path: Path, spent: OpeningSource) -> None:
    store = create_store(str(tmp_path / "whole.db"), LedgerIdentity("a" * 32, "test", AT))
    store.add_dataset(TERMS, AT)
    store.move(opening_balance_movement(read_balance(spent, TERMS), "customers", Book(store), AT))
    account = store.account("customers")
    assert account is not None
    composed = composed_in_advance(store, account)
    store.close()
    assert isinstance(composed, Bounds)
    assert composed.upper is not None
    assert composed.upper <= Fraction(3, 4)


def test_the_details_hold_no_name_of_a_file(spent: OpeningSource) -> None:
    details = movement_of(spent).details
    assert details["mechanisms"] == {"pure": 2}
    assert details["stated"] == ["0.75", "0"]
    assert [each["kind"] for each in details["work"][0]["mechanisms"]] == ["pure", "pure"]
    assert "spent.json" not in json.dumps(dict(details))


def test_the_balance_is_made_of_mechanisms(spent: OpeningSource) -> None:
    assert [type(each) for each in read_balance(spent, TERMS).mechanisms] == [Pure, Pure]


@pytest.fixture
def ledger(tmp_path: Path) -> str:
    """A ledger with one dataset."""
    url = str(tmp_path / "ledger.db")
    store = create_store(url, LedgerIdentity("a" * 32, "test", AT))
    store.add_dataset(TERMS, AT)
    store.close()
    return url


def opening(ledger: str, file: Path, *more: str) -> int:
    wanted = ["--format", "diffprivlib", "--neighbouring", "add-remove", *more]
    return main(["ledger", "opening", "customers", str(file), *wanted, "--ledger", ledger])


def test_the_command_charges_a_file_once(
    ledger: str, spent: OpeningSource, capsys: pytest.CaptureFixture[str]
) -> None:
    assert opening(ledger, spent.file) == 0
    assert opening(ledger, spent.file) == 0
    assert capsys.readouterr().err.splitlines() == [
        "spent.json is charged to customers",
        "spent.json was charged before to customers",
    ]
    store = open_store(ledger, read_only=True)
    account = store.account("customers")
    assert account is not None
    assert account.held.basic_epsilon == MEASURE_UNITS * 3 // 4
    assert [each.state for each in store.reservations()] == [ReservationState.COMMITTED]
    store.close()


def test_the_command_refuses_a_file_with_other_options(
    ledger: str, spent: OpeningSource, capsys: pytest.CaptureFixture[str]
) -> None:
    assert opening(ledger, spent.file) == 0
    assert opening(ledger, spent.file, "--max-contributions", "2") == 2
    assert "was charged to customers before, with other options" in capsys.readouterr().err


def test_the_command_closes_where_the_past_does_not_fit(
    ledger: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = source_of(tmp_path, {"spent_budget": [[9, 0]]}, EvidenceFormat.DIFFPRIVLIB)
    assert opening(ledger, source.file) == 1
    assert "spent.json does not fit: customers has less left" in capsys.readouterr().err


def test_the_command_names_a_dataset_that_is_not_there(
    tmp_path: Path, spent: OpeningSource, capsys: pytest.CaptureFixture[str]
) -> None:
    url = str(tmp_path / "empty.db")
    create_store(url, LedgerIdentity("b" * 32, "test", AT)).close()
    assert opening(url, spent.file) == 2
    assert "customers is not in the ledger" in capsys.readouterr().err
