"""The European Union and the European Economic Area, Switzerland, Turkey."""

from __future__ import annotations

from datetime import date

from gatecli.pii.entities.national import BARE, WRITTEN, national
from gatecli.pii.interface import Cue, Entity, Strength, ValidityEvidence
from gatecli.pii.patterns import digits
from gatecli.pii.validation import check_any, check_as_written, distinct, known_values, luhn, standard

PACK = "eu"
_DATED = "checksum and birth date valid"
_COORDINATED = 60
"""What Sweden adds to the day of birth of who is not registered there."""


def swedish(value: str) -> ValidityEvidence | None:
    """A personal number, or a coordination number (Skatteverket, SKV 704)."""
    sign = "+" if "+" in value else "-"
    number = "".join(each for each in value if each.isdigit())
    number = f"{number[:-4]}{sign}{number[-4:]}"
    at = len(number) - 5
    day = number[at - 2 : at]
    if int(day) > _COORDINATED:
        number = f"{number[: at - 2]}{int(day) - _COORDINATED:02}{number[at:]}"
        return ValidityEvidence(_DATED) if _is_coordinated(value, number) else None
    return (
        ValidityEvidence(_DATED)
        if distinct(number) and standard("se.personnummer").is_valid(number)
        else None
    )


def _is_coordinated(value: str, as_born: str) -> bool:
    """The check digit is of the number as it is written, the date that of the birth."""
    digits = "".join(each for each in value if each.isdigit())[-10:]
    born = "".join(each for each in as_born if each.isdigit())[-10:-4]
    return luhn(digits) and _is_date(born)


def _is_date(digits: str) -> bool:
    """YYMMDD; the century does not matter, but for a day that few years have."""
    try:
        date(2000 + int(digits[:2]), int(digits[2:4]), int(digits[4:]))
    except ValueError:
        return False
    return True


SOUTH: tuple[Entity, ...] = (
    national(
        "ES_NIF", "Spanish tax number (NIF)", PACK, "es.dni", digits(8),
        (("0-9", "[0-9]{7}-?[A-HJ-NP-TV-Z]", 0.5), ("0-9", r"[0-9]\.[0-9]{3}\.[0-9]{3}[- ]?[A-HJ-NP-TV-Z]", WRITTEN)),
        ("nif", "dni", "documento"), named=(("KLM", "[0-9]{7}[A-HJ-NP-TV-Z]"),), validate=check_any("es.dni", "es.nif", words="check letter valid"),
        well_known=known_values("12345678Z", "00000000T"),
    ),
    national(
        "ES_NIE", "Spanish foreigner number (NIE)", PACK, "es.nie", digits(7),
        (("XYZ", "-?[0-9]{7}-?[A-HJ-NP-TV-Z]", 0.6),), ("nie", "extranjero"), well_known=known_values("X1234567L"),
    ),
    national(
        "IT_FISCAL_CODE", "Italian codice fiscale", PACK, "it.codicefiscale",
        Cue("[0-9]{2}[A-EHLMPR-Ta-ehlmpr-t][0-9][0-9LMNP-Vlmnp-v][ :-]?[A-Za-z]", (b"00A0", b"00a0")),
        (("A-Za-z", "[A-Za-z]{5} ?[0-9]{2}[A-EHLMPR-Ta-ehlmpr-t][0-9][0-9LMNP-Vlmnp-v] ?"
          "[A-Za-z][0-9LMNP-Vlmnp-v]{3}[A-Za-z]", 0.9),
         ("A-Za-z", "[A-Za-z]{2}[ :-]?[A-Za-z]{3}[ :-]?[0-9]{2}[A-EHLMPR-Ta-ehlmpr-t][0-9][0-9LMNP-Vlmnp-v][ :-]?"
          "[A-Za-z][0-9LMNP-Vlmnp-v]{3}[A-Za-z]", BARE)),
        ("codice fiscale", "fiscale", "cf"), words=_DATED, strength=Strength.STRUCTURED,
        well_known=known_values("RSSMRA85M01H501Z", "RSSMRA80A01H501U"),
    ),
    national(
        "PT_NIF", "Portuguese tax number (NIF)", PACK, "pt.nif", digits(9),
        (("1-35689", "[0-9]{2} ?[0-9]{3} ?[0-9]{3}", BARE),), ("nif", "contribuinte", "numero fiscal"),
        well_known=known_values("123456789"),
    ),
    national(
        "PT_CITIZEN_CARD", "Portuguese citizen card number", PACK, "pt.cc", digits(9),
        (("0-9", "[0-9]{7} ?[0-9] ?[A-Z0-9]{2}[0-9]", 0.3),), ("cartao de cidadao", "cartao", "citizen card"),
    ),
    national(
        "GR_AMKA", "Greek social security number (AMKA)", PACK, "gr.amka", digits(11),
        (("0-3", "[0-9]{10}", BARE),), ("amka", "αμκα"), words=_DATED,
    ),
    national(
        "HR_OIB", "Croatian OIB", PACK, "hr.oib", digits(11), (("0-9", "[0-9]{10}", BARE),), ("oib",),
    ),
    national(
        "SI_EMSO", "Slovenian EMŠO", PACK, "si.emso", digits(13), (("0-3", "[0-9]{12}", 0.35),), ("emso", "emšo"),
        words=_DATED,
    ),
    national(
        "TR_NATIONAL_ID", "Turkish identification number", PACK, "tr.tckimlik", digits(11),
        (("1-9", "[0-9]{10}", 0.3),), ("kimlik", "tckn", "tc kimlik", "tc no", "vatandas"),
        words="both check digits valid", well_known=known_values("10000000146", "11111111110"),
    ),
)  # fmt: skip

WEST: tuple[Entity, ...] = (
    national(
        "DE_TAX_ID", "German tax identification number", PACK, "de.idnr", digits(11),
        (("1-9", "[0-9] [0-9]{3} [0-9]{3} [0-9]{3}", WRITTEN), ("1-9", "[0-9]{10}", BARE)),
        ("steuer", "steuer id", "steueridentifikationsnummer", "idnr", "steuernummer", "steuerid", "tin"),
        words="checksum and digit pattern valid", well_known=known_values("36574261809", "86095742719"),
    ),
    national(
        "FR_NIR", "French social security number (NIR)", PACK, "fr.nir", digits(8),
        (("12", "[0-9]{4}[0-9AB][0-9]{8}", 0.6),
         ("12", "[ .]?[0-9]{2}[ .]?[0-9]{2}[ .]?[0-9][0-9AB][ .]?[0-9]{3}[ .]?[0-9]{3}[ .-]?[0-9]{2}", 0.6)),
        ("nir", "securite sociale", "sécurité sociale", "insee", "secu", "numero de securite"),
    ),
    national(
        "NL_BSN", "Dutch citizen service number (BSN)", PACK, "nl.bsn", digits(8),
        (("0-9", r"[0-9]{3}\.?[0-9]{2}\.?[0-9]{3}", BARE), ("0-9", "[0-9]{7}", 0.15)),
        ("bsn", "burgerservicenummer", "sofinummer", "sofi"), well_known=known_values("111222333", "123456782"),
    ),
    national(
        "BE_NATIONAL_NUMBER", "Belgian national number", PACK, "be.nn", digits(11),
        (("0-9", r"[0-9]\.[0-9]{2}\.[0-9]{2}-[0-9]{3}[.-][0-9]{2}", 0.8), ("0-9", "[0-9]{10}", 0.3)),
        ("rijksregister", "rijksregisternummer", "niss", "insz", "registre national", "numero national", "bis",
         "bisnummer"), validate=check_any("be.nn", "be.bis", words=_DATED),
    ),
    national(
        "AT_SOCIAL_SECURITY", "Austrian social insurance number", PACK, "at.vnr", digits(10),
        (("1-9", "[0-9]{3} [0-9]{6}", 0.4), ("1-9", "[0-9]{9}", BARE)),
        ("svnr", "sozialversicherung", "sozialversicherungsnummer", "versicherungsnummer"), words=_DATED,
    ),
    national(
        "CH_AHV", "Swiss social security number (AHV)", PACK, "ch.ssn", digits(13),
        (("7", r"56\.[0-9]{4}\.[0-9]{4}\.[0-9]{2}", 0.9), ("7", "56[0-9]{10}", 0.55)),
        ("ahv", "avs", "ahvn", "sozialversicherungsnummer", "oasi"), well_known=known_values("756.9217.0769.85"),
    ),
    national(
        "IE_PPS", "Irish personal public service number", PACK, "ie.pps", digits(7),
        (("0-9", "[0-9]{6}[A-W][A-IW]?", 0.4),), ("pps", "ppsn", "pps number"), well_known=known_values("1234567T"),
    ),
)  # fmt: skip

NORTH: tuple[Entity, ...] = (
    national(
        "SE_PERSONAL_NUMBER", "Swedish personal identity number", PACK, "se.personnummer", digits(10),
        (("0-9", "[0-9]{5}[-+][0-9]{4}", 0.6), ("12", "[0-9]{7}[-+][0-9]{4}", 0.7), ("12", "[0-9]{11}", 0.35),
         ("0-9", "[0-9]{9}", BARE)),
        ("personnummer", "samordningsnummer", "pnr"), validate=swedish, well_known=known_values("811228-9874", "19121212-1212"),
    ),
    national(
        "FI_PERSONAL_CODE", "Finnish personal identity code", PACK, "fi.hetu", digits(6),
        (("0-3", "[0-9]{5}[-+A-FU-Y][0-9]{3}[0-9A-FHJ-NPR-Y]", 0.75),), ("hetu", "henkilotunnus", "henkilötunnus"),
        validate=check_as_written("fi.hetu", _DATED), strength=Strength.STRUCTURED, well_known=known_values("131052-308T"),
    ),
    national(
        "DK_CPR", "Danish CPR number", PACK, "dk.cpr", digits(10),
        (("0-3", "[0-9]{5}-[0-9]{4}", 0.45), ("0-3", "[0-9]{9}", 0.2)), ("cpr", "personnummer", "cpr nummer"),
        words="birth date valid",
    ),
    national(
        "NO_BIRTH_NUMBER", "Norwegian birth number", PACK, "no.fodselsnummer", digits(11),
        (("0-7", "[0-9]{5}[ .-]?[0-9]{5}", 0.35), ("0-7", "[0-9]([ .])[0-9]{2}\\1[0-9]{2}[ -][0-9]{5}", 0.4)), ("fodselsnummer", "fødselsnummer", "fnr", "personnummer"),
        words="both check digits and birth date valid",
    ),
    national(
        "EE_PERSONAL_CODE", "Estonian personal code", PACK, "ee.ik", digits(11), (("1-8", "[0-9]{10}", 0.3),),
        ("isikukood", "ik"), words=_DATED,
    ),
    national(
        "LT_PERSONAL_CODE", "Lithuanian personal code", PACK, "lt.asmens", digits(11), (("1-6", "[0-9]{10}", 0.3),),
        ("asmens", "asmens kodas"), words=_DATED,
    ),
    national(
        "LV_PERSONAL_CODE", "Latvian personal code", PACK, "lv.pvn", digits(11), (("0-3", "[0-9]{5}-?[0-9]{5}", 0.3),),
        ("personas kods", "personas"), words=_DATED,
    ),
    national(
        "IS_KENNITALA", "Icelandic kennitala", PACK, "is_.kennitala", digits(10), (("0-7", "[0-9]{5}-?[0-9]{4}", 0.3),),
        ("kennitala",), words=_DATED,
    ),
)  # fmt: skip

EAST: tuple[Entity, ...] = (
    national(
        "PL_PESEL", "Polish PESEL", PACK, "pl.pesel", digits(11), (("0-9", "[0-9]{10}", 0.3),), ("pesel",), words=_DATED,
        well_known=known_values("44051401359", "44051401458"),
    ),
    national(
        "CZ_BIRTH_NUMBER", "Czech or Slovak birth number", PACK, "cz.rc", digits(9),
        (("0-9", "[0-9]{5}/[0-9]{3,4}", 0.6), ("0-9", "[0-9]{9}", 0.2)),
        ("rodne cislo", "rodné číslo", "rodne", "rc"), named=(("0-9", "[0-9]{8}"),), names=("rodne cislo", "rodné číslo", "rodne"), words="checksum and birth date valid",
    ),
    national(
        "RO_CNP", "Romanian CNP", PACK, "ro.cnp", digits(13), (("1-9", "[0-9]{12}", 0.4),),
        ("cnp", "cod numeric personal"), words="checksum, county and birth date valid",
    ),
    national(
        "BG_EGN", "Bulgarian EGN", PACK, "bg.egn", digits(10), (("0-9", "[0-9]{9}", BARE),), ("egn", "егн"), words=_DATED,
    ),
)  # fmt: skip

ENTITIES: tuple[Entity, ...] = SOUTH + WEST + NORTH + EAST
