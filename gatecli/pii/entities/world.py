"""The United Kingdom, India, the rest of Asia, the Americas, Oceania and Africa."""

from __future__ import annotations

from datetime import date

from gatecli.pii.entities.national import BARE, national
from gatecli.pii.interface import Cue, Entity, Strength, ValidityEvidence
from gatecli.pii.patterns import digits
from gatecli.pii.validation import check_any, compact, distinct, known_values, shape, standard, weighted_sum

_DATED = "checksum and birth date valid"
_REFUSED_PREFIXES = frozenset({"BG", "GB", "NK", "KN", "TN", "NT", "ZZ"})


def nino(value: str) -> ValidityEvidence | None:
    """HMRC manual NIM39110: prefixes never allocated."""
    number = compact(value)
    if number[:2] in _REFUSED_PREFIXES or not distinct(number[2:8]):
        return None
    return ValidityEvidence("prefix and suffix valid")


# By the weighted sum modulo 11; the offsets of T, G (4) and M (3) are in the tables already.
_NRIC_LETTERS = {
    "S": "JZIHGFEDCBA",
    "T": "GFEDCBAJZIH",
    "F": "XWUTRQPNMLK",
    "G": "RQPNMLKXWUT",
    "M": "TRQPNJLKXWU",
}


def nric(value: str) -> ValidityEvidence | None:
    """The check letter of Singapore's NRIC and FIN, weights 2 7 6 5 4 3 2."""
    number = compact(value)
    total = weighted_sum(number[1:8], (2, 7, 6, 5, 4, 3, 2))
    expected = _NRIC_LETTERS[number[0]][total % 11]
    return ValidityEvidence("check letter valid") if number[8] == expected and distinct(number[1:8]) else None


_NEW_NUMBERS = "201005"
"""YYMMDD from which Korean numbers have six random digits behind the sex, and no check digit."""
_LAST_NUMBERS = "410101"
"""YYMMDD of nobody who lives: a constant, so that the same input gives the same verdict on any day."""


def korean(value: str) -> ValidityEvidence | None:
    """The check digit and the birth date; of who was born since October 2020 the date alone, in context."""
    number = compact(value)
    if standard("kr.rrn").is_valid(number):
        return ValidityEvidence(_DATED) if distinct(number) else None
    if (
        number[6] not in "3478"
        or not _NEW_NUMBERS <= number[:6] < _LAST_NUMBERS
        or not _is_date("20" + number[:6])
    ):
        return None
    return ValidityEvidence("birth date valid", BARE)


def _is_date(digits: str) -> bool:
    try:
        date.fromisoformat(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}")
    except ValueError:
        return False
    return True


def medicare(value: str) -> ValidityEvidence | None:
    """Weights 1 3 7 9 1 3 7 9 modulo 10, then the issue number."""
    number = compact(value)
    total = weighted_sum(number[:8], (1, 3, 7, 9, 1, 3, 7, 9))
    return (
        ValidityEvidence("checksum valid") if total % 10 == int(number[8]) and distinct(number[:8]) else None
    )


_NINO = "[A-CEGHJ-NPR-TW-Z]"

UNITED_KINGDOM: tuple[Entity, ...] = (
    national(
        "UK_NHS", "UK NHS number", "uk", "gb.nhs", digits(10),
        (("0-9", "[0-9]{2}[ -][0-9]{3}[ -][0-9]{4}", 0.45), ("0-9", "[0-9]{9}", 0.2)),
        ("nhs", "nhs number", "national health"), well_known=known_values("943 476 5919", "9434765919", "987 654 4321"),
    ),
    national(
        "UK_NINO", "UK National Insurance number", "uk", "", digits(6),
        (("A-CEGHJ-PR-TW-Z", f"{_NINO} ?[0-9]{{2}} ?[0-9]{{2}} ?[0-9]{{2}} ?[A-D]", 0.7),),
        ("nino", "national insurance", "ni number", "insurance number"), validate=nino,
        well_known=known_values("QQ123456C", "AB123456C"), strength=Strength.SHAPE, source="HMRC, NIM39110",
    ),
)  # fmt: skip

INDIA: tuple[Entity, ...] = (
    national(
        "IN_AADHAAR", "Indian Aadhaar number", "in", "in_.aadhaar", digits(12),
        (("2-9", "(?<![0-9][ -].)[0-9]{3}([ -])[0-9]{4}\\1[0-9]{4}(?![ -][0-9])", 0.7), ("2-9", "[0-9]{11}", 0.3)),
        ("aadhaar", "aadhar", "uidai", "uid number", "आधार", "aadhaar vid"), named=(("2-9", "[0-9]{15}"),), validate=check_any("in_.aadhaar", "in_.vid", words="Verhoeff check valid"),
        well_known=known_values("234123412346"),
    ),
    national(
        "IN_PAN", "Indian permanent account number (PAN)", "in", "in_.pan",
        Cue("[A-Za-z][ -]?[0-9]{4}", (b"A0000", b"a0000", b"A 0000", b"a 0000", b"A-0000", b"a-0000")),
        (("A-Z", "[A-Z]{2}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]", 0.6),
         ("A-Z", "[A-Z]{2}[ABCFGHJLPT][A-Z][ -]?[0-9]{4}[ -]?[A-Z]", BARE)),
        ("pan", "permanent account", "income tax", "pan card"), words="holder type valid", strength=Strength.SHAPE,
        well_known=known_values("ABCDE1234F", "AAAPL1234C"),
    ),
)  # fmt: skip

ASIA: tuple[Entity, ...] = (
    national(
        "KR_RRN", "Korean resident registration number", "asia", "kr.rrn", digits(13),
        (("0-9", "[0-9]{5}-[1-8][0-9]{6}", 0.85), ("0-9", "[0-9]{5}[1-8][0-9]{6}", 0.35)),
        ("주민등록번호", "rrn", "주민번호", "resident registration"), validate=korean,
    ),
    national(
        "JP_MY_NUMBER", "Japanese My Number", "asia", "jp.in_", digits(12),
        (("0-9", "[0-9]{3}[ -][0-9]{4}[ -][0-9]{4}", 0.35), ("0-9", "[0-9]{11}", 0.2)),
        ("my number", "mynumber", "マイナンバー", "個人番号", "kojin bango"),
    ),
    national(
        "SG_NRIC", "Singapore NRIC or FIN", "asia", "", digits(7), (("STFGM", "[0-9]{7}[A-Z]", 0.6),),
        ("nric", "fin", "singapore id", "identity card"), validate=nric, well_known=known_values("S1234567D"),
        source="ICA, check letter modulo 11",
    ),
    national(
        "TH_CITIZEN_ID", "Thai citizen identification number", "asia", "th.pin", digits(13),
        (("1-8", "-[0-9]{4}-[0-9]{5}-[0-9]{2}-[0-9]", 0.85), ("1-8", " [0-9]{4} [0-9]{5} [0-9]{2} [0-9]", 0.7), ("1-8", "[0-9]{12}", 0.2)),
        ("citizen id", "บัตรประชาชน", "เลขประจำตัว", "thai id"),
    ),
    national(
        "MY_NRIC", "Malaysian identity card number", "asia", "my.nric", digits(12),
        (("0-9", "[0-9]{5}-[0-9]{2}-[0-9]{4}", 0.6), ("0-9", "[0-9]{11}", 0.2)), ("mykad", "nric", "ic number", "kad pengenalan"),
        words="birth date and place valid",
    ),
    national(
        "ID_NIK", "Indonesian identity number (NIK)", "asia", "id.nik", digits(16), (("1-9", "[0-9]{15}", 0.4),),
        ("nik", "ktp", "nomor induk"), words="region and birth date valid",
    ),
    national(
        "IL_IDENTITY", "Israeli identity number", "asia", "il.idnr", digits(9), (("0-9", "[0-9]{8}", 0.2),),
        ("teudat zehut", "תעודת זהות", "israeli id"),
    ),
)  # fmt: skip

AMERICAS: tuple[Entity, ...] = (
    national(
        "BR_CPF", "Brazilian CPF", "americas", "br.cpf", digits(11),
        (("0-9", r"[0-9]{2}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}", 0.9), ("0-9", "[0-9]{10}", 0.3)),
        ("cpf", "cadastro de pessoas"), words="both check digits valid", well_known=known_values("123.456.789-09", "111.444.777-35"),
    ),
    national(
        "MX_CURP", "Mexican CURP", "americas", "mx.curp", digits(6),
        (("A-Z", "[AEIOUX][A-Z]{2}[0-9]{6}[HMX][A-Z]{5}[0-9A-Z][0-9]", 0.9),), ("curp",),
        words="checksum, birth date and state valid", strength=Strength.STRUCTURED,
        well_known=known_values("BOXW310820HNERXN09", "HEGG560427MVZRRL04"),
    ),
    national(
        "CA_SIN", "Canadian social insurance number", "americas", "ca.sin", digits(9),
        (("1-79", "[0-9]{2}[ -][0-9]{3}[ -][0-9]{3}", 0.45), ("1-79", "[0-9]{8}", 0.2)),
        ("sin", "social insurance", "nas", "assurance sociale"), words="Luhn check valid", well_known=known_values("046 454 286"),
    ),
    national(
        "AR_DNI_CUIT", "Argentine CUIT or CUIL", "americas", "ar.cuit", digits(11),
        (("23", "[0-9]-[0-9]{8}-[0-9]", 0.8), ("23", "[0-9]{10}", BARE)), ("cuit", "cuil", "dni"),
    ),
    national(
        "CL_RUT", "Chilean RUT", "americas", "cl.rut", digits(7),
        (("1-9", r"(?<![0-9]-.)[0-9]?\.[0-9]{3}\.[0-9]{3}-[0-9Kk]", 0.8), ("1-9", "[0-9]{6,7}-[0-9Kk]", 0.4)), ("rut", "run", "rol unico"),
        named=(("1-9", "[0-9]{6,7}[0-9K]"),), names=("rut", "rol unico"),
    ),
)  # fmt: skip

OCEANIA: tuple[Entity, ...] = (
    national(
        "AU_TFN", "Australian tax file number", "oceania", "au.tfn", digits(9),
        (("0-9", "[0-9]{2} [0-9]{3} [0-9]{3}", 0.4), ("0-9", "[0-9]{8}", 0.2)), ("tfn", "tax file", "tax file number"),
        well_known=known_values("123456782"),
    ),
    national(
        "AU_MEDICARE", "Australian Medicare number", "oceania", "", digits(10),
        (("2-6", "[0-9]{3} [0-9]{5} [0-9](?:[ /-]?[1-9])?", 0.45), ("2-6", "[0-9]{9,10}", 0.2)),
        ("medicare", "medicare number", "medicare card"), validate=medicare,
        source="Services Australia, Medicare card number check digit", well_known=known_values("2123456701", "2428778132"),
    ),
    national(
        "NZ_IRD", "New Zealand IRD number", "oceania", "nz.ird", digits(8),
        (("1-9", "[0-9]{1,2}-[0-9]{3}-[0-9]{3}", 0.4), ("1-9", "[0-9]{7,8}", 0.15)), ("ird", "inland revenue"),
    ),
)  # fmt: skip

AFRICA: tuple[Entity, ...] = (
    national(
        "ZA_IDENTITY", "South African identity number", "africa", "za.idnr", digits(13), (("0-9", "[0-9]{12}", 0.4),),
        ("sa id", "south african id", "identity"), words=_DATED, well_known=known_values("8001015009087", "7503305044089"),
    ),
    national(
        "EG_NATIONAL_ID", "Egyptian national number", "africa", "", digits(14), (("23", "[0-9]{13}", 0.15),),
        ("الرقم القومي", "egyptian id"), validate=shape("written form valid"), strength=Strength.SHAPE,
        source="Civil Status Organisation: century, birth date, governorate",
    ),
)  # fmt: skip

ENTITIES: tuple[Entity, ...] = UNITED_KINGDOM + INDIA + ASIA + AMERICAS + OCEANIA + AFRICA
