"""What a round clipped to, added and weighted by, from the numbers of any library."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from gatecli.errors import UsageError
from gatecli.model.base import Value
from gatecli.model.federated_evidence import ClientNoise, LocalNoise, RoundClipping, RoundWeights, ServerNoise
from gatecli.model.number import read_exact, show

Fact = TypeVar("Fact", bound=Value)

_SEE = "docs/federated.md says what a round records"


def clipping(norm: object, *, adaptive: bool = False, count_deviation: object = None) -> RoundClipping:
    """Updates of norm `norm` at most; of an adaptive norm, the noise on the number of clipped updates."""
    deviation = None if count_deviation is None else exact_number(count_deviation)
    return build_fact(
        RoundClipping, norm=exact_number(norm), adaptive=adaptive, count_standard_deviation=deviation
    )


def server_noise(multiplier: object, clipping_norm: object, clients: object) -> ServerNoise:
    """Noise of standard deviation multiplier × clipping norm ÷ clients on the mean."""
    return build_fact(ServerNoise, **_scale_fields(multiplier, clipping_norm, clients))


def client_noise(multiplier: object, clipping_norm: object, clients: object) -> ClientNoise:
    """Noise of standard deviation multiplier × clipping norm ÷ √clients on each update, whose sum is seen."""
    return build_fact(ClientNoise, **_scale_fields(multiplier, clipping_norm, clients))


def local_noise(epsilon: object, delta: object, sensitivity: object) -> LocalNoise:
    """Noise of the classic deviation for (ε, δ) on each update, which anybody may see."""
    numbers = {"epsilon": epsilon, "delta": delta, "sensitivity": sensitivity}
    return build_fact(LocalNoise, **{name: exact_number(number) for name, number in numbers.items()})


def weights_of(weights: Iterable[object]) -> RoundWeights:
    """The weights of all updates of a round."""
    exact = [exact_number(each) for each in weights]
    return build_fact(RoundWeights, largest=max(exact, default=0), total=sum(exact))


def exact_number(value: object) -> Fraction:
    """A number of a training: a float is its shortest text, so that 1.1 means 1.1. Raises UsageError."""
    item = getattr(value, "item", None)
    plain = item() if callable(item) else value
    try:
        return read_exact(repr(plain)) if isinstance(plain, float) else read_exact(plain)
    except PydanticCustomError as error:
        raise UsageError(f"a round cannot be recorded: {error.message()}", advice=_SEE) from None


def build_fact(kind: type[Fact], **fields: Any) -> Fact:
    """A value of these fields. Raises UsageError."""
    try:
        return kind(**fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        detail = f"{field}: {first['msg']}" if field else first["msg"]
        raise UsageError(f"a round cannot be recorded ({detail})", advice=_SEE) from None


def _scale_fields(multiplier: object, clipping_norm: object, clients: object) -> dict[str, Any]:
    return {
        "multiplier": exact_number(multiplier),
        "clipping_norm": exact_number(clipping_norm),
        "clients": _whole(clients),
    }


def _whole(value: object) -> int:
    """A number of clients: cut off, it would count as more noise than there was. Raises UsageError."""
    number = exact_number(value)
    if number.denominator != 1:
        said = f"{show(number)} is not a number of clients"
        raise UsageError(f"a round cannot be recorded: {said}", advice=_SEE)
    return number.numerator
