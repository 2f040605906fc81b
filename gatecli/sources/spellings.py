"""Other libraries' words for the parameters of a run: read as ours, and shown as they were written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from gatecli.model.document import Document, Position, pointer_of

SPELLINGS = {
    "max_grad_norm": "clippingNorm",
    "neighboring": "neighbouring",
    "noise_multiplier": "noiseMultiplier",
    "sample_rate": "samplingRate",
}
"""A word of Opacus, TensorFlow Privacy or JAX Privacy, and ours."""

_CLAIM = ("spec", "privacy")

Keys = tuple[str | int, ...]


def respelt(document: Document) -> Document:
    """The document with our words in its privacy block, and the places of the words that were written.

    A word that stands beside ours stays as it is, so that it is refused as an unknown key.
    """
    claim = _claim(document.data)
    renamed = {pointer_of(old): pointer_of(new) for old, new in _renamed_keys(claim, _CLAIM, _CLAIM)}
    if not renamed:
        return document
    data = {**document.data, "spec": {**document.data["spec"], "privacy": _respelt(claim)}}
    roots = {new: document.place(old).pointer or old for old, new in renamed.items()}
    return replace(
        document,
        data=data,
        values=_move_positions(document.values, renamed),
        keys=_move_positions(document.keys, renamed),
        roots={**document.roots, **roots},
    )


def _claim(data: Any) -> Any:
    """What stands at /spec/privacy; None where nothing does."""
    for key in _CLAIM:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data


def _ours(key: str, table: Mapping[str, Any]) -> str:
    ours = SPELLINGS.get(key, key)
    return key if ours in table else ours


def _respelt(value: Any) -> Any:
    match value:
        case Mapping():
            return {_ours(key, value): _respelt(inner) for key, inner in value.items()}
        case list():
            return [_respelt(inner) for inner in value]
        case _:
            return value


def _renamed_keys(value: Any, old: Keys, new: Keys) -> Iterator[tuple[Keys, Keys]]:
    """Where each renamed key stood, and where it is looked for."""
    match value:
        case Mapping():
            for key, inner in value.items():
                ours = _ours(key, value)
                if ours != key:
                    yield (*old, key), (*new, ours)
                yield from _renamed_keys(inner, (*old, key), (*new, ours))
        case list():
            for index, inner in enumerate(value):
                yield from _renamed_keys(inner, (*old, index), (*new, index))


def _move_positions(places: Mapping[str, Position], renamed: Mapping[str, str]) -> dict[str, Position]:
    """The positions with each renamed pointer at its new name, and what stands below it too."""
    moved = dict(places)
    for old, new in renamed.items():
        below = {name: at for name, at in places.items() if name == old or name.startswith(f"{old}/")}
        moved |= {new + name[len(old) :]: at for name, at in below.items()}
    return moved
