"""Flower's strategies, recorded: those of messages, and those of clients and fits before them.

A recorded strategy does what the one within does. It asks that one for its noise before and after each round,
and hands an aggregate on only when the round is in the file.
"""

from __future__ import annotations

import cmath
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import version
from numbers import Real
from typing import Any

from gatecli.errors import UsageError
from gatecli.federated.client_mod import FIELDS, RECORD, missing_flower
from gatecli.federated.facts import clipping, exact_number, local_noise, server_noise, weights_of
from gatecli.federated.recorder import FIXED_SIZE, RoundRecorder, SamplingPlan
from gatecli.model.federated_evidence import (
    LocalNoise,
    RoundClipping,
    RoundNoise,
    RoundWeights,
)

Facts = tuple[RoundClipping | None, RoundNoise | None]
Describe = Callable[[int], Facts]
"""What a round clips to and the noise that it adds, by its number; called before and after each round."""

_WRAPPER = ("noise_multiplier", "clipping_norm", "num_sampled_clients")
"""What Flower's wrappers for differential privacy know of themselves."""


def record_strategy(
    strategy: Any,
    path: str | os.PathLike[str],
    *,
    client: str | None = None,
    job: str | None = None,
    resume: bool = False,
    local: Any = None,
    describe: Describe | None = None,
    plan: SamplingPlan = FIXED_SIZE,
) -> Any:
    """`strategy` of Flower, with every round of it recorded in the evidence file at `path`.

    `client` says what one client is, `job` which job this is of (`GATECLI_JOB`). `resume` continues a file
    that is there. `local` is the `LocalDpMod` of the clients, whose replies must come through
    `tell_local_noise`. `describe` says what a strategy of your own clips to and adds; Flower's own wrappers
    are known. `plan` belongs to a strategy that does not draw and average clients as Flower's do.

    Raises `gatecli.GatecliError`: without Flower, for what is not a strategy, and where the file cannot be
    used.
    """
    kind = next((kind for kind in _KINDS if hasattr(strategy, kind.method)), None)
    if kind is None:
        raise UsageError(
            f"a {type(strategy).__name__} is not a strategy of Flower",
            advice="give the strategy whose rounds are run; others record by gatecli.federated.RoundRecorder",
        )
    base, release = kind.base(), version("flwr")
    recorder = RoundRecorder(
        path,
        framework="flower",
        version=release,
        strategy=type(strategy).__name__,
        plan=plan,
        client=client,
        job=job,
        resume=resume,
    )
    recorded = type("RecordedStrategy", (kind.mixin, base), {})
    return recorded(strategy, recorder, local, describe)


class _Recorded:
    """What both kinds of strategy share: the strategy within, and its account."""

    def __init__(self, strategy: Any, recorder: RoundRecorder, local: Any, describe: Describe | None) -> None:
        self.strategy = strategy
        self._recorder = recorder
        self._local = None if local is None else _local_facts([getattr(local, field) for field in FIELDS])
        self._describe = describe
        self._clipping: RoundClipping | None = None

    def __getattr__(self, name: str) -> Any:
        if name == "strategy":  # not there yet: a copy is being made
            raise AttributeError(name)
        return getattr(self.strategy, name)

    def _begin(self, server_round: int, population: int, sampled: int) -> None:
        """`population` is what was certainly there to draw from: clients come and go, and fewer cost more."""
        self._clipping, noise = self._facts(server_round)
        if sampled:
            known = {"clipping": self._clipping} if isinstance(noise, LocalNoise) else {}
            self._recorder.begin_round(
                population=max(population, sampled),
                sampled=sampled,
                noise=noise if known else None,
                **known,
            )

    def _end(self, server_round: int, replies: _ReceivedReplies, *, released: bool) -> None:
        bound, noise = self._clipping, self._facts(server_round)[1]
        if self._local is not None:
            bound, noise = replies.local or (None, None)
        if not replies.are_finite:
            bound = None
        self._recorder.end_round(
            answered=replies.answered,
            released=released,
            clipping=bound,
            noise=noise,
            weights=replies.weights,
            metrics=replies.metrics,
        )

    def _facts(self, server_round: int) -> Facts:
        """What is so now: before a round, an adaptive norm is that of its updates, and after it another."""
        if self._local is not None:
            return self._local
        if self._describe is not None:
            return self._describe(server_round)
        return wrapper_facts(self.strategy)

    def _averages(self, method: str) -> bool:
        """Whether the innermost strategy releases the plain mean of Flower's FedAvg, and no wrapper of
        somebody else stands between it and the noise.
        """
        if not all(map(_is_flowers, list(_layers(self.strategy))[1:-1])):
            return False
        inner = type(innermost(self.strategy))
        averaging = next((kind for kind in inner.__mro__ if kind.__name__ == "FedAvg"), None)
        return averaging is not None and getattr(inner, method) is getattr(averaging, method)


@dataclass(frozen=True, slots=True)
class _ReceivedReplies:
    """What clients sent in a round, as far as it is recorded.

    Clipping does not bound what is not finite: beside a NaN, Flower leaves any number as it is.
    """

    answered: int
    weights: RoundWeights | None
    are_finite: bool
    metrics: tuple[str, ...] = ()
    local: Facts | None = None


class _RecordedMessages(_Recorded):
    """A strategy of `flwr.serverapp`."""

    def configure_train(self, server_round: int, arrays: Any, config: Any, grid: Any) -> Any:
        before = len(list(grid.get_node_ids()))
        messages = list(self.strategy.configure_train(server_round, arrays, config, grid))
        self._begin(server_round, min(before, len(list(grid.get_node_ids()))), len(messages))
        return messages

    def aggregate_train(self, server_round: int, replies: Iterable[Any]) -> Any:
        received = list(replies)
        key = innermost(self.strategy).weighted_by_key if self._averages("aggregate_train") else None
        found = _replies_of([each.content for each in received if not each.has_error()], key)
        aggregate = self.strategy.aggregate_train(server_round, received)
        if received:
            self._end(server_round, found, released=aggregate[0] is not None)
        return aggregate

    def configure_evaluate(self, server_round: int, arrays: Any, config: Any, grid: Any) -> Any:
        return self.strategy.configure_evaluate(server_round, arrays, config, grid)

    def aggregate_evaluate(self, server_round: int, replies: Iterable[Any]) -> Any:
        return self.strategy.aggregate_evaluate(server_round, replies)

    def summary(self) -> None:
        self.strategy.summary()


class _RecordedFits(_Recorded):
    """A strategy of `flwr.server`, as Flower had them alone before messages."""

    def initialize_parameters(self, client_manager: Any) -> Any:
        return self.strategy.initialize_parameters(client_manager)

    def configure_fit(self, server_round: int, parameters: Any, client_manager: Any) -> Any:
        before = int(client_manager.num_available())
        asked = self.strategy.configure_fit(server_round, parameters, client_manager)
        self._begin(server_round, min(before, int(client_manager.num_available())), len(asked))
        return asked

    def aggregate_fit(self, server_round: int, results: Sequence[Any], failures: Sequence[Any]) -> Any:
        averaged = self._averages("aggregate_fit")
        weights = [each.num_examples for _, each in results] if averaged else []
        names = tuple(name for _, each in results for name in each.metrics)
        are_finite = _are_finite(_arrays_of_fits(results))
        aggregate = self.strategy.aggregate_fit(server_round, results, failures)
        if results or failures:
            found = _ReceivedReplies(len(results), _weights(weights), are_finite, names)
            self._end(server_round, found, released=aggregate[0] is not None)
        return aggregate

    def configure_evaluate(self, server_round: int, parameters: Any, client_manager: Any) -> Any:
        return self.strategy.configure_evaluate(server_round, parameters, client_manager)

    def aggregate_evaluate(self, server_round: int, results: Any, failures: Any) -> Any:
        return self.strategy.aggregate_evaluate(server_round, results, failures)

    def evaluate(self, server_round: int, parameters: Any) -> Any:
        return self.strategy.evaluate(server_round, parameters)


def _layers(strategy: Any) -> Iterator[Any]:
    """The strategy and what it wraps, from without."""
    yield strategy
    while hasattr(strategy, "strategy"):
        strategy = strategy.strategy
        yield strategy


def innermost(strategy: Any) -> Any:
    """The strategy within wrappers."""
    return list(_layers(strategy))[-1]


def _is_flowers(strategy: Any) -> bool:
    """Whether it is a class of Flower itself: a subclass may aggregate in any way."""
    return type(strategy).__module__.partition(".")[0] == "flwr"


def wrapper_facts(strategy: Any) -> Facts:
    """What one of Flower's wrappers clips to and adds at this moment; nothing of any other strategy, nor of a
    subclass of one.
    """
    if not _is_flowers(strategy) or not all(hasattr(strategy, name) for name in _WRAPPER):
        return None, None
    norm, adaptive = strategy.clipping_norm, hasattr(strategy, "target_clipped_quantile")
    count = strategy.clipped_count_stddev if adaptive else None
    noise = server_noise(strategy.noise_multiplier, norm, strategy.num_sampled_clients)
    return clipping(norm, adaptive=adaptive, count_deviation=count), noise


def _replies_of(contents: list[Any], weighted_by: str | None) -> _ReceivedReplies:
    metrics = [record for each in contents for record in each.metric_records.values()]
    names = tuple(name for record in metrics for name in record if name != weighted_by)
    weights = [record.get(weighted_by) for record in metrics] if weighted_by else []
    arrays = (
        array
        for each in contents
        for part in each.array_records.values()
        for array in part.to_numpy_ndarrays()
    )
    are_finite = _are_finite(arrays)
    return _ReceivedReplies(len(contents), _weights(weights), are_finite, names, _told_noise(contents))


def _arrays_of_fits(results: Iterable[Any]) -> Iterator[Any]:
    from flwr.common import parameters_to_ndarrays  # noqa: PLC0415 - an optional package

    for _, each in results:
        yield from parameters_to_ndarrays(each.parameters)


def _are_finite(arrays: Iterable[Any]) -> bool:
    """Whether no array holds NaN or infinity; a sum that overflows counts as one that does."""
    return all(cmath.isfinite(complex(array.sum())) for array in arrays)


def _weights(weights: list[Any]) -> RoundWeights | None:
    """The largest weight and the sum of all; None where one of them says nothing."""
    if not weights or not all(isinstance(each, Real) for each in weights):
        return None
    return None if min(map(exact_number, weights)) <= 0 else weights_of(weights)


def _told_noise(contents: list[Any]) -> Facts | None:
    """The weakest noise that clients told of; None where one of them told of none.

    Flower rounds noise to the type of what it is added to: on whole numbers, little noise is none.
    """
    told = [each.config_records.get(RECORD) for each in contents]
    arrays = (array for each in contents for part in each.array_records.values() for array in part.values())
    if not told or any(record is None for record in told) or not all(map(_holds_floats, arrays)):
        return None
    facts = [_local_facts([record[field] for field in FIELDS]) for record in told]
    return min(facts, key=_strength)


def _holds_floats(array: Any) -> bool:
    return str(array.dtype).startswith("float")


def _strength(facts: Facts) -> Fraction:
    """The noise of a client over what it can move its update by."""
    bound, noise = facts
    if bound is None or not isinstance(noise, LocalNoise):
        return Fraction(0)
    return noise.standard_deviation / bound.norm


def _local_facts(settings: Sequence[Any]) -> Facts:
    norm, sensitivity, epsilon, delta = settings
    return clipping(norm), local_noise(epsilon, delta, sensitivity)


def _message_base() -> Any:
    try:
        from flwr.serverapp.strategy import Strategy  # noqa: PLC0415 - an optional package
    except ImportError:
        raise missing_flower() from None
    return Strategy


def _fit_base() -> Any:
    try:
        from flwr.server.strategy import Strategy  # noqa: PLC0415 - an optional package
    except ImportError:
        raise missing_flower() from None
    return Strategy


@dataclass(frozen=True, slots=True)
class _StrategyKind:
    """A kind of strategy: by which method it is known, and what a recorded one is made of."""

    method: str
    mixin: type
    base: Callable[[], Any]


_KINDS = (
    _StrategyKind("configure_train", _RecordedMessages, _message_base),
    _StrategyKind("configure_fit", _RecordedFits, _fit_base),
)
