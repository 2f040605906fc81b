"""What a column's name betrays: words of many languages, and the role they give."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum


class Role(StrEnum):
    """What a column is to somebody who wants to know whose row it is."""

    DIRECT_IDENTIFIER = "direct-identifier"
    """It names a person by itself."""
    QUASI_IDENTIFIER = "quasi-identifier"
    """Others know it of a person, and together with others it singles one out (Dalenius 1986)."""
    SENSITIVE = "sensitive"
    """What must not be learnt about a person."""
    OTHER = "other"


_DIRECT = """
    name | names | fullname | full name | first name | firstname | given name | last name | lastname |
    surname | family name | maiden name | patient name | customer name | username | user name | login |
    email | e mail | mail address | phone | telephone | mobile | cell phone | fax | ssn |
    social security | social security number | passport | passport number | driving licence |
    driver license | national id | id card | identity card | identity number | tax id | tin | nhs number |
    mrn | medical record number | iban | account number | credit card | card number | license plate |
    ip | ip address | mac address | imei | device id | patient id | person id | customer id | user id |
    subject id | client id | member id | employee id | student id | street | street address |
    home address | address | vorname | nachname | familienname | strasse | straße | telefon | handynummer |
    personalausweis | steuernummer | sozialversicherungsnummer | nom | prenom | prénom | nom de famille |
    adresse | telephone portable | numero de telephone | courriel | nombre | apellido | apellidos |
    correo | telefono | teléfono | direccion | dirección | dni | nie | nif | nome | cognome | sobrenome |
    codice fiscale | indirizzo | endereco | endereço | telefone | cpf | naam | achternaam | voornaam |
    bsn | imię | nazwisko | pesel | имя | фамилия | отчество | телефон | адрес | паспорт | снилс | инн |
    姓名 | 名字 | 姓 | 身份证 | 身份证号 | 身份证号码 | 身分證字號 | 手机 | 手机号 | 手机号码 | 电话 |
    电话号码 |
    電話 | 电子邮件 | 邮箱 | 电子邮箱 | 住址 | 地址 | 家庭住址 | 详细地址 | 護照號碼 | 护照号 |
    护照号码 | 银行卡号 |
    社保号 | 车牌号 | 学号 | 工号 | 病历号 | 住院号 | 微信号 | 氏名 | 名前 | 住所 | 電話番号 |
    メールアドレス |
    マイナンバー | 이름 | 성명 | 주민등록번호 | 전화번호 | 이메일 | 주소
"""
_QUASI = """
    age | ages | sex | gender | birth | birthdate | birth date | birthday | birth year | date of birth |
    dob | yob | year of birth | month of birth | race | ethnicity | ethnic | nationality | citizenship |
    native country | country | country of birth | birthplace | place of birth | state | county | region |
    province | city | town | municipality | district | zip | zipcode | zip code | postal | postal code |
    postcode | location | latitude | longitude | lat | lon | lng | marital | marital status |
    civil status | education | education num | educational num | education level | degree | school |
    occupation | job | job title | profession | workclass | work class | employer | industry |
    department | relationship | household | household size | family size | children |
    number of children | hours per week | language |
    mother tongue | height | weight | eye color | blood type | admission date | discharge date |
    date of admission | date of discharge | date of death | visit date | hire date | vehicle |
    alter | geschlecht | geburtsdatum | geburtstag | geburtsjahr | geburtsort | plz | postleitzahl | ort |
    wohnort | stadt | bundesland | staatsangehoerigkeit | staatsangehörigkeit | familienstand | beruf |
    bildung | groesse | größe | sexe | genre | date de naissance | naissance | code postal | ville |
    nationalite | nationalité | etat civil | état civil | metier | métier | pays | edad | sexo | genero |
    género | fecha de nacimiento | codigo postal | código postal | ciudad | provincia | pais | país |
    nacionalidad | estado civil | ocupacion | ocupación | profesion | profesión | idade | eta | età |
    sesso | data di nascita | data de nascimento | cap | cep | cidade | nacionalidade | leeftijd |
    geslacht | geboortedatum | woonplaats | wiek | plec | płeć | возраст | пол | дата рождения | индекс |
    город | гражданство | профессия | образование |
    年龄 | 年齡 | 性别 | 性別 | 出生日期 | 出生年月 | 出生年 | 生日 | 民族 | 国籍 | 國籍 | 籍贯 |
    出生地 | 省份 |
    城市 | 区县 | 地区 | 邮编 | 邮政编码 | 郵遞區號 | 婚姻 | 婚姻状况 | 婚姻狀況 | 学历 | 學歷 |
    教育程度 | 职业 |
    職業 | 职务 | 单位 | 工作单位 | 行业 | 身高 | 体重 | 入院日期 | 出院日期 | 年齢 | 生年月日 |
    郵便番号 | 学歴 |
    都道府県 | 나이 | 연령 | 성별 | 생년월일 | 우편번호 | 직업
"""
_SENSITIVE = """
    diagnosis | diagnoses | disease | condition | illness | symptom | treatment | medication | drug |
    prescription | test result | lab result | hiv | disability | health | icd | icd9 | icd10 | procedure |
    income | salary | wage | wages | earnings | capital gain | capital loss | net worth | balance | debt |
    credit score | loan | loan amount | religion | religious | political | party | union membership |
    sexual orientation | orientation | genetic | criminal record | conviction | offence | offense |
    salary class | diagnose | krankheit | befund | einkommen | gehalt | religionszugehoerigkeit |
    maladie | diagnostic | revenu | salaire | diagnostico | diagnóstico | enfermedad | ingresos |
    salario | religión | diagnosi | malattia | reddito | stipendio | doença | renda | salário | inkomen |
    ziekte | диагноз | доход | зарплата | религия | болезнь |
    诊断 | 診斷 | 疾病 | 病名 | 病史 | 药物 | 用药 | 治疗 | 检查结果 | 化验结果 | 收入 | 工资 | 薪资 |
    薪水 | 年收入 |
    月收入 | 存款 | 贷款 | 信用分 | 宗教 | 宗教信仰 | 政治面貌 | 性取向 | 残疾 | 犯罪记录 | 診断 |
    病気 | 年収 | 給与 |
    진단 | 질병 | 소득 | 급여 | 종교
"""

_WORD = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def words_of(name: str) -> tuple[str, ...]:
    """The words of a column name, in lower case: `nativeCountry`, `native-country` → native, country."""
    plain = unicodedata.normalize("NFKC", name)
    return tuple(word.lower() for word in _WORD.findall(_HUMP.sub(" ", plain)))


def _table() -> dict[tuple[str, ...], Role]:
    roles: dict[tuple[str, ...], Role] = {}
    for text, role in (
        (_DIRECT, Role.DIRECT_IDENTIFIER),
        (_QUASI, Role.QUASI_IDENTIFIER),
        (_SENSITIVE, Role.SENSITIVE),
    ):
        roles |= {tuple(phrase.split()): role for phrase in text.split("|")}
    return roles


ROLES = _table()
"""Role by phrase, in words; one phrase has one role."""

_LONGEST = max(map(len, ROLES))


def role_of_name(name: str) -> tuple[Role, str] | None:
    """The role that a name betrays, and the phrase that does; None where no word is known.

    The longest known phrase decides, of phrases of one length the last: `patient_birth_date` is a
    birth date, `name_of_city` a city. Scripts that write no spaces are searched for their words.
    """
    words = words_of(name)
    for length in range(min(_LONGEST, len(words)), 0, -1):
        for start in range(len(words) - length, -1, -1):
            phrase = words[start : start + length]
            if phrase in ROLES:
                return ROLES[phrase], " ".join(phrase)
    return _role_of_unspaced(words)


def _role_of_unspaced(words: tuple[str, ...]) -> tuple[Role, str] | None:
    known = [
        (phrase[0], role)
        for phrase, role in ROLES.items()
        if len(phrase[0]) > 1 and not phrase[0].isascii() and any(phrase[0] in word for word in words)
    ]
    wide = [(word, role) for word, role in known if ord(word[0]) >= 0x2E80]
    if not wide:
        return None
    word, role = max(wide, key=lambda item: (len(item[0]), item[0]))
    return role, word
