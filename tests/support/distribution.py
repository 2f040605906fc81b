"""A pytest plugin, loaded by `tests/conftest.py`: which worker of xdist runs a test, and what begins."""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

TOGETHER = (
    "tests/e2e/",
    "tests/architecture/",
    "tests/cli/test_pre_commit.py",
    "tests/contract/test_data_spark.py",
    "tests/contract/test_tables.py::TestSpark",
    "tests/install/test_install.py",
    "tests/registries/",
)
"""Prefixes of tests that share what takes long to make."""

FIRST = (*TOGETHER, "tests/wheel/")
"""What takes longest begins: what is left at the end, when a worker has nothing more to do, is short."""

Work = dict[str, dict[str, bool]]
"""For each scope, whether each of its tests is done."""


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """A file goes to whichever worker is free: what it makes once is made once. `TOGETHER` all go to one.

    A stand-in for `--dist loadgroup`, which pytest-xdist 3.8 ignores under pytest 9.2
    (pytest-dev/pytest-xdist#1386).
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((shared for shared in TOGETHER if nodeid.startswith(shared)), nodeid.partition("::")[0])

    def _pending_of(self, workload: Work) -> int:
        """The number of tests to come; xdist would look at every test that was ever done, after each one."""
        for scope in [scope for scope, tests in workload.items() if all(tests.values())]:
            del workload[scope]
        return int(super()._pending_of(workload))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: not item.nodeid.startswith(FIRST))


@pytest.hookimpl(optionalhook=True)  # -p no:xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    config.option.loadscopereorder = False  # their number of tests says little of the time that scopes take
    return ByFile(config, log)
