"""The United States."""

from __future__ import annotations

from gatecli.pii.entities.written_forms import Form, in_groups, pad_zeros, without_zeros
from gatecli.pii.interface import Cue, Entity, EntityPattern, Strength, ValidityEvidence
from gatecli.pii.patterns import bounded_pattern, digits
from gatecli.pii.validation import check, compact, known_values, luhn, shape

PACK = "us"
_PUBLISHED_SSNS = known_values("078-05-1120", "219-09-9999", "457-55-5462")


def _ssn(value: str) -> ValidityEvidence | None:
    """No area 000, 666 or 9xx, no group 00, no serial 0000 (SSA, "SSN randomization", 2011)."""
    number = compact(value)
    if len(number) != 9:
        return None
    if number[0] == "9" or number[:3] in {"000", "666"} or number[3:5] == "00" or number[5:] == "0000":
        return None
    if len(set(number)) == 1:
        return None
    return ValidityEvidence("area, group and serial valid")


def _npi(value: str) -> ValidityEvidence | None:
    """45 CFR 162.406: Luhn over the number behind the prefix 80840."""
    return ValidityEvidence("Luhn check valid") if luhn("80840" + compact(value)) else None


_NINE_DIGITS = Form("nine digits", "0-8", "[0-9]{8}", 0.25)
_SSN_NAMES = (
    "ssn", "ssns", "social security", "social security number", "ss number", "socialsecurity", "social security no",
)  # fmt: skip

SSN = Entity(
    id="US_SSN",
    label="US Social Security number",
    pack=PACK,
    patterns=(
        EntityPattern("with dashes", bounded_pattern("0-8", r"[0-9]{2}-[0-9]{2}-[0-9]{4}(?!-[0-9A-Za-z])(?<![0-9]-.{11})"), 0.85),
        EntityPattern("with spaces or dots", bounded_pattern("0-8", r"[0-9]{2}([ ./_])[0-9]{2}\1[0-9]{4}"), 0.4),
        _NINE_DIGITS.pattern(),
        EntityPattern("spread", bounded_pattern("0-8", "(?:[ ./_-]{0,3}[0-9]){8}"), 0.2),
        without_zeros(_NINE_DIGITS, _SSN_NAMES),
    ),
    cue=digits(7),
    context=(*_SSN_NAMES, "tax id", "taxpayer"),
    validate=pad_zeros(_ssn, [9]),
    well_known=_PUBLISHED_SSNS,
    strength=Strength.CHECKED,
    source="Social Security Administration, SSN randomization (2011)",
)  # fmt: skip

ITIN = Entity(
    id="US_ITIN",
    label="US individual taxpayer identification number",
    pack=PACK,
    patterns=(
        EntityPattern("with dashes", bounded_pattern("9", "[0-9]{2}-[0-9]{2}-[0-9]{4}(?!-)"), 0.75),
        EntityPattern("nine digits", bounded_pattern("9", "[0-9]{2}[ ]?[0-9]{2}[ ]?[0-9]{4}"), 0.25),
        in_groups(Form("nine digits", "9", "[0-9]{8}", 0.25), ("itin", "individual taxpayer", "tin", "ssn")),
    ),
    cue=digits(9),
    context=("itin", "taxpayer", "tax id", "individual taxpayer", "tin", "ssn"),
    validate=check("us.itin", "group valid"),
    strength=Strength.CHECKED,
)

_A, _AN = "[AC-HJKMNP-RT-Y]", "[0-9AC-HJKMNP-RT-Y]"
MBI = Entity(
    id="US_MBI",
    label="Medicare beneficiary identifier",
    pack=PACK,
    patterns=(
        EntityPattern(
            "with dashes", bounded_pattern("1-9", f"{_A}{_AN}[0-9]-{_A}{_AN}[0-9]-{_A}{{2}}[0-9]{{2}}"), 0.8
        ),
        EntityPattern(
            "compact", bounded_pattern("1-9", f"{_A}{_AN}[0-9]{_A}{_AN}[0-9]{_A}{{2}}[0-9]{{2}}"), 0.45
        ),
        EntityPattern(
            "small letters",
            bounded_pattern(
                "1-9",
                f"{_A}{_AN}[0-9][ -]?{_A}{_AN}[0-9][ -]?{_A}{{2}}[0-9]{{2}}".lower(),
            ),
            0.25,
        ),
        EntityPattern(
            "with spaces", bounded_pattern("1-9", f"{_A}{_AN}[0-9] {_A}{_AN}[0-9] {_A}{{2}}[0-9]{{2}}"), 0.25
        ),
    ),
    cue=Cue(
        f"[1-9](?:{_A}{_AN}[0-9][ -]?{_A}{_AN}[0-9]|{_A.lower()}{_AN.lower()}[0-9][ -]?{_A.lower()}{_AN.lower()}[0-9])",
        (b"0A00", b"0AA0", b"0a00", b"0aa0"),
    ),
    context=("mbi", "medicare", "beneficiary", "medicare number", "hic", "hicn"),
    well_known=known_values("1EG4-TE5-MK73", "1EG4-TE5-MK72"),
    strength=Strength.SHAPE,
    source="CMS, Understanding the Medicare Beneficiary Identifier (MBI) format",
)

NPI = Entity(
    id="US_NPI",
    label="US national provider identifier",
    pack=PACK,
    patterns=(EntityPattern("ten digits", bounded_pattern("12", "[0-9]{9}"), 0.2),),
    cue=digits(10),
    context=("npi", "provider identifier", "national provider", "provider npi"),
    validate=_npi,
    well_known=known_values("1234567893"),
    strength=Strength.SHAPE,
    source="45 CFR 162.406",
)

PASSPORT = Entity(
    id="US_PASSPORT",
    label="US passport number",
    pack=PACK,
    patterns=(EntityPattern("letter or digit and eight digits", bounded_pattern("A-Z0-9", "[0-9]{8}"), 0.2),),
    cue=digits(8),
    context=("passport", "passport no", "passport number", "travel document"),
    validate=shape("written form valid"),
    strength=Strength.SHAPE,
)

DRIVER_LICENSE = Entity(
    id="US_DRIVER_LICENSE",
    label="US driver's license number",
    pack=PACK,
    patterns=(EntityPattern("letter and digits", bounded_pattern("A-Z", "[0-9]{7,12}"), 0.2),),
    cue=digits(7),
    context=("driver license", "drivers license", "driver licence", "driving license", "dl number"),
    validate=shape("written form valid"),
    strength=Strength.SHAPE,
)

ENTITIES: tuple[Entity, ...] = (SSN, ITIN, MBI, NPI, PASSPORT, DRIVER_LICENSE)
