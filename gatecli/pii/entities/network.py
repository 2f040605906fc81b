"""Addresses, dates and links: personal only in some laws and places, so off unless asked for."""

from __future__ import annotations

import ipaddress
from datetime import date

from gatecli.pii.interface import Cue, Entity, EntityPattern, Strength, ValidityEvidence
from gatecli.pii.patterns import bounded_pattern, digits

PACK = "network"
_DOCUMENTATION = tuple(
    ipaddress.ip_network(network)
    for network in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20")
)


def _address(value: str) -> ValidityEvidence | None:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return None
    return ValidityEvidence("address well formed")


def _is_documentation(value: str) -> bool:
    """RFC 5737, RFC 3849 and RFC 9637, and addresses that are nobody's (loopback, unspecified)."""
    address = ipaddress.ip_address(value)
    reserved = address.is_loopback or address.is_unspecified or address.is_multicast
    return reserved or any(
        address in network for network in _DOCUMENTATION if network.version == address.version
    )


def _date(value: str) -> ValidityEvidence | None:
    try:
        date.fromisoformat(value)
    except ValueError:
        return None
    return ValidityEvidence("calendar date valid")


ENTITIES: tuple[Entity, ...] = (
    Entity(
        id="IP_ADDRESS",
        label="IP address",
        pack=PACK,
        patterns=(
            EntityPattern(
                "IPv4", bounded_pattern("0-9", r"[0-9]{0,2}(?:\.[0-9]{1,3}){3}", before="0-9A-Za-z."), 0.6
            ),
            EntityPattern(
                "IPv6",
                bounded_pattern(
                    "0-9A-Fa-f", "[0-9A-Fa-f]{0,3}(?::[0-9A-Fa-f]{0,4}){2,7}", before="0-9A-Za-z:"
                ),
                0.6,
            ),
        ),
        cue=Cue(r"[0-9](?:[ ()./_:-]{0,3}[0-9]){3}|:[0-9A-Fa-f]{0,4}:"),
        validate=_address,
        well_known=_is_documentation,
        strength=Strength.SHAPE,
        default=False,
    ),
    Entity(
        id="MAC_ADDRESS",
        label="MAC address",
        pack=PACK,
        patterns=(
            EntityPattern(
                "six octets",
                bounded_pattern("0-9A-Fa-f", "[0-9A-Fa-f]([:-])(?:[0-9A-Fa-f]{2}\\1){4}[0-9A-Fa-f]{2}"),
                0.6,
            ),
        ),
        cue=Cue("[0-9A-Fa-f][:-][0-9A-Fa-f]{2}[:-]"),
        strength=Strength.SHAPE,
        default=False,
    ),
    Entity(
        id="DATE",
        label="date",
        pack=PACK,
        patterns=(EntityPattern("ISO 8601", bounded_pattern("12", "[0-9]{3}-[0-9]{2}-[0-9]{2}"), 0.6),),
        cue=digits(8),
        validate=_date,
        strength=Strength.SHAPE,
        default=False,
    ),
    Entity(
        id="URL",
        label="link",
        pack=PACK,
        patterns=(
            EntityPattern(
                "http", r"https?://[A-Za-z0-9._~-]{1,253}(?::[0-9]{1,5})?(?:/[^\s\"'<>]{0,2000})?", 0.6
            ),
        ),
        cue=Cue("://", (b"://",)),
        strength=Strength.SHAPE,
        default=False,
    ),
)
