"""Whose a finding is: the Kubernetes object that a text holds, by where such an object says what it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gatecli.model.text import Leaf, LeafKind

_REVIEW = "AdmissionReview"
_REVIEWED = ("request", "object")
NAME_KEYS = frozenset(
    (*base, *keys)
    for base in ((), _REVIEWED)
    for keys in (("kind",), ("metadata", "name"), ("metadata", "generateName"))
)
"""Where a Kubernetes object says what it is."""


def subjects_of(
    leaves: Iterable[Leaf], path: str, names: Mapping[str, str]
) -> dict[int | None, tuple[str, tuple[str, ...]]]:
    """The name of each document: `Kind/name` of a Kubernetes object, else the file; and its root.

    An AdmissionReview is about the object inside it, so that a waiver fits the review and the manifest.
    """
    known: dict[int | None, dict[tuple[str | int, ...], str]] = {}
    for leaf in leaves:
        if (
            leaf.kind is LeafKind.VALUE
            and leaf.keys in NAME_KEYS
            and leaf.keys not in known.setdefault(leaf.document, {})
        ):
            known[leaf.document][leaf.keys] = names.get(leaf.text, leaf.text)
    subjects: dict[int | None, tuple[str, tuple[str, ...]]] = {}
    for document, texts in known.items():
        base: tuple[str, ...] = _REVIEWED if texts.get(("kind",)) == _REVIEW else ()
        kind, name = texts.get((*base, "kind")), _name(texts, base)
        subjects[document] = (f"{kind}/{name}" if kind and name else path, base)
    return subjects


def _name(texts: Mapping[tuple[str | int, ...], str], base: tuple[str, ...]) -> str | None:
    """An object's name; what it was generated from, where it was: that outlives the object."""
    name, stem = texts.get((*base, "metadata", "name")), texts.get((*base, "metadata", "generateName"))
    return stem if stem and (name is None or name.startswith(stem)) else name
