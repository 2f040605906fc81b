"""The gate modules of this release, by digests of what they are; the table is written by `make generated`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShippedGate:
    """A gate: what a plan's JSON says of its configuration, and its files, as SHA-256."""

    name: str
    configuration: str
    text: str


SHIPPED: tuple[ShippedGate, ...] = (
    ShippedGate(
        "k_anonymity_gate",
        configuration="04e9ab32832611cfad68c0dce017b0ea700ceea34b9627f2555b62605578e445",
        text="5d8d10a9d7c283b15267cf3b222178464c8ef44bcb82b558f8963477939844d4",
    ),
    ShippedGate(
        "model_release_gate",
        configuration="a1962f3cd448b7d153555c1f04c794c4f40c279833ff461c5918dca0ea6ca666",
        text="1ca210440b0572d91f2e8e51824a2e174cfd9e419b700fd79328fa8a24249634",
    ),
    ShippedGate(
        "pii_gate",
        configuration="487f0f51199c77a7b658f7c4d46123ddfb2f3f3507e3bcae9eba2798e0ec2dd2",
        text="e340f67f04c31e4c0c7218916fbab39a6369867d9f6e5d3bf5c1bcd32e999c9d",
    ),
)
