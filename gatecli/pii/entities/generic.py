"""What is personal in every country: cards, accounts, mail addresses, telephones, wallets; and what is valid."""

from __future__ import annotations

import re
from collections.abc import Callable

from gatecli.pii.entities.telephone import PHONE
from gatecli.pii.entities.written_forms import Form, in_groups, pad_zeros, without_zeros
from gatecli.pii.interface import Cue, Entity, EntityPattern, Strength, ValidityEvidence
from gatecli.pii.patterns import bounded_pattern, digits
from gatecli.pii.validation import check, compact, counts_up, distinct, known_values, luhn, shape, standard

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


def card(value: str) -> ValidityEvidence | None:
    """An issuer's range and length, and the Luhn check."""
    number = compact(value)
    if not _is_issued(number):
        return None
    real = (distinct(number[4:]) and not counts_up(number)) or is_test_card(number)
    return ValidityEvidence("Luhn check and issuer valid") if real and luhn(number) else None


_ROW = re.compile(r"(?<![0-9])[0-9]{4}(?:[ ./_-]{1,3}[0-9]{4}){5,}+(?![0-9])")
_GROUP = re.compile("[0-9]{4}")
_AROUND = 400


def is_in_longer_row(text: str, start: int, end: int) -> bool:
    """Whether four groups of digits stand in a row of more than a card and its date, which is not all cards."""
    begin = max(0, start - _AROUND)
    rows = (row for row in _ROW.finditer(text, begin, end + _AROUND) if row.start() <= start < row.end())
    return any(not _is_all_cards(_GROUP.findall(row.group())) for row in rows)


def _is_all_cards(groups: list[str]) -> bool:
    numbers = ("".join(groups[at : at + 4]) for at in range(0, len(groups), 4))
    return all(card(number) is not None for number in numbers)


# Published by the card networks and payment processors for testing.
is_test_card: Callable[[str], bool] = known_values(
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


def iban(value: str) -> ValidityEvidence | None:
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
    return ValidityEvidence("checksum, country and structure valid")


# Where a dot and two letters are a file or a reference, not a mailbox.
_NO_DOMAINS = frozenset({
    "yaml", "yml", "json", "js", "ts", "tsx", "jsx", "py", "go", "rb", "md", "txt", "html", "css", "scss", "png",
    "jpg", "jpeg", "gif", "svg", "ico", "webp", "service", "socket", "timer", "target", "mount", "slice", "local",
    "internal", "cluster", "svc", "lan", "localdomain", "localhost", "tgz", "gz", "zip", "tar", "lock", "toml",
    "xml", "conf", "cfg", "ini", "log", "exe", "dll", "so", "jar", "class", "java", "sql", "bak", "tmp", "git",
})  # fmt: skip
_SERVICE_USERS = frozenset({"git", "hg", "svn"})
"""Whom version control logs in as; no mailbox of a person."""
_SERVICE_DOMAINS = (
    ".iam.gserviceaccount.com",
    ".gserviceaccount.com",
    ".svc.cluster.local",
    ".noreply.github.com",
)


def email(value: str) -> ValidityEvidence | None:
    """A mailbox that can exist: not a service account, a git remote, a file or a cluster name."""
    local, _, domain = value.lower().rpartition("@")
    if (
        local.startswith(".")
        or local.endswith(".")
        or ".." in local
        or domain.rpartition(".")[2] in _NO_DOMAINS
    ):
        return None
    if local.rpartition("/")[2] in _SERVICE_USERS or f".{domain}".endswith(_SERVICE_DOMAINS):
        return None
    return ValidityEvidence("address and domain well formed") if local.strip("*x_-.+'\"/=?") else None


_RESERVED_DOMAINS = ("example.com", "example.org", "example.net", "example.edu", "test.com", "domain.com", "email.com",
                     "company.com", "yourdomain.com", "mycompany.com", "acme.com", "foo.com", "bar.com",
                     "users.noreply.github.com")  # fmt: skip
_RESERVED_ENDINGS = (".test", ".example", ".invalid", ".localhost")


def is_test_email(value: str) -> bool:
    """RFC 2606 names, and the placeholders that everybody writes."""
    domain = "." + value.lower().rpartition("@")[2]
    return domain.endswith((*_RESERVED_ENDINGS, *("." + name for name in _RESERVED_DOMAINS)))


def wallet(value: str) -> ValidityEvidence | None:
    """Base58Check or Bech32 of Bitcoin; an Ethereum address has only its form."""
    if value.startswith("0x"):
        return ValidityEvidence("written form valid") if distinct(value[2:]) else None
    lower = value.lower() if value.startswith("BC1") else value
    valid = standard("bitcoin").is_valid(lower) or (lower.startswith("bc1p") and _is_taproot(lower))
    return ValidityEvidence("checksum valid") if valid else None


_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32M = 0x2BC830A3
_TAPROOT_SIZE = 62


def _is_taproot(value: str) -> bool:
    """BIP 341 and BIP 350: version 1, 32 bytes, and the check of Bech32m, of which python-stdnum has the sum."""
    prefix = [3, 3, 0, 2, 3]  # "bc", expanded as BIP 173 says
    data = [_BECH32.index(character) for character in value[3:]]
    return len(value) == _TAPROOT_SIZE and standard("bitcoin").bech32_checksum(prefix + data) == _BECH32M


PACK = "generic"

CREDIT_CARD = Entity(
    id="CREDIT_CARD",
    label="payment card number",
    pack=PACK,
    patterns=(
        EntityPattern(
            "groups of four",
            bounded_pattern("2-9", r"[0-9]{3}(?:[ ./_-]{1,3}[0-9]{4}){3}(?:[ ./_-]{0,3}[0-9]{1,3})?(?!-[0-9A-Za-z])(?<![0-9]-.{19})"),
            0.9,
            doubt=is_in_longer_row,
        ),
        EntityPattern("groups of 4, 6, 5 or 4", bounded_pattern("3", r"[0-9]{3}[ ./_-]{1,3}[0-9]{6}[ ./_-]{1,3}[0-9]{4,5}"), 0.9),
        EntityPattern("compact", bounded_pattern("2-9", "[0-9]{13,15}"), 0.6),
        EntityPattern("17 to 19 digits", bounded_pattern("2-9", "[0-9]{16,18}"), 0.3),
        # Digit by digit, all divided alike: the numbers of a drawing are divided by turns.
        *(
            EntityPattern(f"spread by {name}", bounded_pattern("2-9", f"(?:{sign}[0-9]){{13,18}}"), 0.6)
            for name, sign in (("blanks", " "), ("points", r"\."), ("hyphens", "-"))
        ),
    ),
    cue=digits(14),
    context=("card", "card number", "cardnumber", "credit", "credit card", "creditcard", "debit", "cc", "ccn", "pan",
             "visa", "mastercard", "amex", "payment", "信用卡", "卡号", "card no", "cc number"),
    negative_context=("id", "account id", "app id", "project id", "snowflake"),
    validate=card,
    well_known=is_test_card,
    strength=Strength.CHECKED,
    source="ISO/IEC 7812-1",
)  # fmt: skip

_IBAN_NAMES = ("iban", "bank", "account", "bank account", "konto", "kontonummer", "sepa")
_APART = "[ ._-]{0,3}"
IBAN = Entity(
    id="IBAN_CODE",
    label="IBAN",
    pack=PACK,
    patterns=(
        EntityPattern("compact", bounded_pattern("A-Za-z", "[A-Za-z][0-9]{2}[A-Za-z0-9]{11,30}"), 0.95),
        EntityPattern("groups", bounded_pattern("A-Za-z", r"[A-Za-z][0-9]{2}(?:[ ._-][A-Za-z0-9]{4}){2,7}(?:[ ._-][A-Za-z0-9]{1,4})?"), 0.95),
        EntityPattern(
            "uneven groups",
            bounded_pattern(
                "A-Za-z", f"[A-Za-z]{_APART}[0-9]{{2}}(?:{_APART}[A-Za-z]){{0,6}}(?:{_APART}[0-9]){{8,26}}(?:{_APART}[A-Za-z0-9]){{0,3}}"
            ),
            0.25,
            names=_IBAN_NAMES,
        ),
    ),
    cue=digits(6),
    context=_IBAN_NAMES,
    validate=iban,
    well_known=known_values(
        "GB82WEST12345698765432", "GB29NWBK60161331926819", "DE89370400440532013000", "FR1420041010050500013M02606",
        "NL91ABNA0417164300", "ES9121000418450200051332", "IT60X0542811101000000123456", "CH9300762011623852957",
        "BE68539007547034", "AT611904300234573201", "GB33BUKB20201555555555", "SE4550000000058398257466",
        "NO9386011117947", "PL61109010140000071219812874", "DK5000400440116243", "IE29AIBK93115212345678",
        "FI2112345600000785", "PT50000201231234567890154",
    ),
    strength=Strength.STRUCTURED,
    source="ISO 13616-1",
)  # fmt: skip

_USER_PART = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}:(?://[^\s/?#@\"'<>]{0,400})?\Z")
_MORE_USER_PART = re.compile(r"[^\s/?#@\"'<>]{0,200}@")


def is_user_part(text: str, start: int, end: int) -> bool:
    """Whether [start, end) is the user and the host of a URL (RFC 3986, 3.2.1): `ssh://git@host.org/…`.

    An address that is itself the user, before the host's own `@`, is one.
    """
    at = text.index("@", start, end)
    slashes = text.startswith("//", start)
    before = text[max(0, start - 440) : start]
    scheme = _USER_PART.search(before)
    if scheme is None or ("//" in scheme.group()) == slashes or _PATH.search(text, start + 2 * slashes, at):
        return False
    return _MORE_USER_PART.match(text, end) is None


_PATH = re.compile(r"[/?#]")


def _address(name: str, regex: str) -> EntityPattern:
    """A written form of a mailbox, by its sign: a local part of 64 characters, a domain of 253."""
    return EntityPattern(name, regex, 0.9, anchor="@", before=64, after=600, refuse=is_user_part)


EMAIL = Entity(
    id="EMAIL_ADDRESS",
    label="e-mail address",
    pack=PACK,
    patterns=(
        _address(
            "address",
            r"(?<![A-Za-z0-9.!#$%&'*+/=?^_`{|}~-])[A-Za-z0-9_.+!#$%&'*/=?^`{|}~-]{1,64}+@"
            r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,8}[A-Za-z](?:[A-Za-z]{1,23}|n--[A-Za-z0-9-]{1,59})"
            r"(?![A-Za-z0-9@_-])(?!\.[A-Za-z0-9])",
        ),
        _address(
            "international address",
            r"(?<![\w.!#$%&'*+/=?^`{|}~-])[\w.+-]{1,64}+@(?:[\w](?:[\w-]{0,62})\.){1,8}[^\W\d_]{2,24}(?![\w@-])(?!\.\w)",
        ),
    ),
    cue=Cue(r"@\w[\w-]{0,62}\.", (b"@",)),
    context=("email", "mail", "e mail", "邮箱", "contact", "address"),
    validate=email,
    well_known=is_test_email,
    source="RFC 5321, RFC 2606",
)

CRYPTO = Entity(
    id="CRYPTO_WALLET",
    label="cryptocurrency address",
    pack=PACK,
    patterns=(
        EntityPattern("Bitcoin (base58)", bounded_pattern("13", "[1-9A-HJ-NP-Za-km-z]{25,34}"), 0.9),
        EntityPattern("Bitcoin (bech32)", "bc1(?<![0-9A-Za-z]...)[ac-hj-np-z02-9]{20,71}(?![0-9A-Za-z])", 0.9),
        EntityPattern("Bitcoin (BECH32)", "BC1(?<![0-9A-Za-z]...)[AC-HJ-NP-Z02-9]{20,71}(?![0-9A-Za-z])", 0.9),
        EntityPattern("Ethereum", "0x(?<![0-9A-Za-z]..)[0-9a-fA-F]{40}(?![0-9A-Za-z])", 0.3),
    ),
    cue=Cue(
        # The same as [13]…|bc1…|0x…, begun by one class: that is what the search can skip by.
        "[013bB](?:(?<=[13])[1-9A-HJ-NP-Za-km-z]{25}|(?<=b)c1[ac-hj-np-z02-9]{20}|(?<=B)C1[AC-HJ-NP-Z02-9]{20}"
        "|(?<=0)x[0-9a-fA-F]{40})",
        (b"w" * 23,),
        "runs",
    ),
    context=("wallet", "btc", "bitcoin", "eth", "ethereum", "crypto", "usdt", "wallet address", "钱包"),
    validate=wallet,
    well_known=known_values("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
                     "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
)  # fmt: skip

MEDICAL_RECORD = Entity(
    id="MEDICAL_RECORD_NUMBER",
    label="medical record number",
    pack=PACK,
    patterns=(EntityPattern("number", bounded_pattern("0-9A-Z", "(?:[A-Z]{0,3}-?)[0-9]{6,10}"), 0.2),),
    cue=digits(6),
    context=("mrn", "mrns", "medical record", "patient id", "patient number", "病历", "病历号", "住院号", "health record",
             "medical record number", "chart number"),
    validate=shape("written form valid"),
    strength=Strength.SHAPE,
)  # fmt: skip

PASSPORT = Entity(
    id="PASSPORT_NUMBER",
    label="passport number",
    pack=PACK,
    patterns=(EntityPattern("number", bounded_pattern("0-9A-Z", "[A-Z]?[0-9]{6,9}"), 0.15),),
    cue=digits(6),
    context=(
        "passport",
        "passport no",
        "passport number",
        "pasaporte",
        "passeport",
        "reisepass",
        "护照",
        "旅券",
    ),
    validate=shape("written form valid"),
    strength=Strength.SHAPE,
)

_IMEI_NAMES = ("imei", "device imei", "equipment identity")
_FIFTEEN_DIGITS = Form("15 digits", "0-9", "[0-9]{14}", 0.2)
IMEI = Entity(
    id="IMEI",
    label="mobile equipment identity (IMEI)",
    pack=PACK,
    patterns=(
        EntityPattern("15 digits", bounded_pattern("0-9", "[0-9]{14}"), 0.2),
        in_groups(_FIFTEEN_DIGITS, _IMEI_NAMES),
        without_zeros(_FIFTEEN_DIGITS, _IMEI_NAMES),
    ),
    cue=digits(11),
    context=_IMEI_NAMES,
    validate=pad_zeros(check("imei", "Luhn check valid"), [15]),
    strength=Strength.SHAPE,
)

ENTITIES: tuple[Entity, ...] = (CREDIT_CARD, IBAN, EMAIL, PHONE, CRYPTO, MEDICAL_RECORD, PASSPORT, IMEI)
