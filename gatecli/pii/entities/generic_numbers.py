"""Validators of payment cards, accounts, addresses and telephones."""

from __future__ import annotations

import re
from collections.abc import Callable

from gatecli.pii.interface import Validity
from gatecli.pii.validation import compact, distinct, known, luhn, parsed, standard

# Issuer ranges as (lowest prefix, highest prefix, lengths). Source: ISO/IEC 7812 registrations as
# published by the networks; 13-digit numbers are obsolete, and look like milliseconds.
_ISSUERS: tuple[tuple[str, str, frozenset[int]], ...] = (
    ("4", "4", frozenset({16, 19})),
    ("51", "55", frozenset({16})),
    ("2221", "2720", frozenset({16})),
    ("34", "34", frozenset({15})),
    ("37", "37", frozenset({15})),
    ("300", "305", frozenset({14, 16})),
    ("3095", "3095", frozenset({14, 16})),
    ("36", "36", frozenset({14, 16})),
    ("38", "39", frozenset({14, 16})),
    ("3528", "3589", frozenset({16, 17, 18, 19})),
    ("6011", "6011", frozenset({16, 17, 18, 19})),
    ("644", "649", frozenset({16, 17, 18, 19})),
    ("65", "65", frozenset({16, 17, 18, 19})),
    ("62", "62", frozenset({16, 17, 18, 19})),
    ("81", "81", frozenset({16, 17, 18, 19})),
    ("2200", "2204", frozenset({16, 17, 18, 19})),
    ("5018", "5018", frozenset({16})),
    ("5020", "5020", frozenset({16})),
    ("5038", "5038", frozenset({16})),
    ("5893", "5893", frozenset({16})),
    ("6304", "6304", frozenset({16})),
    ("6759", "6763", frozenset({16})),
    ("9792", "9792", frozenset({16})),
)


_BY_FIRST = {first: tuple(row for row in _ISSUERS if row[0][0] == first) for first in "23456789"}


def _is_issued(number: str) -> bool:
    rows = _BY_FIRST.get(number[0], ())
    return any(low <= number[: len(low)] <= high and len(number) in sizes for low, high, sizes in rows)


def card(value: str) -> Validity | None:
    """An issuer's range and length, and the Luhn check."""
    number = compact(value)
    if not _is_issued(number):
        return None
    real = distinct(number[4:]) or is_test_card(number)
    return Validity("Luhn check and issuer valid") if real and luhn(number) else None


# Published by the card networks and payment processors for testing.
is_test_card: Callable[[str], bool] = known(
    "4111111111111111", "4242424242424242", "4012888888881881", "4000056655665556", "4222222222222",
    "5555555555554444", "5105105105105100", "5200828282828210", "2223003122003222", "5431111111111111",
    "378282246310005", "371449635398431", "378734493671000", "6011111111111117", "6011000990139424",
    "6011981111111113", "30569309025904", "38520000023237", "3056930009020004", "36227206271667",
    "3530111333300000", "3566002020360505", "6200000000000005", "4000000000000002", "4000000000009995",
    "4532015112830366", "4916338506082832", "4539578763621486", "4929000000006", "5425233430109903",
    "4005519200000004", "4009348888881881", "4012000033330026", "4012000077777777", "4217651111111119",
    "4500600000000061", "5399999999999999", "4000000000000077", "4000000000003220", "4917610000000000",
)  # fmt: skip


_SIX_DIGITS = re.compile("[0-9](?:[ ._-]?[0-9]){5}")


def iban(value: str) -> Validity | None:
    """ISO 13616 structure of the country and ISO 7064 MOD 97-10.

    Some countries allow letters throughout the account; six digits in a row are asked for all the
    same, since no bank is known to issue an account of letters.
    """
    number = compact(value)
    if (
        _SIX_DIGITS.search(value) is None
        or len(set(number[4:])) < 3
        or not standard("iban").is_valid(number, check_country=False)
    ):
        return None
    return Validity("checksum, country and structure valid")


# Where a dot and two letters are a file or a reference, not a mailbox.
_NO_DOMAINS = frozenset({
    "yaml", "yml", "json", "js", "ts", "tsx", "jsx", "py", "go", "rb", "md", "txt", "html", "css", "scss", "png",
    "jpg", "jpeg", "gif", "svg", "ico", "webp", "service", "socket", "timer", "target", "mount", "slice", "local",
    "internal", "cluster", "svc", "lan", "localdomain", "localhost", "tgz", "gz", "zip", "tar", "lock", "toml",
    "xml", "conf", "cfg", "ini", "log", "exe", "dll", "so", "jar", "class", "java", "sql", "bak", "tmp", "git",
})  # fmt: skip
_SERVICE_ADDRESSES = frozenset(
    {"git@github.com", "git@gitlab.com", "git@bitbucket.org", "git@ssh.dev.azure.com"}
)
_SERVICE_DOMAINS = (
    ".iam.gserviceaccount.com",
    ".gserviceaccount.com",
    ".svc.cluster.local",
    ".noreply.github.com",
)


def email(value: str) -> Validity | None:
    """A mailbox that can exist: not a service account, a git remote, a file or a cluster name."""
    local, _, domain = value.lower().rpartition("@")
    if (
        local.startswith(".")
        or local.endswith(".")
        or ".." in local
        or domain.rpartition(".")[2] in _NO_DOMAINS
    ):
        return None
    if f"{local}@{domain}" in _SERVICE_ADDRESSES or f".{domain}".endswith(_SERVICE_DOMAINS):
        return None
    return Validity("address and domain well formed") if local.strip("*x_-.+'\"/=?") else None


_RESERVED_DOMAINS = ("example.com", "example.org", "example.net", "example.edu", "test.com", "domain.com", "email.com",
                     "company.com", "yourdomain.com", "mycompany.com", "acme.com", "foo.com", "bar.com",
                     "users.noreply.github.com")  # fmt: skip
_RESERVED_ENDINGS = (".test", ".example", ".invalid", ".localhost")


def is_test_email(value: str) -> bool:
    """RFC 2606 names, and the placeholders that everybody writes."""
    domain = "." + value.lower().rpartition("@")[2]
    return domain.endswith((*_RESERVED_ENDINGS, *("." + name for name in _RESERVED_DOMAINS)))


_REGIONS = (
    "US",
    "CN",
    "GB",
    "DE",
    "FR",
    "IN",
    "JP",
    "BR",
    "IT",
    "ES",
    "NL",
    "PL",
    "AU",
    "KR",
    "MX",
    "TR",
    "ZA",
)


def telephone(value: str) -> Validity | None:
    """Valid in the numbering plan: of its country code, else of one of the large countries."""
    digits = compact(value).lstrip("+")
    if not distinct(digits[-7:]) or len(digits) > 15:
        return None
    if value.startswith("+"):
        return _valid(value, None)
    if digits.startswith("00"):
        return _valid("+" + digits[2:], None)
    found = (_valid(value, region) for region in _REGIONS)
    return next((validity for validity in found if validity is not None), None)


def _valid(value: str, region: str | None) -> Validity | None:
    import phonenumbers

    number = parsed(value, region)
    if number is None:
        return None
    return Validity(f"valid number of {phonenumbers.region_code_for_number(number) or 'no region'}")


# Reserved for fiction: 555-0100 to 555-0199 of any area (NANPA); Ofcom's drama numbers.
_DRAMA = ("7700900", "1632960", "2079460", "1134960", "1144960", "1154960", "1164960", "1174960", "1184960",
          "1214960", "1314960", "1414960", "1514960", "1614960", "1914980", "8081570", "9098790", "3069990")  # fmt: skip


def is_fictional_phone(value: str) -> bool:
    """North American 555-01xx, and Ofcom's numbers for drama."""
    digits = compact(value).lstrip("+")
    north = digits.removeprefix("1")
    if len(north) == 10 and (north[3:8] == "55501" or north[:3] == "555"):
        return True
    return digits.removeprefix("00").removeprefix("44").removeprefix("0").startswith(_DRAMA)


def wallet(value: str) -> Validity | None:
    """Base58Check or Bech32 of Bitcoin; an Ethereum address has only its form."""
    if value.startswith("0x"):
        return Validity("written form valid") if distinct(value[2:]) else None
    return Validity("checksum valid") if standard("bitcoin").is_valid(value) else None
