"""What a mode with noise is made of: a budget, noise in advance, a cache, and perhaps callers' budgets."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from gatecli.accounting.answer_noise import GridNoise
from gatecli.data.engines.open_dp import OpenDp
from gatecli.errors import UsageError
from gatecli.gates.ledger_access import moment
from gatecli.ledger.interface import LedgerIdentity, Store
from gatecli.ledger.ledger_thread import LedgerThread
from gatecli.ledger.opening import create_store, named_ledger, open_store
from gatecli.model.mechanism import DiscreteGaussian
from gatecli.model.private_endpoint import Aggregates, CallerBudget, EndpointMode, Votes
from gatecli.serving.answer_values import class_positions, grid_of
from gatecli.serving.answers_cache import AnswersCache
from gatecli.serving.callers import Callers, add_caller, terms_of_caller
from gatecli.serving.counted_requests import CountedRequests
from gatecli.serving.leases import AnswerCost
from gatecli.serving.noise_pool import BATCH, NoisePool
from gatecli.serving.noisy_answers import AskedQuestion, NoisedModel, NoisyAnswers, ScoringModel, VotingModels
from gatecli.serving.paid_answers import PaidAnswers
from gatecli.serving.parts import EndpointParts
from gatecli.serving.surroundings import ServingSurroundings
from gatecli.serving.windows import Windows

TEMPLATE = "every-caller"
"""The account in a callers' ledger that says what each caller has."""
PUBLISHED_BYTES = 1 << 30
"""Of noisy windows: more than as many as are kept can have. While a window is kept, fewer than twice as many
others can be asked for, so none is forgotten before its time."""


async def add_noise(
    parts: EndpointParts, around: ServingSurroundings, noise: GridNoise, stack: AsyncExitStack
) -> None:
    """Give an endpoint what its mode has. Raises GatecliError; `stack` returns leases at the end."""
    budget = parts.spec.budget
    if budget is None or budget.dataset is None or parts.ledger is None:
        raise UsageError(
            f"mode {parts.spec.mode.value} has no budget", advice="name budget.ledger and budget.dataset"
        )
    cost = AnswerCost(parts.name, budget.dataset, noise.mechanism)
    # A window is paid for when it is asked for.
    lease = 1 if parts.spec.mode is EndpointMode.AGGREGATES else budget.lease
    parts.paid = PaidAnswers(parts.ledger, cost, lease, around.clock)
    stack.push_async_callback(_return_leases, parts, parts.paid)
    if budget.per_caller is not None:
        parts.callers = await _open_callers(parts.name, budget.per_caller, around, noise)
        parts.caller_header = budget.per_caller.header
        stack.push_async_callback(parts.callers.close)
    pool = NoisePool(draw_of(noise), max(BATCH, 4 * noise.change.drawn))
    spent = partial(parts.metrics.epsilon.inc, float(noise.budget.epsilon))
    if parts.spec.aggregates is not None:
        parts.counted = _counted_requests(parts, parts.spec.aggregates, around, pool, spent)
        return
    cache = AnswersCache(secrets.token_bytes(32), parts.spec.cache.entries, parts.spec.cache.bytes)
    hit, miss = (parts.metrics.cache.labels(each).inc for each in ("hit", "miss"))
    parts.noisy = NoisyAnswers(
        _model_of(parts, noise), pool, parts.paid, cache, parts.callers, spent, (miss, hit)
    )


async def _return_leases(parts: EndpointParts, paid: PaidAnswers) -> None:
    """Give back what was paid for and not answered, and say where that could not be."""
    if kept := await paid.close():
        parts.log("not-returned", answers=kept)


def draw_of(noise: GridNoise) -> Callable[..., list[int]]:
    """What adds the noise that was accounted: OpenDP, which draws it exactly."""
    engine, mechanism = OpenDp(), noise.mechanism
    if isinstance(mechanism, DiscreteGaussian):
        return partial(engine.add_gaussian, deviation=mechanism.standard_deviation)
    return partial(engine.add_laplace, scale=mechanism.scale)


def _counted_requests(
    parts: EndpointParts,
    rules: Aggregates,
    around: ServingSurroundings,
    pool: NoisePool,
    spent: Callable[[], None],
) -> CountedRequests:
    assert parts.paid is not None  # noqa: S101 - made by the one caller
    # A clock that is set while windows are open neither ends one nor keeps one open.
    begun, since = around.wall().timestamp(), around.monotonic()
    windows = Windows(
        len(rules.classes),
        rules.per_unit,
        rules.seconds,
        rules.kept,
        secrets.token_bytes(32),
        lambda: begun + around.monotonic() - since,
    )
    published = AnswersCache(secrets.token_bytes(32), 2 * rules.kept, PUBLISHED_BYTES)
    return CountedRequests(
        parts.upstream,
        windows,
        rules.classes,
        class_positions(rules.classes),
        rules.pointer,
        rules.unit,
        pool,
        parts.paid,
        published,
        spent,
    )


def _model_of(parts: EndpointParts, noise: GridNoise) -> NoisedModel:
    if parts.spec.votes is not None:
        return _voting(parts, parts.spec.votes)
    return ScoringModel(parts.upstream, grid_of(parts.spec.answer_scores, noise.change.most))


def _voting(parts: EndpointParts, votes: Votes) -> VotingModels:
    return VotingModels(
        parts.upstream,
        _address_of,
        parts.spec.model_urls,
        votes.classes,
        class_positions(votes.classes),
        votes.pointer,
        lambda fault: parts.metrics.upstream.labels(fault.value).inc(),
    )


def _address_of(model: str, asked: AskedQuestion) -> str:
    """Where a voting model takes a question: its own address, with the question's query."""
    query = urlsplit(asked.url).query
    return f"{model}?{query}" if query and "?" not in model else model


async def _open_callers(
    endpoint: str, budget: CallerBudget, around: ServingSurroundings, noise: GridNoise
) -> Callers:
    """The ledger of the callers; one in a file is made where there is none. Raises GatecliError."""
    url, clock = named_ledger(budget.ledger or f"{endpoint}-callers.db", around.folder), around.clock
    ledger = LedgerThread(partial(open_or_create, url, endpoint, moment(around.wall())))
    terms = terms_of_caller(TEMPLATE, budget)

    def begin(store: Store) -> LedgerIdentity:
        add_caller(store, terms, clock)
        return store.identity

    try:
        identity = await ledger.ask(begin)
    except BaseException:
        await ledger.close()
        raise
    key = hashlib.sha256(f"gatecli.dev/callers/v1\n{identity.id}".encode()).digest()
    return Callers(ledger, endpoint, budget, noise.mechanism, noise.budget.epsilon, key, clock)


def open_or_create(url: str, endpoint: str, at: str) -> Store:
    """A ledger of callers; one in a file is made where there is none, by whichever process is first.

    It is made beside and linked whole: nobody opens half of one, or begins a second. Raises GatecliError.
    """
    if "://" not in url and not Path(url).exists():
        made = Path(f"{url}.{secrets.token_hex(8)}")
        create_store(str(made), LedgerIdentity(secrets.token_hex(16), f"{endpoint}-callers", at)).close()
        try:
            with suppress(FileExistsError):  # another process was first
                Path(url).hardlink_to(made)
        except OSError as error:
            raise UsageError(
                f"{url} cannot be made: {error.strerror}", advice="make it first: gatecli ledger init"
            ) from None
        finally:
            made.unlink()
    return open_store(url)
