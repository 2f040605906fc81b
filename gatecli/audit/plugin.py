"""The pytest plugin: a test that is marked with a claim attacks a mechanism.

    @pytest.mark.dp(epsilon=1.0, delta=0.0)
    def test_histogram_is_private(dp_audit):
        dp_audit(lambda data, rng: my_histogram(data, epsilon=1.0, rng=rng), domain=range(10))

A refuted claim and an attack that could not run fail the test. "Nothing found" passes, and the summary says
what would have been found. pytest loads this module in every run, so it imports nothing heavy until a test
asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from gatecli.audit.mechanism import MechanismAudit
    from gatecli.model.audit import AuditResult

_SENTENCES = pytest.StashKey[list[str]]()
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
    config.stash[_SENTENCES] = []


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say what each audit found, or would have found."""
    if sentences := config.stash.get(_SENTENCES, []):
        terminalreporter.section("audits of differential privacy")
        for each in sentences:
            terminalreporter.line(each)


@pytest.fixture
def dp_audit(request: pytest.FixtureRequest) -> DpAudit:
    """Attack a mechanism on the claim that the marker `dp` of the test states."""
    claim = _claim(request)

    def audit(mechanism: Callable[..., Any], **given: Any) -> list[AuditResult]:
        from gatecli.audit.mechanism import audit_mechanism  # noqa: PLC0415 - most runs audit nothing

        results = audit_mechanism(_asked(request, claim, mechanism, _Wish(**given)))
        _judge(request, results)
        return results

    return audit


def _claim(request: pytest.FixtureRequest) -> dict[str, Fraction]:
    marker = request.node.get_closest_marker("dp")
    if marker is None or marker.args or "epsilon" not in marker.kwargs or set(marker.kwargs) - _KNOWN:
        raise pytest.UsageError(
            f"{request.node.nodeid}: dp_audit needs the claim: @pytest.mark.dp(epsilon=1.0, delta=0.0)"
        )
    try:
        # The text of a float is the number that was written.
        claim = {name: Fraction(str(value)) for name, value in marker.kwargs.items()}
    except ValueError:
        claim = {"epsilon": Fraction(-1)}
    delta, alpha = claim.setdefault("delta", Fraction(0)), claim.setdefault("alpha", Fraction(1, 1000))
    if claim["epsilon"] < 0 or not 0 <= delta < 1 or not 0 < alpha <= Fraction(1, 10):
        raise pytest.UsageError(
            f"{request.node.nodeid}: the claim of @pytest.mark.dp is no ε ≥ 0, 0 ≤ δ < 1 and 0 < alpha ≤ 0.1"
        )
    return claim


@dataclass(frozen=True, slots=True)
class _Wish:
    """The keywords of a call of `dp_audit`."""

    neighbours: str = ""
    domain: Iterable[Any] = ()
    pairs: Sequence[tuple[Any, Any]] = ()
    lattice: bool = False
    samples: int = 100_000
    time_budget: float = 10.0
    seed: int = 0


def _asked(
    request: pytest.FixtureRequest, claim: dict[str, Fraction], mechanism: Callable[..., Any], wish: _Wish
) -> MechanismAudit:
    from gatecli.audit.attack import Effort  # noqa: PLC0415 - most runs audit nothing
    from gatecli.audit.mechanism import MechanismAudit  # noqa: PLC0415 - as above
    from gatecli.audit.neighbours import RELATIONS, Pair, check_pairs, make_pairs, relation_of  # noqa: PLC0415
    from gatecli.audit.worker import Limits  # noqa: PLC0415 - as above
    from gatecli.model.audit import AuditClaim  # noqa: PLC0415 - as above

    values, state = tuple(wish.domain), request.config.getoption("--dp-state")
    relation = relation_of(wish.neighbours, has_domain=bool(values))
    pairs = check_pairs([Pair(*each) for each in wish.pairs]) if wish.pairs else make_pairs(relation, values)
    return MechanismAudit(
        request.node.nodeid,
        mechanism,
        AuditClaim(claim["epsilon"], claim["delta"], RELATIONS[relation]),
        pairs,
        Effort.of(claim["alpha"], wish.samples, wish.seed),
        Limits(wish.time_budget),
        wish.lattice,
        Path(state) if state else None,
    )


def _judge(request: pytest.FixtureRequest, results: Sequence[AuditResult]) -> None:
    from gatecli.audit.wording import sentence  # noqa: PLC0415 - most runs audit nothing
    from gatecli.model.audit import AuditOutcome  # noqa: PLC0415 - as above

    for result in results:
        text = f"{result.method}: {sentence(result)}"
        request.node.user_properties.append(("dp_audit", text))
        request.config.stash[_SENTENCES].append(f"{request.node.nodeid}: {text}")
    bad = [each for each in results if each.outcome is not AuditOutcome.NOTHING_FOUND]
    if bad:
        pytest.fail("\n".join(sentence(each) for each in bad), pytrace=False)
