"""How a mechanism is called: by the names of its parameters.

The first parameter gets the data. `rng` gets a numpy Generator, `epsilon` and `delta` the claim, and `runs`
says how many independent outputs to return at once, one an item, which is far faster than one call each.
"""

from __future__ import annotations

import copy
import importlib
import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gatecli.errors import UncheckableError, UsageError
from gatecli.model.quoting import requote_sentence

Mechanism = Callable[..., Any]
_KNOWN = ("rng", "epsilon", "delta", "runs")


@dataclass(frozen=True, slots=True)
class Reference:
    """`MODULE:FUNCTION`, imported where it runs."""

    module: str
    function: str

    @classmethod
    def of(cls, text: str) -> Reference:
        """The reference that a text names. Raises UsageError for any other text."""
        module, colon, function = text.partition(":")
        if not colon or not all(part.isidentifier() for part in (*module.split("."), *function.split("."))):
            raise UsageError(
                f"{text!r} is not MODULE:FUNCTION", advice="write for example mypkg.mechanisms:noisy_max"
            )
        return cls(module, function)

    def __str__(self) -> str:
        return f"{self.module}:{self.function}"

    def load(self) -> Mechanism:
        """The function. Raises UncheckableError where it cannot be imported; the current folder is looked
        in.
        """
        if (here := str(Path.cwd())) not in sys.path:
            sys.path.insert(0, here)
        try:
            found: Any = importlib.import_module(self.module)
            for name in self.function.split("."):
                found = getattr(found, name)
        except BaseException as error:  # noqa: BLE001 - importing runs a stranger's code, which may exit
            raise UncheckableError(
                f"{self} cannot be imported: {type(error).__name__}{_import_words(error)}",
                advice="run it in the environment that the mechanism needs, and in its folder",
            ) from None
        if not callable(found):
            raise UncheckableError(f"{self} is not a function", advice="name a function of the data")
        loaded: Mechanism = found
        return loaded


@dataclass(frozen=True, slots=True)
class MechanismCall:
    """A mechanism, and which of the known parameters it takes."""

    mechanism: Mechanism
    names: tuple[str, ...]
    claim: tuple[float, float]

    def outputs(self, data: Any, seed: Sequence[int], count: int) -> Callable[[int], list[Any]]:
        """A function that gives the outputs of `count` runs from run number n on: all of them, or one."""
        rng = np.random.default_rng(np.random.SeedSequence(list(seed)))
        known = dict(zip(_KNOWN, (rng, *self.claim, count), strict=True))
        given = {name: known[name] for name in self.names}

        def run(_index: int) -> list[Any]:
            # Copies: a mechanism may work in place, or give the same buffer each time.
            output = self.mechanism(copy.deepcopy(data), **given)
            return list(output) if "runs" in given else [_copy_of(output)]

        return run


def _copy_of(output: Any) -> Any:
    try:
        return copy.copy(output)
    except TypeError:  # a generator, an open file
        return output  # `read_outputs` names its type


def call_of(mechanism: Mechanism, epsilon: float, delta: float) -> MechanismCall:
    """How to call a mechanism. Raises UncheckableError where it wants something unknown."""
    try:
        parameters = list(inspect.signature(mechanism).parameters.values())
    except (TypeError, ValueError):  # a builtin says nothing about its parameters
        return MechanismCall(mechanism, (), (epsilon, delta))
    named = [each for each in parameters[1:] if each.kind not in {each.VAR_KEYWORD, each.VAR_POSITIONAL}]
    unknown = [each.name for each in named if each.name not in _KNOWN and each.default is each.empty]
    if not parameters or unknown:
        what = f"wants {', '.join(unknown)}" if unknown else "takes no data"
        raise UncheckableError(
            f"the mechanism {what}",
            advice="wrap it in a function of (data, rng); epsilon, delta and runs are given if named",
        )
    return MechanismCall(
        mechanism, tuple(each.name for each in named if each.name in _KNOWN), (epsilon, delta)
    )


def _import_words(error: BaseException) -> str:
    """What an error of the import itself says, which names modules; of any other, nothing."""
    if not isinstance(error, ImportError):
        return ""
    said = (str(error).splitlines() or [""])[0][:160]
    return f": {requote_sentence(said)}"
