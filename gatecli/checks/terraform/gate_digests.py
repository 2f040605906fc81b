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
        configuration="eaadbcce1d2c0b31715e40db9372d0e434a81965d9f416265615ad86919fce24",
        text="5d8d10a9d7c283b15267cf3b222178464c8ef44bcb82b558f8963477939844d4",
    ),
    ShippedGate(
        "model_release_gate",
        configuration="97bb465f3c5b4d96203c809425ce51d353c282dbe52ab104a6456cae099b07a6",
        text="1ca210440b0572d91f2e8e51824a2e174cfd9e419b700fd79328fa8a24249634",
    ),
    ShippedGate(
        "pii_gate",
        configuration="ccf5d4678c9d42e3e67590030010a9a7056d1db2221b2897b70213ab180872ec",
        text="e340f67f04c31e4c0c7218916fbab39a6369867d9f6e5d3bf5c1bcd32e999c9d",
    ),
)
