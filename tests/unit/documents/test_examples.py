"""Every kind of document of one release is what the golden file holds."""

from __future__ import annotations

import pytest

from tests.support.document_examples import FILES, HERE, documents


@pytest.fixture(scope="module", name="written")
def all_documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return documents(tmp_path_factory.mktemp("documents"))


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_document_is_what_the_golden_file_holds(name: str, written: dict[str, str]) -> None:
    stored = (HERE / name).read_bytes().decode()
    assert written[name] == stored, "run: python -m tests.support.document_examples"


def test_every_golden_file_is_of_a_document() -> None:
    assert {file.name for file in HERE.iterdir()} == set(FILES)
