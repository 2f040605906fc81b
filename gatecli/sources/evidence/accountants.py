"""Opacus' accountants in what a run saved: a state under any key, a saved object, a bare history.

What is looked for: `accountant.state_dict()`, {"history": [[noise multiplier, sample rate, steps], …],
"mechanism": "rdp" | "gdp" | "prv"} (opacus/accountants/accountant.py, version 1.6); an object of
`opacus.accountants`, whose attribute `history` is the same list; or that list alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from gatecli.sources.evidence.pickle_data import Instance, Opaque, attributes
from gatecli.sources.evidence.reading import METADATA, Refused, Where, name_of
from gatecli.sources.positioned_tree import MAX_DEPTH, printable

STATE = "privacy_accountant_state_dict"
"""Where `PrivacyEngine.save_checkpoint` keeps the state."""

HISTORY, MECHANISM = "history", "mechanism"

_CLASSES = "opacus.accountants."
_MECHANISMS = {
    "opacus.accountants.gdp GaussianAccountant": "gdp",
    "opacus.accountants.prv PRVAccountant": "prv",
    "opacus.accountants.rdp RDPAccountant": "rdp",
}

Container: TypeAlias = Mapping[str, Any] | list[Any] | tuple[Any, ...] | Opaque


@dataclass(frozen=True, slots=True)
class AccountantState:
    """One accountant: its history as it stands in the file, and which accountant it was, if that is said."""

    history: object
    where: Where
    mechanism: object = None
    beside: tuple[str, ...] = ()
    """The keys of the same object that are not read."""


def containers(data: object) -> Iterator[tuple[Container, Where]]:
    """Every container of `data` once, in order, with its place. Raises `Refused` below `MAX_DEPTH`."""
    seen: set[int] = set()
    pending: list[tuple[object, Where]] = [(data, ())]
    while pending:
        value, where = pending.pop()
        if not isinstance(value, Mapping | list | tuple | Opaque) or id(value) in seen:
            continue
        if len(where) > MAX_DEPTH:
            raise Refused(f"it is nested deeper than {MAX_DEPTH} levels")
        seen.add(id(value))
        yield value, where
        # An object that is found at two places is the same object, and is read once.
        pending += reversed([(child, (*where, key)) for key, child in _children(value)])


def _children(value: Container) -> Iterable[tuple[str | int, object]]:
    match value:
        case Mapping():
            found: Iterable[tuple[Any, object]] = value.items()
        case list() | tuple():
            found = enumerate(value)
        case Instance():
            found = attributes(value).items()
        case _:
            return ()
    return (
        (key if isinstance(key, str | int) else str(key), child)
        for key, child in found
        if _is_container(child)
    )


def _is_container(value: object) -> bool:
    return isinstance(value, Mapping | list | tuple | Instance)


def one_state(data: object) -> AccountantState | None:
    """The accountant in `data`; None where there is none. Raises `Refused` for several, or a broken one."""
    if isinstance(data, list | tuple) and _is_history(data):
        return AccountantState(data, ())
    found = [state for value, where in containers(data) if (state := _state(value, where))]
    if len(found) > 1:
        places = ", ".join(name_of(state.where) for state in found[:4])
        raise Refused(
            f"it holds {len(found)} accountants ({places}), and nothing says whether they are one run",
            mend="write each accountant to a file of its own and name all of these files",
        )
    return found[0] if found else None


def _state(value: Container, where: Where) -> AccountantState | None:
    match value:
        case Instance(name=str() as name) if name.startswith(_CLASSES):
            return _of_object(value, where)
        case Mapping() if where[-1:] == (STATE,) or _is_state(value, where):
            return _of_mapping(value, where)
        case _ if where[-1:] == (STATE,):
            raise Refused(
                f"{name_of(where)} is {printable(value)} where an accountant's state is meant", where
            )
    return None


def _is_state(value: Mapping[str, Any], where: Where) -> bool:
    """A log of losses may be called a history: below the top only both keys together are a state."""
    return HISTORY in value and (MECHANISM in value or (not where and _is_history(value[HISTORY])))


def _is_history(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) > 0 and isinstance(value[0], list | tuple)


def _of_mapping(value: Mapping[str, Any], where: Where) -> AccountantState:
    if HISTORY not in value:
        raise Refused(f"{name_of(where)} has no key {HISTORY!r}", where)
    beside = sorted(printable(key) for key in value if key not in {HISTORY, MECHANISM, *METADATA})
    return AccountantState(value[HISTORY], (*where, HISTORY), value.get(MECHANISM), tuple(beside))


def _of_object(value: Instance, where: Where) -> AccountantState:
    held = attributes(value)
    if HISTORY not in held:
        raise Refused(f"{name_of(where)} is {value} without a history", where)
    return AccountantState(held[HISTORY], (*where, HISTORY), _MECHANISMS.get(value.name, value.name))
