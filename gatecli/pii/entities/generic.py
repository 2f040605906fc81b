"""What is personal in every country: cards, accounts, mail addresses, telephones, wallets."""

from __future__ import annotations

from gatecli.pii.entities import generic_numbers as numbers
from gatecli.pii.interface import Cue, Entity, Pattern, Strength
from gatecli.pii.patterns import bounded, digits
from gatecli.pii.validation import check, known, shape

PACK = "generic"

CREDIT_CARD = Entity(
    id="CREDIT_CARD",
    label="payment card number",
    pack=PACK,
    patterns=(
        Pattern(
            "groups of four",
            bounded("2-9", r"[0-9]{3}(?:[ ./_-]{1,3}[0-9]{4}){3}(?:[ ./_-]{0,3}[0-9]{1,3})?(?!-[0-9A-Za-z])(?<![0-9]-.{19})"),
            0.9,
        ),
        Pattern("groups of 4, 6, 5 or 4", bounded("3", r"[0-9]{3}[ ./_-]{1,3}[0-9]{6}[ ./_-]{1,3}[0-9]{4,5}"), 0.9),
        Pattern("compact", bounded("2-9", "[0-9]{13,15}"), 0.6),
        Pattern("17 to 19 digits", bounded("2-9", "[0-9]{16,18}"), 0.3),
        Pattern("spread", bounded("2-9", "[ .-][0-9](?:[ .-][0-9]){12,17}"), 0.6),
    ),
    cue=digits(14),
    context=("card", "card number", "cardnumber", "credit", "credit card", "creditcard", "debit", "cc", "ccn", "pan",
             "visa", "mastercard", "amex", "payment", "信用卡", "卡号", "card no", "cc number"),
    negative_context=("id", "account id", "app id", "project id", "snowflake"),
    validate=numbers.card,
    well_known=numbers.is_test_card,
    strength=Strength.CHECKED,
    source="ISO/IEC 7812-1",
)  # fmt: skip

IBAN = Entity(
    id="IBAN_CODE",
    label="IBAN",
    pack=PACK,
    patterns=(
        Pattern("compact", bounded("A-Za-z", "[A-Za-z][0-9]{2}[A-Za-z0-9]{11,30}"), 0.95),
        Pattern("groups", bounded("A-Za-z", r"[A-Za-z][0-9]{2}(?:[ ._-][A-Za-z0-9]{4}){2,7}(?:[ ._-][A-Za-z0-9]{1,4})?"), 0.95),
    ),
    cue=digits(6),
    context=("iban", "bank", "account", "bank account", "konto", "kontonummer", "sepa"),
    validate=numbers.iban,
    well_known=known(
        "GB82WEST12345698765432", "GB29NWBK60161331926819", "DE89370400440532013000", "FR1420041010050500013M02606",
        "NL91ABNA0417164300", "ES9121000418450200051332", "IT60X0542811101000000123456", "CH9300762011623852957",
        "BE68539007547034", "AT611904300234573201", "GB33BUKB20201555555555", "SE4550000000058398257466",
        "NO9386011117947", "PL61109010140000071219812874", "DK5000400440116243", "IE29AIBK93115212345678",
        "FI2112345600000785", "PT50000201231234567890154",
    ),
    strength=Strength.STRUCTURED,
    source="ISO 13616-1",
)  # fmt: skip

EMAIL = Entity(
    id="EMAIL_ADDRESS",
    label="e-mail address",
    pack=PACK,
    patterns=(
        Pattern(
            "address",
            r"(?<![A-Za-z0-9.!#$%&'*+/=?^_`{|}~-])[A-Za-z0-9_.+!#$%&'*/=?^`{|}~-]{1,64}+@"
            r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,8}+[A-Za-z](?:[A-Za-z]{1,23}|n--[A-Za-z0-9-]{1,59})"
            r"(?![A-Za-z0-9@_-])",
            0.9,
        ),
        Pattern(
            "international address",
            r"(?<![\w.!#$%&'*+/=?^`{|}~-])[\w.+-]{1,64}+@(?:[\w](?:[\w-]{0,62})\.){1,8}+[^\W\d_]{2,24}(?![\w@-])",
            0.9,
        ),
    ),
    cue=Cue(r"@\w[\w-]{0,62}\.", (b"@",)),
    context=("email", "mail", "e mail", "邮箱", "contact", "address"),
    validate=numbers.email,
    well_known=numbers.is_test_email,
    source="RFC 5321, RFC 2606",
)

_NATIONAL = (
    "phone", "phone number", "tel", "telephone", "mobile", "cell", "cellphone", "contact", "fax", "call", "sms",
    "whatsapp", "hotline", "telefon", "telefono", "téléphone", "telefone", "celular", "handy", "电话", "手机",
    "電話", "전화", "telephone number", "mobile number", "msisdn", "phones",
)  # fmt: skip

PHONE = Entity(
    id="PHONE_NUMBER",
    label="telephone number",
    pack=PACK,
    patterns=(
        Pattern(
            "international",
            r"\+(?<![0-9A-Za-z+].)[1-9](?:[ ./()-]{0,2}[0-9]){6,14}(?![0-9A-Za-z])",
            0.75,
        ),
        Pattern("00 and country", bounded("0", "0[ -]?[1-9](?:[ ./()-]{0,2}[0-9]){7,13}"), 0.3),
        Pattern("(212) 456-7890", r"\([2-9][0-9]{2}\) ?[2-9][0-9]{2}[-. ][0-9]{4}(?![0-9A-Za-z-])", 0.7),
        Pattern(
            "212-456-7890",
            bounded("2-9", r"[0-9]{2}-[2-9][0-9]{2}-[0-9]{4}", before="0-9A-Za-z_/=.-", after="0-9A-Za-z_-"),
            0.6,
        ),
        Pattern("national", bounded("0-9", r"(?:[ ./()-]{0,2}[0-9]){6,12}", before="0-9A-Za-z+"), 0.2),
        Pattern(
            "national in brackets",
            r"\((?<![0-9A-Za-z+].)[0-9](?:[ ./()-]{0,2}[0-9]){6,12}(?![0-9A-Za-z])",
            0.2,
        ),
    ),
    cue=digits(7),
    context=_NATIONAL,
    negative_context=("version", "id", "date", "time"),
    validate=numbers.telephone,
    well_known=numbers.is_fictional_phone,
    strength=Strength.SHAPE,
    source="ITU E.164; phonenumbers",
)

CRYPTO = Entity(
    id="CRYPTO_WALLET",
    label="cryptocurrency address",
    pack=PACK,
    patterns=(
        Pattern("Bitcoin (base58)", bounded("13", "[1-9A-HJ-NP-Za-km-z]{25,34}"), 0.9),
        Pattern("Bitcoin (bech32)", "bc1(?<![0-9A-Za-z]...)[ac-hj-np-z02-9]{20,71}(?![0-9A-Za-z])", 0.9),
        Pattern("Ethereum", "0x(?<![0-9A-Za-z]..)[0-9a-fA-F]{40}(?![0-9A-Za-z])", 0.3),
    ),
    cue=Cue(
        # The same as [13]…|bc1…|0x…, begun by one class: that is what the search can skip by.
        "[013b](?:(?<=[13])[1-9A-HJ-NP-Za-km-z]{25}|(?<=b)c1[ac-hj-np-z02-9]{20}|(?<=0)x[0-9a-fA-F]{40})",
        (b"w" * 23,),
        "runs",
    ),
    context=("wallet", "btc", "bitcoin", "eth", "ethereum", "crypto", "usdt", "wallet address", "钱包"),
    validate=numbers.wallet,
    well_known=known("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
                     "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
)  # fmt: skip

MEDICAL_RECORD = Entity(
    id="MEDICAL_RECORD_NUMBER",
    label="medical record number",
    pack=PACK,
    patterns=(Pattern("number", bounded("0-9A-Z", "(?:[A-Z]{0,3}-?)[0-9]{6,10}"), 0.2),),
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
    patterns=(Pattern("number", bounded("0-9A-Z", "[A-Z]?[0-9]{6,9}"), 0.15),),
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

IMEI = Entity(
    id="IMEI",
    label="mobile equipment identity (IMEI)",
    pack=PACK,
    patterns=(Pattern("15 digits", bounded("0-9", "[0-9]{14}"), 0.2),),
    cue=digits(15),
    context=("imei", "device imei", "equipment identity"),
    validate=check("imei", "Luhn check valid"),
    strength=Strength.SHAPE,
)

ENTITIES: tuple[Entity, ...] = (CREDIT_CARD, IBAN, EMAIL, PHONE, CRYPTO, MEDICAL_RECORD, PASSPORT, IMEI)
