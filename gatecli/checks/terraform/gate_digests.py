"""The gate modules of this release, by digests of what they are; the table is written by `make generated`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShippedGate:
    """A gate in one of its forms: what a plan's JSON says of its configuration, and its files, as SHA-256.

    In the repository a gate calls the modules `beside` it; flattened for a release it holds them. A text
    counts only with the configuration of its own form.
    """

    name: str
    configuration: str
    text: str
    beside: tuple[str, ...] = ()


SHIPPED: tuple[ShippedGate, ...] = (
    ShippedGate(
        "k_anonymity_gate",
        configuration="28c66197b9e2bb4e8e848f764b9ee41bf37cc324e451bd6937ef03c32269a6cc",
        text="d82c1fea03d6eab7d8be2de30c95424818bbf5e028f29c1b3a4cdf7d104aa59a",
        beside=("../evidence",),
    ),
    ShippedGate(
        "k_anonymity_gate",
        configuration="2cf25f693ada82d7108e8ed1c971ad3a512c4b498f4830e03579fe1548196a71",
        text="f9cf752f5c5857433497f2892baf03c706efe93910115d25bf3cc4a108d37732",
    ),
    ShippedGate(
        "model_release_gate",
        configuration="93e8cbbec644f19bbc09780809fd4cf013e22983493d69b1e271a3092ae4dc5b",
        text="dcc6262919f08a5d36e1bf7e6f09690e751c3e58ea0e022ad46d83775dd52cd5",
        beside=("../evidence",),
    ),
    ShippedGate(
        "model_release_gate",
        configuration="e5c169e1cee04810b0bf7dacb888961bfe87d28c6a3086d18d95777695a415a2",
        text="d544d1b6155bef2bc958db0490e6b35ffa4ef0ce9397f1f04d6df736cb6bd64c",
    ),
    ShippedGate(
        "pii_gate",
        configuration="047ff1c9aef28002b328bfa72baababee20d3f1cd7f6ca2b273ccc60f08754b2",
        text="8e9d14f7c3d991f7c54613c4192136f9c3de85af5e46ecb892ebee941bf7d047",
        beside=("../evidence",),
    ),
    ShippedGate(
        "pii_gate",
        configuration="68b983091c7b301996ee7f9bfbe2f0cd1610c7ab0fc697bb32956da0552dfa14",
        text="8be12f737785db9fb24cce0911e6b6425eb8fa006d08b1214ebd141c506fe55f",
    ),
)
