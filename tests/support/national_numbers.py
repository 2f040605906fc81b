"""Numbers of persons and accounts as python-stdnum knows them: valid ones from seeds, however written.

A kind is a row of `KINDS`. Its template is filled at random until python-stdnum finds the number valid, so
that no check digit is computed here, and none by the engine.
"""

from __future__ import annotations

import datetime as dt
import random
import re
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

SEPARATORS = " -./:_"
"""What people divide a number by. A comma divides the values of a list, an asterisk hides them."""
_PART = re.compile(r"%[a-zA-Z]|\[[^\]]+\]|\([^)]+\)|.")
_TRIES = 200_000


def _never(_number: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of number: the entity that finds it, the modules that know it, a name that tells it.

    `template` is filled at random: `#` is a digit, `@` a capital, `[…]` a class, `(…|…)` a choice, `%y` a
    part of a date of birth. `cards` are the ways it is printed, `#` for each character. `also_valid` knows
    numbers that the modules do not.
    """

    entity: str
    modules: str
    key: str
    template: str
    cards: tuple[str, ...] = ()
    also_valid: Callable[[str], bool] = _never
    label: str = ""

    def is_valid(self, number: str) -> bool:
        """Whether one of the modules knows it, or `also_valid` does."""
        return any(module(name).is_valid(number) for name in self.modules.split()) or self.also_valid(number)

    @property
    def name(self) -> str:
        """What tells it from other kinds."""
        return self.label or self.entity

    @property
    def may_lose_zeros(self) -> bool:
        """Whether a spreadsheet takes it for a number, and some begin with zeros."""
        return re.fullmatch(r"[0-9#%ymd@]+", self.template) is not None and self.template[0] in "#%"


def _is_new_korean(number: str) -> bool:
    """Born since October 2020: no check digit."""
    return number[6] in "3478" and "201005" <= number[:6] < "410101" and _is_date("20" + number[:6])


def _is_date(digits: str) -> bool:
    try:
        dt.datetime.strptime(digits, "%Y%m%d")  # noqa: DTZ007 - a day, no time
    except ValueError:
        return False
    return True


@cache
def module(name: str) -> Any:
    return import_module(f"stdnum.{name}")


def _fill(template: str, seed: random.Random) -> str:
    born = dt.date(1930, 1, 1) + dt.timedelta(days=seed.randrange(33_000))
    return "".join(_fill_part(part, born, seed) for part in _PART.findall(template))


def _fill_part(part: str, born: dt.date, seed: random.Random) -> str:
    if part == "#":
        return seed.choice(string.digits)
    if part == "@":
        return seed.choice(string.ascii_uppercase)
    if part[0] == "[":
        return seed.choice(_members(part))
    if part[0] == "(":
        return _fill(seed.choice(part[1:-1].split("|")), seed)
    return born.strftime(part) if part[0] == "%" else part


@cache
def _members(part: str) -> str:
    return "".join(each for each in string.printable if re.fullmatch(part, each))


def valid_numbers(kind: Kind, count: int, *, zero: bool = False) -> Iterator[str]:
    """`count` valid numbers in their compact form; with `zero`, such as begin with one."""
    seed = random.Random(f"{kind.name}{zero}")  # noqa: S311 - a seed, no secret
    template = "0" + kind.template[1:] if zero and kind.template[0] == "#" else kind.template
    found = 0
    for _ in range(_TRIES):
        number = _fill(template, seed)
        if kind.is_valid(number) and (not zero or number[0] == "0"):
            found += 1
            yield number
        if found == count:
            return
    raise AssertionError(f"{kind.name}: {found} numbers of {count} after {_TRIES} tries")


def wrong_numbers(kind: Kind, count: int) -> Iterator[str]:
    """Valid numbers of which one digit was changed, and that are invalid then."""
    seed = random.Random(f"{kind.name} wrong")  # noqa: S311 - a seed, no secret
    for number in valid_numbers(kind, count):
        for _ in range(400):
            at = seed.randrange(len(number))
            if not number[at].isdigit():
                continue
            digit = seed.choice([each for each in string.digits if each != number[at]])
            wrong = number[:at] + digit + number[at + 1 :]
            if not kind.is_valid(wrong):
                yield wrong
                break


def _mask(number: str, card: str) -> str:
    """The number as a card prints it; "" where it has another length."""
    if card.count("#") != len(number):
        return ""
    rest = iter(number)
    return "".join(next(rest) if each == "#" else each for each in card)


def spellings(kind: Kind, number: str) -> Iterator[tuple[str, str]]:
    """Every form of a number by its name: compact, as python-stdnum formats it, as cards print it."""
    yield "compact", number
    groups = [(f"card {card}", _mask(number, card)) for card in kind.cards]
    first = module(kind.modules.split()[0]) if kind.modules else None
    if first is not None and hasattr(first, "format"):
        groups.append(("format()", first.format(number)))
    groups = [(name, text) for name, text in groups if text and text != number]
    yield from groups
    if first is not None and groups and hasattr(first, "compact"):
        text = groups[-1][1]
        for mark in SEPARATORS:
            other = re.sub(r"(?<=[0-9A-Za-z])[^0-9A-Za-z]+(?=[0-9A-Za-z])", mark, text)
            if first.compact(other) == first.compact(number):
                yield f"grouped by {mark!r}", other
    for name, text in [("compact", number), *groups]:
        if text.lower() != text:
            yield f"{name}, small", text.lower()


KINDS: tuple[Kind, ...] = (
    Kind(
        "ES_NIF", "es.dni", "dni", "########@", ("########-#", "##.###.###-#", "##.###.### #", "######## #")
    ),
    Kind(
        "ES_NIF", "es.nif", "nif", "[KLM]#######@", ("#-#######-#",), label="ES_NIF of minors and foreigners"
    ),
    Kind("ES_NIE", "es.nie", "nie", "[XYZ]#######@", ("#-#######-#", "# ####### #", "#-########")),
    Kind(
        "IT_FISCAL_CODE",
        "it.codicefiscale",
        "codice_fiscale",
        "@@@@@@%y[ABCDEHLMPRST](0[1-9]|[12456]#)@###@",
        ("### ### ##### #####", "###-###-#####-#####", "###### ##### #####"),
    ),
    Kind("PT_NIF", "pt.nif", "nif", "[1-35689]########", ("### ### ###", "###.###.###")),
    Kind(
        "PT_CITIZEN_CARD",
        "pt.cc",
        "cartao_de_cidadao",
        "########[0-9][A-Z0-9][A-Z0-9]#",
        ("######## # ###", "######## # ## #"),
    ),
    Kind("GR_AMKA", "gr.amka", "amka", "%d%m%y#####", ("###### #####", "###### #### #", "##-##-##-#####")),
    Kind("HR_OIB", "hr.oib", "oib", "###########", ("### ### ### ##",)),
    Kind("SI_EMSO", "si.emso", "emso", "%d%m(9[3-9]#)50####", ("###### ## #####", "####### ## ### #")),
    Kind("TR_NATIONAL_ID", "tr.tckimlik", "tckn", "[1-9]##########", ("### ### ### ##", "### #### ####")),
    Kind("DE_TAX_ID", "de.idnr", "steuer_id", "[1-9]##########", ("## ### ### ###",)),
    Kind(
        "FR_NIR",
        "fr.nir",
        "nir",
        "[12]%y%m(75|13|69|2A|2B|01)########",
        ("# ## ## ## ### ### ##", "# ## ## ## ### ### - ##", "############# ##"),
    ),
    Kind("NL_BSN", "nl.bsn", "bsn", "#########", ("### ### ###", "####.##.###", "### ## ####")),
    Kind(
        "BE_NATIONAL_NUMBER",
        "be.nn",
        "rijksregisternummer",
        "%y%m%d#####",
        ("##.##.##-###.##", "##.##.##-###-##", "## ## ## ### ##", "######-###-##", "###### ### ##"),
    ),
    Kind(
        "BE_NATIONAL_NUMBER",
        "be.bis",
        "bisnummer",
        "%y(2[1-9]|4[1-9]|30|52)(0[1-9]|1#|2[0-8])#####",
        ("##.##.##-###.##", "## ## ## ### ##"),
        label="BE_BIS",
    ),
    Kind(
        "AT_SOCIAL_SECURITY",
        "at.vnr",
        "svnr",
        "[1-9]###%d%m%y",
        ("#### ######", "#### ## ## ##", "#### ##.##.##", "####-######", "####/######"),
    ),
    Kind("CH_AHV", "ch.ssn", "ahv", "756##########", ("###.####.####.##", "### #### #### ##")),
    Kind("IE_PPS", "ie.pps", "pps", "#######[A-W]", ("####### #", "#######-#")),
    Kind(
        "IE_PPS",
        "ie.pps",
        "ppsn",
        "#######[A-W][ABHW]",
        ("####### ##", "####### # #"),
        label="IE_PPS of two letters",
    ),
    Kind(
        "SE_PERSONAL_NUMBER",
        "se.personnummer",
        "personnummer",
        "%y%m%d####",
        ("######-####", "###### ####", "######+####"),
    ),
    Kind(
        "SE_PERSONAL_NUMBER",
        "se.personnummer",
        "personnummer",
        "%Y%m%d####",
        ("########-####", "######## ####"),
        label="SE_PERSONAL_NUMBER of twelve digits",
    ),
    Kind("FI_PERSONAL_CODE", "fi.hetu", "hetu", "%d%m%y[-A+YXWVUBCDEF]###[0-9A-FHJ-NPR-Y]", ()),
    Kind("DK_CPR", "dk.cpr", "cpr", "%d%m%y####", ("######-####", "###### ####", "######–####")),
    Kind(
        "NO_BIRTH_NUMBER",
        "no.fodselsnummer",
        "fødselsnummer",
        "%d%m%y#####",
        ("###### #####", "######-#####", "## ## ## #####", "##.##.## #####", "###### ### ##"),
    ),
    Kind("EE_PERSONAL_CODE", "ee.ik", "isikukood", "[3-6]%y%m%d####", ("# ###### ####", "# ## ## ## ####")),
    Kind("LT_PERSONAL_CODE", "lt.asmens", "asmens_kodas", "[3-6]%y%m%d####", ("# ###### ####",)),
    Kind("LV_PERSONAL_CODE", "lv.pvn", "personas_kods", "%d%m%y[12]####", ("######-#####", "###### #####")),
    Kind(
        "LV_PERSONAL_CODE",
        "lv.pvn",
        "personas_kods",
        "32#########",
        ("######-#####",),
        label="LV_PERSONAL_CODE since 2017",
    ),
    Kind("IS_KENNITALA", "is_.kennitala", "kennitala", "%d%m%y###[09]", ("######-####", "###### ####")),
    Kind("PL_PESEL", "pl.pesel", "pesel", "%y%m%d#####", ("###### #####", "######-#####", "### ### #####")),
    Kind(
        "CZ_BIRTH_NUMBER",
        "cz.rc",
        "rodne_cislo",
        "%y%m%d####",
        ("######/####", "###### ####", "###### / ####"),
    ),
    Kind(
        "RO_CNP",
        "ro.cnp",
        "cnp",
        "[1-8]%y%m%d(0[1-9]|[123]#)####",
        ("# ###### ######", "# ## ## ## ## ### #", "#-######-######"),
    ),
    Kind("BG_EGN", "bg.egn", "egn", "%y%m%d####", ("###### ####", "###### ### #")),
    Kind(
        "US_SSN",
        "us.ssn",
        "ssn",
        "[0-8]########",
        ("###-##-####", "### ## ####", "###.##.####", "###–##–####"),
    ),
    Kind("US_ITIN", "us.itin", "itin", "9##[5-9]#####", ("###-##-####", "### ## ####")),
    Kind("UK_NHS", "gb.nhs", "nhs_number", "##########", ("### ### ####", "###-###-####")),
    Kind("IN_AADHAAR", "in_.aadhaar", "aadhaar", "[2-9]###########", ("#### #### ####", "####-####-####")),
    Kind(
        "IN_AADHAAR",
        "in_.vid",
        "aadhaar_vid",
        "[2-9]###############",
        ("#### #### #### ####",),
        label="IN_AADHAAR virtual",
    ),
    Kind("IN_PAN", "in_.pan", "pan", "@@@[ABCFGHLJPT]@[1-9]###@", ("##### #### #", "#####-####-#")),
    Kind(
        "KR_RRN",
        "kr.rrn",
        "rrn",
        "%y%m%d[1-8][0-8]#####",
        ("######-#######", "###### #######"),
        _is_new_korean,
    ),
    Kind("JP_MY_NUMBER", "jp.in_", "my_number", "############", ("#### #### ####", "####-####-####")),
    Kind(
        "TH_CITIZEN_ID",
        "th.pin",
        "citizen_id",
        "[1-8]############",
        ("#-####-#####-##-#", "# #### ##### ## #"),
    ),
    Kind(
        "MY_NRIC", "my.nric", "mykad", "%y%m%d(01|02|10|14|21|82)####", ("######-##-####", "###### ## ####")
    ),
    Kind(
        "ID_NIK",
        "id.nik",
        "nik",
        "(3171|3273|3578|1271|5171)(01|02|03)%d%m%y####",
        ("###### ###### ####", "####.####.####.####"),
    ),
    Kind(
        "IL_IDENTITY",
        "il.idnr",
        "teudat_zehut",
        "#########",
        ("########-#", "# #### ### #", "###-###-###", "#-#######-#"),
    ),
    Kind(
        "BR_CPF",
        "br.cpf",
        "cpf",
        "###########",
        ("###.###.###-##", "### ### ### ##", "#########-##", "###.###.###/##"),
    ),
    Kind(
        "MX_CURP",
        "mx.curp",
        "curp",
        "[ABCDFGHJKLMNPQRSTVWXYZ][AEIOUX][B-DF-HJ-NP-TV-Z][B-DF-HJ-NP-TV-Z]%y%m%d[HM](DF|NL|JC|MC|VZ|PL|NE)[B-DF-HJ-NP-TV-Z][B-DF-HJ-NP-TV-Z][B-DF-HJ-NP-TV-Z][0-9A]#",
        ("#### ###### ###### ##",),
    ),
    Kind("CA_SIN", "ca.sin", "sin", "[1-79]########", ("### ### ###", "###-###-###")),
    Kind(
        "AR_DNI_CUIT",
        "ar.cuit",
        "cuit",
        "(20|23|24|27)#########",
        ("##-########-#", "## ######## #", "##-##.###.###-#", "##.########.#"),
    ),
    Kind("CL_RUT", "cl.rut", "rut", "[12]#######[0-9K]", ("##.###.###-#", "########-#", "## ### ### #")),
    Kind(
        "CL_RUT",
        "cl.rut",
        "rut",
        "[5-9]######[0-9K]",
        ("#.###.###-#", "#######-#"),
        label="CL_RUT of seven digits",
    ),
    Kind("AU_TFN", "au.tfn", "tfn", "#########", ("### ### ###", "###-###-###")),
    Kind("NZ_IRD", "nz.ird", "ird", "(1#|[2-9])#######", ("###-###-###", "##-###-###", "### ### ###")),
    Kind(
        "ZA_IDENTITY",
        "za.idnr",
        "sa_id",
        "%y%m%d####[01][89]#",
        ("###### #### ###", "###### #### ## #", "###### #### # # #", "######-####-##-#"),
    ),
    Kind(
        "CN_RESIDENT_ID",
        "cn.ric",
        "身份证",
        "(110101|310101|440305|510104|330102)%Y%m%d###[0-9X]",
        ("###### ######## ####", "###### #### #### ####", "######-########-####"),
    ),
    Kind(
        "CREDIT_CARD",
        "luhn",
        "card_number",
        "(4######|5[1-5]#####|2[3-6]#####)#########",
        ("#### #### #### ####", "####-####-####-####", "####.####.####.####"),
    ),
    Kind(
        "CREDIT_CARD",
        "luhn",
        "card_number",
        "3[47]#############",
        ("#### ###### #####", "####-######-#####"),
        label="CREDIT_CARD of fifteen digits",
    ),
    Kind(
        "IBAN_CODE",
        "iban",
        "iban",
        "(DE##################|GB##@@@@#############|NL##@@@@#########|AT#################|CH##################)#",
        (
            "#### #### #### #### #### ##",
            "## ## #### #### #### #### ##",
            "####-####-####-####-####-##",
            "## ## ######## ##########",
            "#### ######## ##########",
            "#### #### #### #### ##",
            "## ## #### ##########",
            "#### #### #### #### #### #",
            "#### ################",
            "## ## ### ############",
            "## ## ##### ############",
        ),
    ),
    Kind(
        "IMEI",
        "imei",
        "imei",
        "(01|35|86|99)#############",
        (
            "##-######-######-#",
            "## ###### ###### #",
            "######-##-######-#",
            "########-######-#",
            "### ### ### ### ###",
        ),
    ),
)
