"""What a column's values betray of its role whatever its name is: dates, places, well-known vocabularies."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from gatecli.anonymity.discovery.column_names import words_of

MOST = 0.9
"""A column is what at least this share of its values are."""

TOKENS, PERSONS, RELIGIONS = "tokens", "names of persons", "religions"
IN_SHORT = "states or provinces in short"
IDENTIFYING = frozenset({TOKENS, PERSONS})
"""Shapes of direct identifiers."""

_FORMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        TOKENS: (
            r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}",
            r"[0-9A-F]{8}-?[0-9A-F]{4}-?[0-9A-F]{4}-?[0-9A-F]{4}-?[0-9A-F]{12}",
        ),
        PERSONS: (
            r"[^\W\d_][^\d,]*, (Mr|Mrs|Miss|Ms|Master|Dr|Rev|Sir|Lady|Don|Col|Capt|Mme|Mlle|Major)\.? .*",
            r"(Mr|Mrs|Miss|Ms|Dr|Prof|Herr|Frau|Mme|M)\.? [^\W\d_]+.*",
        ),
        "ages in bands": (
            r"[\[(]?\d{1,3} ?(-|–|to|,|_) ?\d{2,3}[\])]?( (years?|yrs?|jahre|ans|años))?",
            r"(<=?|>=?|≤|≥|under|over|below|above|unter|über) ?\d{1,3}( (years?|yrs?|jahre|ans|años))?",
            r"\d{1,3} ?(\+|-|and over|or over|and older|or older|plus|years and over)",
        ),
        "postcodes": (r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}", r"[A-Z]\d[A-Z] ?\d[A-Z]\d", r"\d{5}-\d{4}"),
        "areas of the census": (r"[EWNS]\d{8}", r"95[A-Z]{2}\d{2}[A-Z]\d"),
        "dates": (
            r"(18|19|20)\d\d-\d{1,2}(-\d{1,2}([T ].*)?)?",
            r"(18|19|20)\d\d([./])\d{1,2}\2\d{1,2}( .*)?",
            r"\d{1,2}([./-])\d{1,2}\1((18|19|20)\d\d|\d\d)( .*)?",
            r"(18|19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])",
            r"(18|19|20)\d\d年\d{1,2}月(\d{1,2}日)?",
            r"\d{1,2}\.? [^\W\d_]{3,9}\.?,? (18|19|20)\d\d",
            r"[^\W\d_]{3,9}\.? \d{1,2},? (18|19|20)\d\d",
        ),
        "coordinates": (
            r"-?(\d|[1-8]\d|90)\.\d+ ?[,; ] ?-?(\d\d?|1[0-7]\d|180)\.\d+",
            r"POINT ?\(-?\d{1,3}\.\d+ -?\d{1,3}\.\d+\)",
        ),
    }
)

_VOCABULARIES: Mapping[str, str] = MappingProxyType(
    {
        "sexes": """
            m | f | w | male | female | man | woman | boy | girl | männlich | weiblich | mann | frau |
            homme | femme | masculin | féminin | hombre | mujer | masculino | femenino | feminino | boys |
            girls | males | females | nonbinary | non binary | transgender | uomo | donna | maschio |
            femmina | vrouw | mężczyzna | kobieta | муж | жен | мужской | женский | 男 | 女 | 男性 | 女性 |
            남 | 여 | 남성 | 여성 | 남자 | 여자""",
        "marital statuses": """
            marital | div | sep | wid | nevermarried | partnered | living together | not married |
            married spouse present | never married single | divorced separated | single | married |
            divorced | widowed | widow | widower | separated | never married | married civ spouse |
            married spouse absent | married af spouse | cohabiting | civil union | registered partnership |
            domestic partner | unmarried | ledig | verheiratet | geschieden | verwitwet | célibataire |
            marié | mariée | divorcé | divorcée | veuf | veuve | pacsé | soltero | soltera | casado |
            casada | divorciado | divorciada | viudo | viuda | solteiro | solteira | viúvo | viúva |
            celibe | nubile | coniugato | coniugata | vedovo | vedova | ongehuwd | gehuwd | gescheiden |
            未婚 | 已婚 | 离婚 | 离异 | 离婚或离异 | 丧偶 | 離婚 | 既婚 | 死別 | 미혼 | 기혼 | 이혼""",
        "ethnic groups": """
            whites | blacks | caucas | cauc | afam | african | nonwhite | non white | other race |
            indigenous | white non hispanic | black non hispanic | non hispanic white |
            non hispanic black | mexican american | hispanic american | white | black | asian | hispanic |
            latino | latina | latinx | caucasian | african american | black or african american |
            asian pac islander | amer indian eskimo | native american | american indian |
            american indian or alaska native | pacific islander | native hawaiian |
            native hawaiian or other pacific islander | hispanic or latino | not hispanic or latino |
            mixed | multiracial | two or more races | arab | roma | 汉 | 汉族 | 回族 | 藏族 | 维吾尔族 |
            壮族 | 满族 | 苗族 | 彝族 | 土家族 | 蒙古族 | 布依族 | 侗族 | 瑶族 | 朝鲜族 | 白族 | 哈尼族 |
            哈萨克族 | 黎族 | 傣族""",
        IN_SHORT: """
            al | ak | az | ar | ca | co | ct | de | dc | fl | ga | hi | ia | il | in | ks | ky | la | ma |
            md | me | mi | mn | mo | ms | mt | nc | nd | ne | nh | nj | nm | nv | ny | oh | ok | or | pa |
            pr | ri | sc | sd | tn | tx | ut | va | vt | wa | wi | wv | wy | ab | bc | mb | nb | nl | ns |
            nt | nu | on | pe | qc | sk | yt""",
        "relations in a family": """
            husband | wife | spouse | child | son | daughter | own child | not in family | other relative |
            grandchild | grandparent | parent | mother | father | brother | sister | sibling | head |
            head of household | groom | bride | partner | ehemann | ehefrau | kind | tochter | sohn |
            conjoint | enfant | esposo | esposa | hijo | hija | jefe | jefa | marido | filho | filha |
            配偶 | 子女 | 父母 | 户主""",
        "employment statuses": """
            employed | unemployed | self employed | selfemployed | retired | student | homemaker |
            housewife | not in labor force | not in labour force | full time | part time | fulltime |
            parttime | inactive | looking for work | not working | working | partime | freelance | fixed |
            private | govt job | never worked | self emp inc | self emp not inc | federal gov | local gov |
            state gov | without pay | children | disabled | unable to work | on leave | military |
            angestellt | arbeitslos | rentner | selbständig | selbstständig | schüler | étudiant |
            étudiante | retraité | retraitée | chômeur | salarié | salariée | empleado | desempleado |
            jubilado | estudiante | empregado | aposentado | 在职 | 退休 | 学生 | 失业 | 无业 | 务农""",
        "occupations": """
            manager | managerial | management | technician | technical | clerical | office | worker |
            services | service | sales | professional | skilled | unskilled | agricultural | agric self |
            agric emp | blue collar | white collar | admin | admin. | entrepreneur | housemaid | farmer |
            laborer | labourer | craft | craft repair | exec managerial | prof specialty | adm clerical |
            machine op inspct | handlers cleaners | farming fishing | tech support | transport moving |
            protective serv | priv house serv | armed forces | other service | executive | engineer |
            teacher | nurse | doctor | lawyer | scientist | artist | healthcare | driver | cook |
            secretary | accountant | research scientist | sales executive | laboratory technician |
            human resources | student | retired | self employed | unemployed | custodial | prof |
            assocprof | asstprof | associate professor | assistant professor | professor""",
        "homes": """
            own | rent | mortgage | owner | tenant | renter | owned | rented | parents | own outright |
            owned with mortgage | any | free | priv | ignore | live with parents | social housing |
            homeless | housed | for free | eigentum | miete | propriétaire | locataire | propia |
            alquilada""",
        "town or country": """
            urban | rural | suburban | semi urban | semiurban | metropolitan | non metropolitan | city |
            town | village | countryside | farm | stadt | land | urbain | urbano | 城镇 | 农村 | 城市 |
            乡村""",
        "languages": """
            english | spanish | french | german | italian | portuguese | chinese | mandarin | cantonese |
            arabic | russian | hindi | urdu | bengali | punjabi | tagalog | vietnamese | korean |
            japanese | polish | turkish | dutch | haitian | creole | amharic | somali | swahili | persian |
            farsi | greek | hebrew | deutsch | français | español | 中文 | 英语""",
        RELIGIONS: """
            christian | christianity | catholic | roman catholic | protestant | orthodox | muslim | islam |
            islamic | jewish | judaism | hindu | hinduism | buddhist | buddhism | sikh | atheist |
            agnostic | baptist | methodist | lutheran | mormon | evangelical | no religion |
            jehovahs witness | protestant quaker | katholisch | evangelisch | musulman | catholique |
            católico | 佛教 | 基督教 | 伊斯兰教""",
        "degrees": """
            bachelors | bachelor | bachelor s | masters | master | master s | doctorate | phd | ph d |
            hs grad | high school | high school graduate | some college | college | prof school |
            assoc voc | assoc acdm | associate | preschool | 1st 4th | 5th 6th | 7th 8th | 9th | 10th |
            11th | 12th | primary | secondary | tertiary | vocational | no schooling | abitur |
            below college | college degree | some hs | hs | somehs | someps | nonhs | hs or lower | grad |
            bs | ba | ms | ma | mba | md | jd | hsgrad | somecollege | collgrad | primary+ | secondary+ |
            less than high school | less than hs | high school diploma | high school or less | graduate |
            graduate degree | graduate school | undergraduate | university | university degree | basic 4y |
            basic 6y | basic 9y | professional course | illiterate | doctor | postgraduate | uneducated |
            no education | incomplete | hauptschule | realschule | gymnasium | lehre | bac | bachillerato |
            primaria | secundaria | licence | master s degree | bachelor s degree | bachelor degree |
            小学 | 初中 | 高中 | 中专 | 大专 | 本科 | 硕士 | 博士""",
        "countries": """
            afghanistan | albania | algeria | andorra | angola | argentina | armenia | australia |
            austria | azerbaijan | bahamas | bahrain | bangladesh | barbados | belarus | belgium | belize |
            benin | bhutan | bolivia | bosnia and herzegovina | botswana | brazil | brunei | bulgaria |
            burkina faso | burundi | cambodia | cameroon | canada | cape verde | chad | chile | china |
            colombia | comoros | congo | costa rica | croatia | cuba | cyprus | czechia | czech republic |
            denmark | djibouti | dominica | dominican republic | ecuador | egypt | el salvador | england |
            eritrea | estonia | eswatini | ethiopia | fiji | finland | france | gabon | gambia | georgia |
            germany | ghana | greece | grenada | guatemala | guinea | guyana | haiti | holand netherlands |
            honduras | hong | hong kong | hungary | iceland | india | indonesia | iran | iraq | ireland |
            israel | italy | ivory coast | jamaica | japan | jordan | kazakhstan | kenya | kiribati |
            kosovo | kuwait | kyrgyzstan | laos | latvia | lebanon | lesotho | liberia | libya |
            liechtenstein | lithuania | luxembourg | macau | madagascar | malawi | malaysia | maldives |
            mali | malta | mauritania | mauritius | mexico | moldova | monaco | mongolia | montenegro |
            morocco | mozambique | myanmar | namibia | nauru | nepal | netherlands | new zealand |
            nicaragua | niger | nigeria | north korea | north macedonia | norway | oman |
            outlying us guam usvi etc | pakistan | palau | palestine | panama | papua new guinea |
            paraguay | peru | philippines | poland | portugal | puerto rico | qatar | romania | russia |
            rwanda | saint lucia | samoa | san marino | saudi arabia | scotland | senegal | serbia |
            seychelles | sierra leone | singapore | slovakia | slovenia | solomon islands | somalia |
            south | south africa | south korea | south sudan | spain | sri lanka | sudan | suriname |
            sweden | switzerland | syria | taiwan | tajikistan | tanzania | thailand | togo | tonga |
            trinadad tobago | trinidad and tobago | tunisia | turkey | türkiye | turkmenistan | tuvalu |
            uganda | ukraine | united arab emirates | united kingdom | united states |
            united states of america | uruguay | usa | uk | uzbekistan | vanuatu | vatican | venezuela |
            vietnam | wales | yemen | yugoslavia | zambia | zimbabwe | 中国 | 美国 | 日本 | 韩国 | 德国 |
            法国 | 英国 | 俄罗斯 | 印度 | 加拿大 | 澳大利亚""",
        "states or provinces": """
            alabama | alaska | arizona | arkansas | california | colorado | connecticut | delaware |
            florida | georgia | hawaii | idaho | illinois | indiana | iowa | kansas | kentucky |
            louisiana | maine | maryland | massachusetts | michigan | minnesota | mississippi | missouri |
            montana | nebraska | nevada | new hampshire | new jersey | new mexico | new york |
            north carolina | north dakota | ohio | oklahoma | oregon | pennsylvania | rhode island |
            south carolina | south dakota | tennessee | texas | utah | vermont | virginia | washington |
            west virginia | wisconsin | wyoming | baden württemberg | bayern | berlin | brandenburg |
            bremen | hamburg | hessen | mecklenburg vorpommern | niedersachsen | nordrhein westfalen |
            rheinland pfalz | saarland | sachsen | sachsen anhalt | schleswig holstein | thüringen | 北京 |
            天津 | 上海 | 重庆 | 河北 | 山西 | 辽宁 | 吉林 | 黑龙江 | 江苏 | 浙江 | 安徽 | 福建 | 江西 |
            山东 | 河南 | 湖北 | 湖南 | 广东 | 海南 | 四川 | 贵州 | 云南 | 陕西 | 甘肃 | 青海 | 台湾 |
            内蒙古 | 广西 | 西藏 | 宁夏 | 新疆 | 香港 | 澳门 | 北京市 | 天津市 | 上海市 | 重庆市 | 河北省 |
            山西省 | 辽宁省 | 吉林省 | 黑龙江省 | 江苏省 | 浙江省 | 安徽省 | 福建省 | 江西省 | 山东省 |
            河南省 | 湖北省 | 湖南省 | 广东省 | 海南省 | 四川省 | 贵州省 | 云南省 | 陕西省 | 甘肃省 |
            青海省""",
    }
)
"""Words as `words_of` makes them; those of UCI Adult, misspellings included, are among them."""

_SAYS_NOTHING = frozenset(
    {"", "other", "unknown", "n a", "na", "none", "null", "missing", "x", "d", "divers", "未知", "其他"}
)

_PATTERNS = {what: tuple(map(re.compile, forms)) for what, forms in _FORMS.items()}
_WORDS = {
    what: frozenset(" ".join(words_of(word)) for word in words.split("|"))
    for what, words in _VOCABULARIES.items()
}


def shape_of(values: Sequence[str]) -> str | None:
    """What distinct values of a column look like, as a plural; None where nothing is known of them.

    One value is no evidence, and values that say nothing (`?`, unknown, other) are none either.
    """
    told = [value.strip() for value in values]
    for what, patterns in _PATTERNS.items():
        if _are_most([any(pattern.fullmatch(value) for pattern in patterns) for value in told]):
            return what
    words = [" ".join(words_of(value)) for value in told]
    telling = [word for word in words if word not in _SAYS_NOTHING]
    return next((what for what, known in _WORDS.items() if _is_of(telling, what, known)), None)


def _is_of(words: Sequence[str], what: str, known: Collection[str]) -> bool:
    return len(words) >= FEWEST.get(what, 0) and _are_most([word in known for word in words])


FEWEST = {IN_SHORT: 5}
"""Distinct values that it takes, where two could be anything."""


def _are_most(hits: Sequence[bool]) -> bool:
    return sum(hits) >= max(2, MOST * len(hits))
