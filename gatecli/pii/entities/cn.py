"""China: mainland, Hong Kong, Macau and Taiwan; check digits, dates and divisions of their numbers."""

from __future__ import annotations

from datetime import date
from functools import cache

from gatecli.pii.entities.written_forms import Form, in_groups
from gatecli.pii.interface import Cue, Entity, EntityPattern, Strength, ValidityEvidence
from gatecli.pii.patterns import ANY_SEPARATOR, bounded_pattern, digits
from gatecli.pii.validation import compact, distinct, known_values, luhn, parse_phone, shape, standard

EARLIEST_BIRTH = 1900
LATEST_BIRTH = 2040
"""A constant, so that the same input gives the same verdict on any day."""

_RESIDENT_PERMITS = {"810000": "Hong Kong", "820000": "Macau", "830000": "Taiwan"}


@cache
def division(code: str) -> str | None:
    """`county` or `province` for a code of GB/T 2260, current or historic; None for neither.

    The year is not compared: who registered late bears the code of that later year.
    """
    if code in _RESIDENT_PERMITS:
        return "county"
    found = standard("numdb").get("cn/loc").info(code)
    held = {key for _part, properties in found for key in properties}
    return "county" if "county" in held else "province" if "province" in held else None


def _is_birth_date(year: str, month: str, day: str) -> bool:
    if not EARLIEST_BIRTH <= int(year) <= LATEST_BIRTH:
        return False
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def resident_id(value: str) -> ValidityEvidence | None:
    """GB 11643-1999: ISO 7064 MOD 11-2, birth date, administrative division."""
    number = compact(value)
    if number[-1] != standard("cn.ric").calc_check_digit(number):
        return None
    if not _is_birth_date(number[6:10], number[10:12], number[12:14]):
        return None
    match division(number[:6]):
        case "county":
            return ValidityEvidence("checksum, region and birth date valid")
        case "province":
            return ValidityEvidence("checksum, province and birth date valid", 0.75)
        case _:
            return None


def old_resident_id(value: str) -> ValidityEvidence | None:
    """The 15-digit form issued until 1999: no check digit, births of the 20th century."""
    number = compact(value)
    if division(number[:6]) != "county" or not _is_birth_date(
        "19" + number[6:8], number[8:10], number[10:12]
    ):
        return None
    return ValidityEvidence("region and birth date valid")


def bank_card(value: str) -> ValidityEvidence | None:
    """A UnionPay number: ISO/IEC 7812-1 with an issuer that begins with 62."""
    number = compact(value)
    return ValidityEvidence("Luhn check and issuer valid") if distinct(number[2:]) and luhn(number) else None


def mobile(value: str) -> ValidityEvidence | None:
    """A mainland mobile number; round numbers and sizes in bytes are none."""
    number = compact(value).lstrip("+")[-11:]
    if int(number) % 1000 == 0 or int(number) % 4096 == 0:
        return None
    if not number.startswith("1") or parse_phone(number, "CN") is None:
        return None
    return ValidityEvidence("valid number of CN")


def hong_kong_id(value: str) -> ValidityEvidence | None:
    """One or two letters, six digits, a check character modulo 11 with A for ten."""
    number = compact(value)
    letters, check = number[:-7], number[-1]
    values = [36] * (2 - len(letters)) + [int(letter, 36) for letter in letters]
    values += [int(digit) for digit in number[-7:-1]] + [10 if check == "A" else int(check)]
    weights = (9, 8, 7, 6, 5, 4, 3, 2, 1)
    total = sum(a * b for a, b in zip(values, weights, strict=True))
    return ValidityEvidence("checksum valid") if total % 11 == 0 and distinct(number[-7:]) else None


_TAIWAN_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"


def taiwan_id(value: str) -> ValidityEvidence | None:
    """A letter (10 to 35 in the order of registration offices), nine digits, modulo 10."""
    number = compact(value)
    prefix = _TAIWAN_LETTERS.index(number[0]) + 10
    digits = [prefix // 10, prefix % 10, *map(int, number[1:])]
    weights = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
    total = sum(a * b for a, b in zip(digits, weights, strict=True))
    return ValidityEvidence("checksum valid") if total % 10 == 0 and distinct(number[2:]) else None


def social_credit_code(value: str) -> ValidityEvidence | None:
    """GB 32100-2015: a company's, known so that it is never taken for a person's."""
    return ValidityEvidence("checksum valid") if standard("cn.uscc").is_valid(compact(value)) else None


PACK = "cn"
_S = ANY_SEPARATOR
_PERSON = ("身份证", "证件号", "证件号码", "公民身份", "id card", "id number", "identity card", "resident id", "sfz",
           "shenfenzheng", "customer id", "national id", "idcard", "citizen id")  # fmt: skip


def _spread(*classes: str) -> str:
    return "".join(_S + item for item in classes)


_YEAR = f"(?:1{_S}9|2{_S}0){_S}[0-9]{_S}[0-9]"
_MONTH = f"(?:0{_S}[1-9]|1{_S}[0-2])"
_DAY = f"(?:0{_S}[1-9]|[12]{_S}[0-9]|3{_S}[01])"
_REGION = _spread(*["[0-9]"] * 5)

RESIDENT_ID = Entity(
    id="CN_RESIDENT_ID",
    label="Chinese resident ID",
    pack=PACK,
    patterns=(
        EntityPattern(
            "18 characters",
            # The MOD 11-2 number is taken out of letters too ("SFZ110101…"): it proves itself.
            r"[1-9](?<![0-9].)(?<![0-9]\..)"
            f"{_REGION}{_S}{_YEAR}{_S}{_MONTH}{_S}{_DAY}{_spread('[0-9]', '[0-9]', '[0-9]', '[0-9Xx]')}"
            r"(?![0-9])(?!\.[0-9]{0,9}[1-9])",
            0.99,
        ),
    ),
    cue=digits(17),
    context=_PERSON,
    validate=resident_id,
    well_known=known_values(
        "11010519491231002X", "110101199003077934", "34052419800101001X", "440524188001010014"
    ),
    strength=Strength.STRUCTURED,
    source="GB 11643-1999; ISO 7064 MOD 11-2; GB/T 2260",
)

OLD_RESIDENT_ID = Entity(
    id="CN_RESIDENT_ID_15",
    label="Chinese resident ID (15 digits)",
    pack=PACK,
    patterns=(
        EntityPattern(
            "15 digits",
            bounded_pattern(
                "1-9", "[0-9]{5}[ -]?[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[ -]?[0-9]{3}"
            ),
            0.55,
        ),
        EntityPattern(
            # The numbers of a drawing make one by chance: without a check digit it takes a word.
            "15 digits, divided",
            bounded_pattern(
                "1-9", f"{_REGION}{_spread('[0-9]', '[0-9]')}{_S}{_MONTH}{_S}{_DAY}{_spread(*['[0-9]'] * 3)}"
            ),
            0.3,
        ),
    ),
    cue=digits(15),
    context=_PERSON,
    validate=old_resident_id,
    strength=Strength.SHAPE,
    source="GB 11643-1989",
)

SOCIAL_CREDIT_CODE = Entity(
    id="CN_SOCIAL_CREDIT_CODE",
    label="Chinese unified social credit code",
    pack="company",
    patterns=(
        EntityPattern(
            "18 characters",
            bounded_pattern("1-9A-HJ-NP-RT-UW-Y", "[1-9A-G][0-9]{6}[0-9A-HJ-NP-RT-UW-Y]{10}"),
            0.9,
        ),
    ),
    cue=digits(6),
    validate=social_credit_code,
    source="GB 32100-2015",
    default=False,
)

BANK_CARD = Entity(
    id="CN_BANK_CARD",
    label="Chinese bank card number",
    pack=PACK,
    patterns=(
        EntityPattern(
            "groups of four",
            bounded_pattern("6", r"2[0-9]{2}(?:[ ./_-]{1,3}[0-9]{4}){3}(?:[ ./_-]{0,3}[0-9]{1,3})?"),
            0.9,
        ),
        EntityPattern("compact", bounded_pattern("6", "2[0-9]{14,17}"), 0.7),
        EntityPattern("spread", bounded_pattern("6", r"[ .-]2(?:[ .-][0-9]){14,17}"), 0.7),
    ),
    cue=digits(16),
    context=(
        "银行卡",
        "银行账号",
        "卡号",
        "bank card",
        "card number",
        "card no",
        "bank account",
        "debit card",
        "pan",
    ),
    validate=bank_card,
    well_known=known_values(
        "6200000000000005", "6200000000000047", "6212345678901265", "6222021234567890128"
    ),
    source="ISO/IEC 7812-1; UnionPay issuers 62",
)

MOBILE = Entity(
    id="CN_MOBILE_NUMBER",
    label="Chinese mobile number",
    pack=PACK,
    patterns=(
        EntityPattern("+86", r"\+86[ -]?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}(?![0-9])", 0.9),
        EntityPattern("86 or 0086", bounded_pattern("08", "(?:086|6)[ -]1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}"), 0.7),
        EntityPattern("groups of four", bounded_pattern("1", "[3-9][0-9]([ -])[0-9]{4}\\1[0-9]{4}"), 0.6),
        EntityPattern("compact", bounded_pattern("1", "[3-9][0-9]{9}", before="0-9A-Za-z._/+#=@%&-", after="0-9A-Za-z_/@%-"), 0.55),
        EntityPattern("inside text", bounded_pattern("1", "[3-9](?:[ ._-]{0,3}[0-9]){9}"), 0.3),
    ),
    cue=digits(11),
    context=("手机", "手机号", "电话", "联系方式", "联系电话", "mobile", "phone", "tel", "telephone", "cell", "contact",
             "whatsapp", "wechat", "sms", "phone number", "mobile number", "shouji"),
    negative_context=("id", "count", "limit", "version", "serial", "counter", "total", "max", "min", "interval"),
    validate=mobile,
    well_known=known_values("13800138000", "13800000000", "13912345678", "13812345678", "+8613800138000"),
    source="ITU E.164 numbering plan of China",
)  # fmt: skip

HONG_KONG_ID = Entity(
    id="HK_IDENTITY_CARD",
    label="Hong Kong identity card number",
    pack=PACK,
    patterns=(
        EntityPattern(
            "check digit in brackets",
            bounded_pattern("A-Z", r"[A-Z]?[0-9]{6}\([0-9A]\)", after="0-9A-Za-z"),
            0.85,
        ),
        EntityPattern("compact", bounded_pattern("A-Z", "[A-Z]?[0-9]{6}[0-9A]"), 0.3),
        EntityPattern("small letters", bounded_pattern("a-z", r"[a-z]?[0-9]{6}(?:\([0-9a]\)|[0-9a])"), 0.25),
        EntityPattern(
            "in groups",
            bounded_pattern("A-Za-z", r"[A-Za-z]?[ -]?[0-9]{3}[ -]?[0-9]{3}[ -]?(?:\([0-9Aa]\)|[0-9Aa])"),
            0.25,
        ),
    ),
    cue=digits(6),
    context=(
        "hkid",
        "香港身份证",
        "香港身份證",
        "身份證",
        "身份证",
        "identity card",
        "hong kong id",
        "id card",
        "hk id",
    ),
    validate=hong_kong_id,
    well_known=known_values("A123456(3)", "Z683365(5)"),
)

_TAIWAN_NAMES = (
    "身分證", "身份證", "身分证", "身份证", "national id", "id number", "taiwan id", "居留證", "id card",
)  # fmt: skip
TAIWAN_ID = Entity(
    id="TW_NATIONAL_ID",
    label="Taiwan national ID",
    pack=PACK,
    patterns=(
        EntityPattern("letter and nine digits", bounded_pattern("A-Z", "[1289][0-9]{8}"), 0.5),
        EntityPattern("small letter and nine digits", bounded_pattern("a-z", "[1289][0-9]{8}"), 0.25),
        in_groups(Form("letter and nine digits", "A-Za-z", "[1289][0-9]{8}", 0.25), _TAIWAN_NAMES),
    ),
    cue=digits(9),
    context=_TAIWAN_NAMES,
    validate=taiwan_id,
    well_known=known_values("A123456789"),
)

PASSPORT = Entity(
    id="CN_PASSPORT",
    label="Chinese passport number",
    pack=PACK,
    patterns=(
        EntityPattern(
            "E and eight characters", bounded_pattern("EGDSPH", "(?:[A-HJ-NP-Z][0-9]{7}|[0-9]{8})"), 0.3
        ),
    ),
    cue=digits(7),
    context=("护照", "passport", "passport no", "passport number", "huzhao"),
    validate=shape("written form valid"),
    strength=Strength.SHAPE,
)

PERMIT = Entity(
    id="CN_EXIT_ENTRY_PERMIT",
    label="exit-entry permit for Hong Kong, Macau or Taiwan",
    pack=PACK,
    patterns=(
        EntityPattern("home return permit", bounded_pattern("HM", "[0-9]{8}(?:[0-9]{2})?"), 0.3),
        EntityPattern("exit-entry permit", bounded_pattern("CLTW", "(?:[A-HJ-NP-Z][0-9]{7}|[0-9]{8})"), 0.3),
        EntityPattern("Taiwan compatriot permit", bounded_pattern("0-9", "[0-9]{7}(?:[0-9]{2})?"), 0.2),
    ),
    cue=digits(7),
    context=("通行证", "通行證", "回乡证", "回鄉證", "台胞证", "台胞證", "港澳通行", "home return permit", "exit entry permit",
             "mainland travel permit", "travel permit"),
    validate=shape("written form valid"),
    strength=Strength.SHAPE,
)  # fmt: skip

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
PLATE = Entity(
    id="CN_VEHICLE_PLATE",
    label="Chinese vehicle plate",
    pack=PACK,
    patterns=(
        EntityPattern(
            "plate",
            f"[{_PROVINCES}][A-HJ-NP-Z][ ·.-]?(?:[A-HJ-NP-Z0-9]{{4}}[A-HJ-NP-Z0-9挂学警港澳]|[DF][A-HJ-NP-Z0-9][0-9]{{4}}"
            "|[0-9]{5}[DF])(?![0-9A-Za-z])",
            0.6,
        ),
    ),
    cue=Cue(f"[{_PROVINCES}][A-HJ-NP-Z]"),
    context=("车牌", "车牌号", "plate", "license plate", "vehicle"),
    strength=Strength.SHAPE,
    source="GA 36-2018",
)

ENTITIES: tuple[Entity, ...] = (
    RESIDENT_ID,
    BANK_CARD,
    MOBILE,
    HONG_KONG_ID,
    TAIWAN_ID,
    OLD_RESIDENT_ID,
    PASSPORT,
    PERMIT,
    PLATE,
    SOCIAL_CREDIT_CODE,
)
