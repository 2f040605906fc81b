"""Laws of KeyPolicies and of what is sealed under one."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatecli.errors import GatecliError
from gatecli.model.access import (
    Holder,
    admits_everybody,
    admits_without_purpose,
    is_satisfiable,
    resolve,
    satisfies,
)
from gatecli.model.key_policy import Formula, KeyPolicy
from gatecli.sealing.rotation import rotate
from gatecli.sealing.sealed_files import open_sealed, seal
from tests.support.examples import share
from tests.support.key_policies import (
    BEFORE,
    NORTH,
    OTHER,
    SOUTH,
    SealedModel,
    formula,
    key_policy,
    recipient,
    sealed_model,
    two_centres,
)

CENTRES, ROLES, PURPOSES = ("a", "b", "c"), ("x", "y"), ("p", "q")
EPOCH = 2

leaves = st.fixed_dictionaries(
    {},
    optional={
        "centre": st.sampled_from(CENTRES),
        "role": st.sampled_from(ROLES),
        "purpose": st.sampled_from(PURPOSES),
        "epochs": st.sampled_from([{"first": 1}, {"first": 3}, {"last": 1}, {"first": 2, "last": 2}]),
    },
).filter(bool)


def _joined(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    lists = st.lists(inner, min_size=1, max_size=4)
    return st.one_of(
        lists.map(lambda of: {"all": of}),
        lists.map(lambda of: {"any": of}),
        st.builds(lambda k, of: {"atLeast": k, "of": of}, st.integers(1, 5), lists),
    )


formulas = st.recursive(leaves, _joined, max_leaves=12).map(formula)
holders = st.builds(
    Holder,
    st.sampled_from(CENTRES),
    st.frozensets(st.sampled_from(ROLES)),
    st.frozensets(st.sampled_from(PURPOSES)),
)


def subsets(values: tuple[str, ...]) -> list[frozenset[str]]:
    return [
        frozenset(chosen)
        for size in range(len(values) + 1)
        for chosen in itertools.combinations(values, size)
    ]


EVERY_HOLDER = [
    Holder(*each) for each in itertools.product((*CENTRES, "another"), subsets(ROLES), subsets(PURPOSES))
]


@given(formulas, holders, st.sampled_from(ROLES), st.sampled_from(PURPOSES))
def test_whoever_is_more_is_never_allowed_less(
    access: Formula, holder: Holder, role: str, purpose: str
) -> None:
    more = Holder(
        holder.centre, frozenset({role}).union(_set(holder.roles)), _set(holder.purposes) | {purpose}
    )
    assert satisfies(holder, access, EPOCH) <= satisfies(more, access, EPOCH)


def _set(values: object) -> frozenset[str]:
    assert isinstance(values, frozenset)
    return values


@given(formulas)
def test_what_is_decided_is_what_trying_every_holder_finds(access: Formula) -> None:
    found = [holder for holder in EVERY_HOLDER if satisfies(holder, access, EPOCH)]
    assert is_satisfiable(access, EPOCH) == bool(found)
    assert admits_everybody(access, EPOCH) == (len(found) == len(EVERY_HOLDER))
    assert admits_without_purpose(access, EPOCH) == any(not holder.purposes for holder in found)


@given(formulas, st.lists(st.tuples(holders, st.sampled_from([NORTH, SOUTH, BEFORE])), max_size=4), st.data())
def test_a_revocation_takes_its_recipient_away_and_nobody_else(
    access: Formula, people: list[tuple[Holder, str]], data: st.DataObject
) -> None:
    listed = [
        recipient(f"r{number}", str(each.centre), key, *sorted(_set(each.roles)))
        | {"purposes": sorted(_set(each.purposes))}
        for number, (each, key) in enumerate(people)
    ]
    spec = key_policy(recipients=[*listed, recipient("last", "a", OTHER)]).spec.model_copy(
        update={"access": access}
    )
    out = data.draw(st.sampled_from([each.name for each in spec.recipients]))
    gone = key_policy(
        recipients=[*listed, recipient("last", "a", OTHER)],
        revoked=[{"recipient": out, "epoch": EPOCH, "reason": "it left"}],
    ).spec.model_copy(update={"access": access})
    before = {each.name for each in resolve(spec, EPOCH)}
    assert {each.name for each in resolve(gone, EPOCH)} == before - {out}


@cache
def kept() -> SealedModel:
    """Sealed once for all examples; each works in a copy."""
    return sealed_model(Path(tempfile.mkdtemp(prefix="gatecli-keys-")), b"the weights of a model\n" * 40)


@pytest.fixture(scope="module", autouse=True)
def no_folder_is_left() -> Iterator[None]:
    yield
    if kept.cache_info().currsize:
        shutil.rmtree(kept().folder)
    kept.cache_clear()


@contextmanager
def copy_of(model: SealedModel) -> Iterator[SealedModel]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "copy"
        shutil.copytree(model.folder, folder)
        yield SealedModel(folder, model.policy, model.content)


@settings(max_examples=share(60))
@given(st.binary(max_size=200_000), st.sampled_from(["north", "south"]))
def test_what_is_sealed_is_opened_as_it_was(content: bytes, centre: str) -> None:
    with copy_of(kept()) as model:
        (model.folder / "other").write_bytes(content)
        seal(model.folder / "other", model.policy, model.folder / "other.age")
        open_sealed(
            model.folder / "other.age", model.identities(centre), model.folder / "opened", model.policy
        )
        assert (model.folder / "opened").read_bytes() == content


@settings(max_examples=share(400))
@given(st.booleans(), st.integers(0, 10**6), st.integers(1, 255))
def test_any_changed_byte_is_refused_and_nothing_is_written(
    in_manifest: bool,  # noqa: FBT001 - drawn
    at: int,
    change: int,
) -> None:
    with copy_of(kept()) as model:
        file = model.manifest if in_manifest else model.sealed
        content = bytearray(file.read_bytes())
        content[at % len(content)] ^= change
        file.write_bytes(bytes(content))
        before = {path.name for path in model.folder.iterdir()}
        with pytest.raises(GatecliError):
            open_sealed(model.sealed, model.identities("north"), model.folder / "opened")
        assert {path.name for path in model.folder.iterdir()} == before


@settings(max_examples=share(40))
@given(st.lists(st.sets(st.sampled_from(["north", "south"]), max_size=1), min_size=1, max_size=4), st.data())
def test_after_each_rotation_it_opens_for_whom_the_epoch_names(
    revocations: list[set[str]], data: st.DataObject
) -> None:
    """Whoever is revoked for one epoch, and comes back in the next."""
    with copy_of(kept()) as model:
        sealed, allowed = model.sealed, {"north", "south"}
        for epoch, out in enumerate(revocations, start=3):
            later = _epoch_without(model.folder, epoch, out)
            opener = data.draw(st.sampled_from(sorted(allowed)))
            target = model.folder / f"e{epoch}.age"
            rotate(sealed, later, model.identities(opener), target)
            sealed, allowed = target, {"north", "south"} - out
            for centre in ("north", "south"):
                assert _opens(model, sealed, centre) == (centre in allowed)


def _epoch_without(folder: Path, epoch: int, out: set[str]) -> KeyPolicy:
    names = {"north": "north-statistics", "south": "south-laboratory"}
    revoked = [{"recipient": names[centre], "epoch": epoch, "reason": "it left"} for centre in sorted(out)]
    return two_centres(folder, epoch=epoch, revoked=revoked)


def _opens(model: SealedModel, sealed: Path, centre: str) -> bool:
    output = model.folder / f"{sealed.name}.{centre}"
    try:
        open_sealed(sealed, model.identities(centre), output)
    except GatecliError:
        assert not output.exists()
        return False
    return output.read_bytes() == model.content
