"""Words in names of columns, in many languages, and what a column of that name is.

Phrases are separated by bars, in lower case, as `column_names.words_of` splits a name.
"""

from __future__ import annotations

DIRECT = """
    name | names | fullname | full name | first name | firstname | given name | last name | lastname |
    surname | family name | maiden name | patient name | customer name | username | user name | login |
    email | e mail | mail address | phone | telephone | mobile | cell phone | fax | ssn | social security |
    social security number | passport | passport number | driving licence | driver license | national id |
    id card | identity card | identity number | tax id | tin | nhs number | mrn | medical record number |
    iban | account number | credit card | card number | license plate | ip | ip address | mac address |
    imei | device id | patient id | person id | customer id | user id | subject id | client id |
    member id | employee id | student id | street | street address | home address | address | vorname |
    nachname | familienname | strasse | straße | telefon | handynummer | personalausweis | steuernummer |
    sozialversicherungsnummer | nom | prenom | prénom | nom de famille | adresse | telephone portable |
    numero de telephone | courriel | nombre | apellido | apellidos | correo | telefono | teléfono |
    direccion | dirección | dni | nie | nif | nome | cognome | sobrenome | codice fiscale | indirizzo |
    endereco | endereço | telefone | cpf | naam | achternaam | voornaam | bsn | imię | nazwisko | pesel |
    имя | фамилия | отчество | телефон | адрес | паспорт | снилс | инн | 姓名 | 名字 | 姓 | 身份证 |
    身份证号 | 身份证号码 | 身分證字號 | 手机 | 手机号 | 手机号码 | 电话 | 电话号码 | 電話 | 电子邮件 |
    邮箱 | 电子邮箱 | 住址 | 地址 | 家庭住址 | 详细地址 | 護照號碼 | 护照号 | 护照号码 | 银行卡号 |
    社保号 | 车牌号 | 学号 | 工号 | 病历号 | 住院号 | 微信号 | 氏名 | 名前 | 住所 | 電話番号 |
    メールアドレス | マイナンバー | 이름 | 성명 | 주민등록번호 | 전화번호 | 이메일 | 주소 | forename |
    forenames | middle name | nickname | initials | signature | e mail address | emailaddress |
    phone number | phonenumber | tel | mobile number | cellphone | post address | house number | usubjid |
    subjid | pid | ptid | patid | patno | pat no | patient number | patient no | hadm | nhs no | nhsno |
    nhs | chi number | nhi | empi | mpi | upn | ni number | nino | medicare number | medicaid number |
    insurance number | policy number | member number | licence number | license number |
    registration number | vin | vehicle id | serial number | url | website | twitter | facebook |
    instagram | photo | image url | fingerprint | personnummer | personnumer | cpr | cpr nummer |
    fødselsnummer | fodselsnummer | hetu | henkilötunnus | ahv | ahv nummer | ahvn13 | egn | cnp |
    rodne cislo | rodné číslo | jmbg | oib | emso | isikukood | asmens kodas | curp | cedula | cédula |
    aadhaar | aadhar | pan number | voter id | emirates id | nric | hkid | mykad | versichertennummer |
    krankenversichertennummer | kvnr | patientennummer | patnr | fallnummer | mobiltelefon | anschrift |
    hausnummer | kontonummer | numero de securite sociale | numéro de sécurité sociale | nir |
    identifiant patient | nom complet | nom usuel | correo electronico | correo electrónico |
    nombre completo | primer apellido | segundo apellido | domicilio | nome completo | celular | morada |
    matricola | adres | telefoonnummer | efternamn | förnamn | fornamn | namn | navn | efternavn |
    fornavn | sukunimi | etunimi | jméno | příjmení | adı | soyadı | ad soyad | tc kimlik no | nama |
    alamat | ho ten | họ tên | ονοματεπώνυμο | επώνυμο | фио | номер телефона | электронная почта | الاسم |
    رقم الهاتف | שם | 患者姓名 | 联系电话 | 联系方式 | 患者id | 患者编号 | 医保号 | 被保険者番号 |
    患者番号 | 患者名 | 환자번호 | cod fiscale | targa | num patient | serialno | telefoonnr | soyad |
    tc kimlik | kundennummer | personalnummer | versicherungsnummer | rentenversicherungsnummer |
    policennummer | matricule | matrícula | médecin traitant | kfz kennzeichen | nummernschild | imsi |
    msisdn | número de utente | 保険者番号 | 员工编号 | 学生编号 | 客户编号 | 客户姓名 | 社員番号 |
    学籍番号 | huisarts | num contrat | sicil no | 保单号 | 世帯番号
"""
QUASI = """
    age | ages | sex | gender | birth | birthdate | birth date | birthday | birth year | date of birth |
    dob | yob | year of birth | month of birth | race | ethnicity | ethnic | nationality | citizenship |
    native country | country | country of birth | birthplace | place of birth | state | county | region |
    province | city | town | municipality | district | zip | zipcode | zip code | postal | postal code |
    postcode | location | latitude | longitude | lat | lon | lng | marital | marital status |
    civil status | education | education num | educational num | education level | degree | school |
    occupation | job | job title | profession | workclass | work class | employer | industry | department |
    relationship | household | household size | family size | children | number of children |
    hours per week | language | mother tongue | height | weight | eye color | blood type | admission date |
    discharge date | date of admission | date of discharge | date of death | visit date | hire date |
    vehicle | alter | geschlecht | geburtsdatum | geburtstag | geburtsjahr | geburtsort | plz |
    postleitzahl | ort | wohnort | stadt | bundesland | staatsangehoerigkeit | staatsangehörigkeit |
    familienstand | beruf | bildung | groesse | größe | sexe | genre | date de naissance | naissance |
    code postal | ville | nationalite | nationalité | etat civil | état civil | metier | métier | pays |
    edad | sexo | genero | género | fecha de nacimiento | codigo postal | código postal | ciudad |
    provincia | pais | país | nacionalidad | estado civil | ocupacion | ocupación | profesion | profesión |
    idade | eta | età | sesso | data di nascita | data de nascimento | cap | cep | cidade | nacionalidade |
    leeftijd | geslacht | geboortedatum | woonplaats | wiek | plec | płeć | возраст | пол | дата рождения |
    индекс | город | гражданство | профессия | образование | 年龄 | 年齡 | 性别 | 性別 | 出生日期 |
    出生年月 | 出生年 | 生日 | 民族 | 国籍 | 國籍 | 籍贯 | 出生地 | 省份 | 城市 | 区县 | 地区 | 邮编 |
    邮政编码 | 郵遞區號 | 婚姻 | 婚姻状况 | 婚姻狀況 | 学历 | 學歷 | 教育程度 | 职业 | 職業 | 职务 | 单位 |
    工作单位 | 行业 | 身高 | 体重 | 入院日期 | 出院日期 | 年齢 | 生年月日 | 郵便番号 | 学歴 | 都道府県 |
    나이 | 연령 | 성별 | 생년월일 | 우편번호 | 직업 | marital state | marital st | marriage | married |
    ever married | evermarried | years married | yearsmarried | maritalstatus | marstat | mstatus | marit |
    divorced | widowed | cohab | cohabiting | spouse | partner | dependents | dependants | dependent |
    siblings | kids | youngkids | oldkids | nchild | nkids | num children | childs | livch | birth order |
    birthord | household type | family type | family status | head of household | living arrangement |
    agegr | agegrp | agegroup | age group | agecat | age band | ageband | age class | age cat | age range |
    years of age | agey | ageyr | gestational age | gender identity | female | male | is female | is male |
    women | man | racegr | racegrp | race group | race general | ethnic group | ethnicgroup |
    ethnic origin | ethnicorigin | ethn | ethnie | hispanic | latino | caste | tribe | indig | indigenous |
    clan | ancestry | skin color | skin colour | foreign | foreign born | foreigner | immigrant |
    immigration status | migrant | migration status | migration background | citizen | visa | nation |
    national origin | birth country | birth state | birth place | birth month | birth qrtr |
    birth quarter | birth day | day of birth | dayofbirth | month birth | year birth | yearofbirth |
    brthdtc | birthyr | byear | lang | first language | home language | speaks english | residence |
    residence type | place of residence | urban | rural | urban rural | urbanicity | rurality | metro |
    msa | smsa | cbsa | fips | tract | census tract | block group | statefip | puma | lsoa | msoa |
    lsoa11 | msoa11 | oa11 | output area | ward | borough | parish | local authority | lad | ltla | utla |
    ccg | icb | imd | imd decile | imd quintile | deprivation | deprivation index | townsend | village |
    vill | hamlet | commune | community | neighborhood | neighbourhood | subdistrict | taluk | tehsil |
    block name | locality | suburb | territory | prefecture | canton | departement | département | oblast |
    governorate | island | postcode district | post code | postal district | zip3 | zip5 | zcta | plz3 |
    geo | geocode | geolocation | site | center | centre | clinic | hospital | facility | practice |
    practice code | trust | care unit | ward name | admission type | admission location |
    discharge location | admit date | admittime | dischtime | admission time | discharge time | deathtime |
    dod | dthdtc | rfstdtc | date death | death date | deceased | enrolment date | enrollment date |
    date of enrolment | date of onset | onset date | date of visit | start date | join date | date joined |
    termination date | graduation year | year of graduation | edu | educ | education field |
    educationfield | education years | years of education | eduyears | yrs education | schooling |
    years of schooling | school12 | schooltype | school type | school name | class grade | highest degree |
    highest grade | qualification | qualifications | literacy level | mom ed | mother ed |
    mother education | father ed | father education | hus ed | husband education | wife education |
    parent education | parental education | meduc | feduc | medu | fedu | mjob | fjob | major |
    field of study | college | rank | academic rank | seniority | tenure | discipline | position |
    job role | jobrole | job level | joblevel | job grade | job category | jobcat | job type | emp title |
    emp length | emp status | empl | hus empl | husband occupation | employment | employment status |
    employment type | employed | work status | work type | worktype | working status | work arrangement |
    occup | occ | occupational class | social class | socioeconomic status | ses | sector | division |
    team | business unit | company | firm | branch | union member | veteran | military | military service |
    years at company | years of service | yrs service | years service | length of service | yrs since phd |
    years since phd | years of experience | years experience | yearsexperience | experience years |
    total working years | working years | experience | distance from home | home | homeownership |
    home ownership | home owner | homeowner | own home | housing | housing status | housing type |
    house ownership | dwelling | residence status | insurance | insurance type | payor | payer | insurer |
    senior citizen | retired | student | passenger class | pclass | cabin | ticket | handedness |
    hair color | hair colour | hair | eye colour | eyes | shoe size | stature | hage | mage | fage |
    wifeage | husage | grossesse | car make | vehicle make | vehicle model | kids under 6 | wohnsitz |
    gemeinde | landkreis | kreis | kanton | quartier | strassenname | staatsbürgerschaft |
    staatsbuergerschaft | nationalität | herkunft | herkunftsland | geburtsland | muttersprache |
    schulabschluss | bildungsabschluss | ausbildung | berufsgruppe | erwerbsstatus | branche |
    arbeitgeber | abteilung | haushaltsgröße | haushaltsgroesse | anzahl kinder | kinder | gewicht |
    körpergröße | aufnahmedatum | entlassungsdatum | altersgruppe | zivilstand | region de residence |
    région | commune de residence | département de residence | arrondissement | statut marital |
    situation familiale | situation matrimoniale | niveau d etudes | niveau etudes | diplôme | diplome |
    profession csp | csp | date d entrée | âge | lieu de naissance | langue | taille | poids |
    nombre d enfants | estado | municipio | comuna | barrio | colonia | localidad | departamento |
    fecha nacimiento | lugar de nacimiento | grupo etnico | etnia | raza | raça | nivel educativo |
    nivel de estudios | escolaridad | escolaridade | estudios | trabajo | empleo | puesto | idioma |
    hijos | estado conyugal | peso | altura | fecha de ingreso | fecha de egreso | bairro | município |
    distrito | nascimento | ocupação | profissão | emprego | grau de instrução | filhos | naturalidade |
    nazionalità | nazionalita | comune | regione | residenza | stato civile | titolo di studio |
    professione | figli | luogo di nascita | postcode gebied | gemeente | nationaliteit |
    burgerlijke staat | opleiding | beroep | herkomst | ålder | kön | födelsedatum | postnummer | kommun |
    län | yrke | utbildning | civilstånd | alder | køn | kjønn | fødselsdato | kommune | bopæl | erhverv |
    uddannelse | sivilstatus | ikä | sukupuoli | syntymäaika | postinumero | kunta | ammatti | koulutus |
    data urodzenia | kod pocztowy | miasto | województwo | zawód | wykształcenie | stan cywilny |
    obywatelstwo | věk | pohlaví | datum narození | psč | obec | povolání | vzdělání | születési dátum |
    irányítószám | vârsta | sex persoana | yaş | cinsiyet | doğum tarihi | ilçe | meslek | medeni durum |
    eğitim | uyruk | umur | usia | jenis kelamin | tanggal lahir | pekerjaan | pendidikan | kabupaten |
    kecamatan | desa | kelurahan | status perkawinan | tuổi | giới tính | ngày sinh | tỉnh | xã |
    nghề nghiệp | ηλικία | φύλο | район | область | место рождения | семейное положение | национальность |
    стаж | должность | العمر | الجنس | تاريخ الميلاد | المهنة | المدينة | الجنسية | גיל | מין | 乡镇 | 村 |
    街道 | 居住地 | 户籍 | 户口 | 职称 | 岗位 | 部门 | 工龄 | 子女数 | 文化程度 | 就诊日期 | 血型 |
    市区町村 | 配偶者 | 婚姻歴 | 勤務先 | 職種 | 役職 | 学年 | 国籍地域 | 身長 | 体重kg | 결혼 | 혼인상태 |
    학력 | 거주지 | 지역 | 국적 | 직급 | 부서 | geb datum | geb dat | gebdat | gebdatum | geb jahr |
    versicherungsart | entlassdatum | körpergewicht | eintrittsdatum | austrittsdatum | steuerklasse |
    kinderzahl | standort | tarifgruppe | schulform | schulart | erwerbstätigkeit | migrationshintergrund |
    code insee | insee | pcs | établissement | lycée | collège | date naissance | année de naissance |
    annee naissance | date entrée | date sortie | dept | parentesco | situación laboral | fecha nac |
    año de nacimiento | vivienda | tenencia | comarca | nacimiento | data admissão | habilitações |
    habilitações literárias | concelho | freguesia | ano de nascimento | data nascita | anno di nascita |
    anno nascita | luogo nascita | titolo studio | cittadinanza | nucleo familiare | huishoudgrootte |
    huishoudsamenstelling | opleidingsniveau | geboortejaar | geboorteland | provincie | wijk | buurt |
    miejscowość | gmina | powiat | narodowość | rok urodzenia | miejsce zamieszkania | miejsce urodzenia |
    stanowisko | doğum yılı | doğum yeri | mahalle | eğitim durumu | medeni hal | 毕业院校 | 职位 |
    入职日期 | 离职日期 | 入院日 | 退院日 | 診療科 | 入社日 | 部署 | educlvl | dateof hire |
    dateof termination | dateof birth | famsize | pstatus | guardian | agep | rac1p | schl | occp | pobp |
    lanp | nativity | civilité | ancienneté | date embauche | nb enfants | nombre enfants | temps partiel |
    talla | moradores | istituto | verzekeraar | lengte | opnamedatum | ontslagdatum | dział | staż pracy |
    staż | şehir | 班级 | 入社年月日 | 扶養人数 | ins type | geburtsmonat | altersklasse |
    wirtschaftszweig | gemeindegröße | fecha ingreso | fecha alta | data zatrudnienia | dthdt |
    klassenstufe | antigüedad | localidade | data nasc | sezione censimento | leerjaar | thuistaal |
    liczba dzieci | departman | unvan | 続柄 | 生年月 | 配偶関係 | 産業
"""
SENSITIVE = """
    diagnosis | diagnoses | dx | disease | condition | illness | symptom | treatment | medication | drug |
    prescription | test result | lab result | hiv | disability | health | icd | icd9 | icd10 | procedure |
    income | salary | wage | wages | earnings | capital gain | capital loss | net worth | balance | debt |
    credit score | loan | loan amount | religion | religious | political | party | union membership |
    sexual orientation | orientation | genetic | criminal record | conviction | offence | offense |
    salary class | diagnose | krankheit | befund | einkommen | gehalt | religionszugehoerigkeit | maladie |
    diagnostic | revenu | salaire | diagnostico | diagnóstico | enfermedad | ingresos | salario |
    religión | diagnosi | malattia | reddito | stipendio | doença | renda | salário | inkomen | ziekte |
    диагноз | доход | зарплата | религия | болезнь | 诊断 | 診斷 | 疾病 | 病名 | 病史 | 药物 | 用药 |
    治疗 | 检查结果 | 化验结果 | 收入 | 工资 | 薪资 | 薪水 | 年收入 | 月收入 | 存款 | 贷款 | 信用分 |
    宗教 | 宗教信仰 | 政治面貌 | 性取向 | 残疾 | 犯罪记录 | 診断 | 病気 | 年収 | 給与 | 진단 | 질병 |
    소득 | 급여 | 종교 | salaries | pay | earning | bonus | compensation | gross income | net income |
    household income | family income | assets | wealth | savings | expenses | credit card debt | bankrupt |
    religious affiliation | faith | belief | denomination | vote | voted | vote choice | ideology |
    party id | trade union membership | hiv status | covid | mental health | depression | suicide | abuse |
    alcohol | drug use | smoker status | pregnant | pregnancy | abortion | cause of death | dthcaus |
    disorder | comorbidity | comorbidities | allergy | allergies | dose | biopsy | tumor | tumour |
    cancer | stroke | sexual | sex partners | arrested | arrest | offender | sentence | crime | vermögen |
    lohn | religion zugehörigkeit | konfession | krankenkasse | todesursache | schulden | salaire mensuel |
    traitement | médicament | cause de deces | tratamiento | medicamento | deuda | voto | discapacidad |
    tratamento | dívida | reddito annuo | terapia | debiti | inkomst | lön | løn | diagnos | lonn | tulot |
    dochód | wynagrodzenie | choroba | příjem | gelir | maaş | hastalık | pendapatan | gaji | penyakit |
    thu nhập | bệnh | εισόδημα | заболевание | лечение | доходы | الدخل | التشخيص | المرض | आय |
    bruttogehalt | nettogehalt | bruttolohn | nettolohn | behinderung | schwerbehinderung | pincp |
    smoker | smoking | smoking status | boursier | aedecod | aeterm | mhterm | mhdecod | cmdecod |
    rozpoznanie | hauptdiagnose | nebendiagnose | 月薪 | 年薪 | 診断名 | handicap | rendimento | religião |
    disabilità | teşhis | dx | dx code | förderbedarf
"""

PEOPLE = """
    person | people | patient | pat | participant | subject | respondent | individual | child | kid |
    baby | infant | mother | mom | father | woman | man | husband | wife | parent | pupil | student |
    learner | teacher | employee | emp | staff | worker | user | customer | cust | client | member |
    donor | voter | owner | applicant | borrower | beneficiary | citizen | resident | passenger | player |
    athlete | volunteer | guest | visitor | author | case | record | rec | household | hh | hhold |
    family | admission | hadm | stay | icustay | encounter | visit | episode | account | acct | policy |
    claim | loan | application | ticket | sample | specimen | twin | sibling | inmate | caller |
    physician | doctor | nurse | provider | survey | response | login | session | device | caregiver |
    interview | interviewer | caseworker | hosp | persona | paciente | paziente | pacjent | pacjenta |
    patienten | kunde | kunden | klant | klient | klienta | cliente | empleado | empleada | funcionário |
    dipendente | alumno | alumna | aluno | estudiante | élève | mitarbeiter | versicherten | hogar |
    ménage | famille | polizza | póliza | apólice | fall | schüler | usuario | utente | trabajador |
    pracownik | pracownika | hasta | müşteri | çalışan | öğrenci | haushalt | haushalts | personen |
    huishouden | huishoud | mitglied | mitglieds | salarié | salariée | alunno | alunna | famiglia |
    leerling | gospodarstwa
"""
"""Whom or what of theirs a number is of: with `id` or the like behind it, it is a person's own."""

NUMBERS = """
    id | ids | ident | identifier | identification | uid | uuid | guid | key | nr | no | num | number |
    code | pseudonym | token | hash | kennung | nummer | identifiant | numero | número | matricule
"""
"""What a number that somebody has is called."""

LEADING_NUMBERS = "id nr numero número identifiant cod código kod numer"
"""Those that stand before whose they are: `id_persona`, `nr_pacjenta`."""

THINGS = """
    product | drug | medication | medicine | brand | model | file | test | study | project | event |
    variable | column | field | item | table | category | type | species | game | song | movie | book |
    device type | dose | form | parameter | param | measure | metric | gene | protein | sensor | store |
    shop | page | arm | treatment | group | cluster | batch | lot | plot | route | analyte | lab | code |
    dataset | source | class | label | status | color | colour | language | currency | exam |
    subject area | course | url | api
"""
"""What has a name, or a number, and is not a person."""

MEASURES = """
    satisfaction | involvement | score | scores | rating | ratings | index | rate | rates | percent | pct |
    ratio | importance | knowledge | cond | quality | change | growth | attitude | opinion | support |
    balance | performance | environment | mean | avg | median | std | sd | var | prob | probability |
    weight factor | total | price | cost | amount | resistance | volume | prop | area | economic | mood
"""
"""Words that make something else of a quasi-identifier: `job satisfaction` is not a job."""

ROWS = """
    rownames | row names | rowname | row name | row number | rownum | rowid | row | index | idx | obs |
    unnamed | x | lfd nr | lfdnr | seq | sequence number | line | line number | 序号 | 번호 | 連番
"""
"""Names of columns that only number the rows, where each value is a number of its own."""

NOTES = """
    note | notes | comment | comments | remark | remarks | free text | freetext | narrative | transcript |
    feedback | message | description of | clinical notes | history of present illness | text | statement |
    memo | bemerkung | bemerkungen | kommentar | notiz | anmerkung | remarque | remarques | commentaire |
    observaciones | comentario | comentarios | nota | notas | osservazioni | commento | opmerking | uwagi |
    комментарий | примечание | 备注 | 病程记录 | 主诉 | 備考 | 비고
"""
"""Names of columns of free text."""

PREFIXES = (
    "h w f m mom dad hus wife mother father moth fath spouse child n d dy pt pat patient resp r respondent"
)
ROOTS = """
    age sex race gender kids educ education edu schooling occ occup occupation white black children region
    vill village lsoa msoa lad ward district school site clinic hospital household hh dob marital income
    height weight bmi klant fall
"""
ENDINGS = "gr grp group cat cl num no id cd code nm name n x yrs year mom dad type status nr nummer bl"
"""Parts of words that are written together: `hage`, `racegrp`, `villnum`, `schoolid`."""

GENERAL = """
    job school college company firm home house hospital clinic facility site center centre city town community
    work practice birth experience housing insurance student sector email phone telephone mobile address ip
    retired partner military
"""
"""Words that name a column only at the end of its name: `job_city` is not a job, `city_mpg` not a city."""

FLAGS = """
    white black asian hispanic latino latina caucasian nonwhite indigenous aboriginal minority single married
    divorced widowed separated unmarried nevermarried cohab male female
"""
"""What a column of yes and no says of a person by its name."""
