"""What was found out of long texts, within a bound: strangers choose how many there are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")

OF_ENTRY = 1024
"""Bytes that an entry takes whatever its text is, about."""


@dataclass(slots=True)
class BoundedMemory(Generic[Key, Value]):
    """Values by their keys; emptied where their texts would be of more than `most` bytes together."""

    most: int
    _held: dict[Key, Value] = field(default_factory=dict, repr=False)
    _size: int = 0

    def get(self, key: Key) -> Value | None:
        return self._held.get(key)

    def put(self, key: Key, value: Value, size: int) -> None:
        """Remember a value that was made of a text of `size` bytes."""
        size += OF_ENTRY
        if size > self.most:
            return
        if self._size + size > self.most:
            self._held.clear()
            self._size = 0
        self._held[key] = value
        self._size += size

    def __len__(self) -> int:
        return len(self._held)
