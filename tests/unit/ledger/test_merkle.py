"""The Merkle tree of RFC 6962, by the vectors of Certificate Transparency's reference implementation."""

from __future__ import annotations

import pytest

from gatecli.ledger.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_holds,
    consistency_proof,
    inclusion_holds,
    inclusion_proof,
    tree_root,
)

LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PATHS = {
    (0, 1): (),
    (0, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (5, 8): (
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 3): ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",),
    (1, 5): (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}
PROOFS = {
    (1, 1): (),
    (1, 8): PATHS[0, 8],
    (6, 8): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 5): (
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_reference(size: int) -> None:
    assert tree_root(LEAVES[:size]).hex() == ROOTS[size]


def test_a_tree_that_grows_has_each_root_on_its_way() -> None:
    tree = Frontier()
    found = [tree.root().hex()]
    for leaf in LEAVES:
        tree.append(leaf)
        found.append(tree.root().hex())
    assert found == ROOTS
    assert tree.size == 8


@pytest.mark.parametrize("place", PATHS)
def test_audit_paths_are_those_of_the_reference(place: tuple[int, int]) -> None:
    assert tuple(each.hex() for each in inclusion_proof(LEAVES, *place)) == PATHS[place]


@pytest.mark.parametrize("sizes", PROOFS)
def test_consistency_proofs_are_those_of_the_reference(sizes: tuple[int, int]) -> None:
    assert tuple(each.hex() for each in consistency_proof(LEAVES, *sizes)) == PROOFS[sizes]


@pytest.mark.parametrize("place", [(-1, 8), (8, 8), (0, 0), (0, 9)])
def test_there_is_no_path_to_a_leaf_that_is_not_there(place: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="leaves"):
        inclusion_proof(LEAVES, *place)


@pytest.mark.parametrize("sizes", [(0, 8), (5, 4), (8, 9)])
def test_there_is_no_proof_between_trees_that_are_not_there(sizes: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="leaves"):
        consistency_proof(LEAVES, *sizes)


def test_a_path_of_another_length_does_not_hold() -> None:
    path = inclusion_proof(LEAVES, 5, 8)
    root = bytes.fromhex(ROOTS[8])
    assert inclusion_holds(5, 8, LEAVES[5], path, root)
    assert not inclusion_holds(5, 8, LEAVES[5], path[:-1], root)
    assert not inclusion_holds(5, 8, LEAVES[5], (*path, path[0]), root)
    assert not inclusion_holds(8, 8, LEAVES[5], path, root)


def test_nothing_is_consistent_with_an_empty_tree_but_by_definition() -> None:
    assert not consistency_holds(0, 8, EMPTY_ROOT, bytes.fromhex(ROOTS[8]), ())


def test_a_proof_of_another_length_does_not_hold() -> None:
    proof = consistency_proof(LEAVES, 6, 8)
    roots = bytes.fromhex(ROOTS[6]), bytes.fromhex(ROOTS[8])
    assert consistency_holds(6, 8, *roots, proof)
    assert not consistency_holds(6, 8, *roots, proof[:-1])
    assert not consistency_holds(6, 8, *roots, (*proof, proof[0]))
    assert not consistency_holds(6, 8, *roots, ())
    assert not consistency_holds(6, 6, *roots, ())
