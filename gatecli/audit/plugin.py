"""The pytest plugin: a test that is marked with a claim attacks a mechanism.

    @pytest.mark.dp(epsilon=1.0, delta=0.0)
    def test_histogram_is_private(dp_audit):
        dp_audit(lambda data, rng: my_histogram(data, epsilon=1.0, rng=rng), domain=range(10))

A refuted claim and an attack that could not run fail the test. "Nothing found" passes, and the summary says
what would have been found. pytest loads this module in every run, so it imports nothing heavy until a test
asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from gatecli.errors import GatecliError

if TYPE_CHECKING:
    from gatecli.model.audit import AuditResult

_ATTACKED = pytest.StashKey[bool]()
_KNOWN = {"epsilon", "delta", "alpha"}


class DpAudit(Protocol):
    """What the fixture `dp_audit` is: a call that attacks, and fails the test where the claim is refuted.

    `neighbours` is add-remove (the default with a domain), replace-one, counts (the default without one) or
    answers; `pairs` are pairs of your own. `samples` are test samples of each input, `time_budget` seconds
    of processor.
    """

    def __call__(
        self,
        mechanism: Callable[..., Any],
        *,
        neighbours: str = "",
        domain: Iterable[Any] = (),
        pairs: Sequence[tuple[Any, Any]] = (),
        lattice: bool = False,
        samples: int = 100_000,
        time_budget: float = 10.0,
        seed: int = 0,
    ) -> list[AuditResult]: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--dp-state`."""
    group = parser.getgroup("gatecli", "audits of differential privacy")
    group.addoption(
        "--dp-state", metavar="FILE", default=None, help="go on with the audits of earlier runs, kept in FILE"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers", "dp(epsilon, delta=0, alpha=0.001): the claim that the fixture dp_audit attacks"
    )


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what each audit found, or would have found. Reports reach it from pytest-xdist's workers too."""
    calls = [
        report
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
    ]
    sentences = sorted(
        f"{report.nodeid}: {text}"
        for report in calls
        for name, text in report.user_properties
        if name == "dp_audit"
    )
    if sentences:
        terminalreporter.section("audits of differential privacy")
        for each in sentences:
            terminalreporter.line(each)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a test that states a claim and attacks nothing: it would pass without evidence."""
    yield
    if item.get_closest_marker("dp") is not None and not item.stash.get(_ATTACKED, False):
        pytest.fail("the claim of @pytest.mark.dp was not attacked: call dp_audit in the test", pytrace=False)


@pytest.fixture
def dp_audit(request: pytest.FixtureRequest) -> DpAudit:
    """Attack a mechanism on the claim that the marker `dp` of the test states."""
    claim = _claim(request)

    def audit(mechanism: Callable[..., Any], **given: Any) -> list[AuditResult]:
        from gatecli.audit.plugin_audit import Wish, audit_by  # noqa: PLC0415 - most runs audit nothing

        wish = Wish(request.node.nodeid, claim, request.config.getoption("--dp-state"), **given)
        try:
            results = audit_by(mechanism, wish)
        except GatecliError as error:
            pytest.fail("; ".join(filter(None, (error.message, error.advice))), pytrace=False)
        request.node.stash[_ATTACKED] = True
        _judge(request, results)
        return results

    return audit


def _claim(request: pytest.FixtureRequest) -> dict[str, Fraction]:
    marker = request.node.get_closest_marker("dp")
    if marker is None or marker.args or "epsilon" not in marker.kwargs or set(marker.kwargs) - _KNOWN:
        raise pytest.UsageError(
            f"{request.node.nodeid}: dp_audit needs the claim: @pytest.mark.dp(epsilon=1.0, delta=0.0)"
        )
    from gatecli.audit.plugin_audit import read_claim  # noqa: PLC0415 - most runs audit nothing

    claim = read_claim(marker.kwargs)
    if claim is None:
        raise pytest.UsageError(
            f"{request.node.nodeid}: the claim of @pytest.mark.dp is not ε ≥ 0, 0 ≤ δ < 1 and 0 < alpha ≤ 0.1"
        )
    return claim


def _judge(request: pytest.FixtureRequest, results: Sequence[AuditResult]) -> None:
    from gatecli.audit.plugin_audit import sentences  # noqa: PLC0415 - most runs audit nothing

    told, bad = sentences(results)
    for text in told:
        request.node.user_properties.append(("dp_audit", text))
    if bad:
        pytest.fail("\n".join(bad), pytrace=False)
