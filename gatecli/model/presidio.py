"""Recognizers in presidio's own format, as the files of its recognizer registry hold them.

The keys are presidio's (docs/pii.md says which are read). What a file may name as predefined stands in
`PREDEFINED`: a class whose recognizer is made of patterns, and the kind that it finds.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from gatecli.model.base import Many, Text, Value
from gatecli.model.number import Proportion

SHORT = 3
"""Letters up to which a word of an id is an abbreviation."""

EntityId = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$")]


class PresidioValue(Value):
    """A value whose keys are written as presidio writes them."""

    model_config = ConfigDict(alias_generator=None)


class PresidioPattern(PresidioValue):
    """One written form and the score it earns."""

    name: Text
    regex: Text
    score: Proportion


class LanguageWords(PresidioValue):
    """The context words of one language."""

    language: Text
    context: Many[Text] = ()


def _by_language(language: object) -> object:
    """A language alone has no words of its own."""
    return {"language": language} if isinstance(language, str) else language


class PresidioRecognizer(PresidioValue):
    """One kind of personal data: patterns or a list of words, or a recognizer that presidio ships."""

    name: Text
    class_name: Text | None = None
    type: Literal["predefined", "custom"] | None = None
    enabled: bool = True
    supported_entity: EntityId | None = None
    supported_entities: Annotated[Many[EntityId], Field(max_length=1)] = ()
    supported_language: Text | None = None
    supported_languages: Many[Annotated[LanguageWords, BeforeValidator(_by_language)]] = ()
    patterns: Many[PresidioPattern] = ()
    deny_list: Many[Text] = ()
    deny_list_score: Proportion = Field(default=1, validate_default=True)
    context: Many[Text] = ()
    country_code: Text | None = None
    version: Text | None = None

    @model_validator(mode="after")
    def _says_what_it_finds(self) -> PresidioRecognizer:
        if not self.enabled:
            return self
        if self.is_predefined and self.shipped not in PREDEFINED:
            raise ValueError(
                f"presidio has no recognizer {self.shipped!r} that is made of patterns: set enabled: false"
            )
        if not self.is_predefined and not self.named_entity:
            raise ValueError("a recognizer of your own needs supported_entity")
        if not self.is_predefined and not (self.patterns or self.deny_list):
            raise ValueError("a recognizer of your own needs patterns or a deny_list")
        return self

    @property
    def is_predefined(self) -> bool:
        """Whether presidio ships it; without a type, what has patterns or words of its own is none."""
        return self.type == "predefined" or (self.type is None and not (self.patterns or self.deny_list))

    @property
    def shipped(self) -> str:
        """The class of a predefined one."""
        return self.class_name or self.name

    @property
    def named_entity(self) -> str | None:
        return self.supported_entity or next(iter(self.supported_entities), None)

    @property
    def entity(self) -> str:
        """The kind that it finds."""
        return self.named_entity or PREDEFINED[self.shipped]

    @property
    def rule(self) -> str:
        return "pii-" + self.entity.lower().replace("_", "-")

    @property
    def label(self) -> str:
        """What a finding calls it: `MEDICAL_LICENSE` is a medical license, `AU_ABN` an AU ABN."""
        words = self.entity.split("_")
        return " ".join(word if len(word) <= SHORT else word.lower() for word in words)

    @property
    def origin(self) -> str:
        """What finds it, for an explanation."""
        home = "presidio" if self.is_predefined else "its registry"
        return f"found by the recognizer {self.name} of {home}"

    @property
    def words(self) -> tuple[str, ...]:
        """Its context words, of all languages."""
        return (*self.context, *(word for each in self.supported_languages for word in each.context))


def _by_name(recognizer: object) -> object:
    """A name alone is that of a predefined recognizer."""
    return {"name": recognizer, "type": "predefined"} if isinstance(recognizer, str) else recognizer


class PresidioRegistry(PresidioValue):
    """A file of presidio's recognizer registry."""

    supported_languages: Many[Text] = ()
    global_regex_flags: Annotated[int, Field(ge=0, lt=32)] = Field(
        default=26, description="flags of Python's re: ignore case (2), multi-line (8), dot for any (16)"
    )
    recognizers: Many[Annotated[PresidioRecognizer, BeforeValidator(_by_name)]]

    @property
    def enabled(self) -> tuple[PresidioRecognizer, ...]:
        return tuple(recognizer for recognizer in self.recognizers if recognizer.enabled)


PREDEFINED: dict[str, str] = {
    "AbaRoutingRecognizer": "ABA_ROUTING_NUMBER",
    "AuAbnRecognizer": "AU_ABN",
    "AuAcnRecognizer": "AU_ACN",
    "AuMedicareRecognizer": "AU_MEDICARE",
    "AuTfnRecognizer": "AU_TFN",
    "CaPostalCodeRecognizer": "CA_POSTAL_CODE",
    "CaSinRecognizer": "CA_SIN",
    "CreditCardRecognizer": "CREDIT_CARD",
    "CryptoRecognizer": "CRYPTO",
    "DateRecognizer": "DATE_TIME",
    "DeBsnrRecognizer": "DE_BSNR",
    "DeFuehrerscheinRecognizer": "DE_FUEHRERSCHEIN",
    "DeHandelsregisterRecognizer": "DE_HANDELSREGISTER",
    "DeHealthInsuranceRecognizer": "DE_HEALTH_INSURANCE",
    "DeIdCardRecognizer": "DE_ID_CARD",
    "DeKfzRecognizer": "DE_KFZ",
    "DeLanrRecognizer": "DE_LANR",
    "DePassportRecognizer": "DE_PASSPORT",
    "DePlzRecognizer": "DE_PLZ",
    "DeSocialSecurityRecognizer": "DE_SOCIAL_SECURITY",
    "DeTaxIdRecognizer": "DE_TAX_ID",
    "DeTaxNumberRecognizer": "DE_TAX_NUMBER",
    "DeVatIdRecognizer": "DE_VAT_ID",
    "EmailRecognizer": "EMAIL_ADDRESS",
    "EsNieRecognizer": "ES_NIE",
    "EsNifRecognizer": "ES_NIF",
    "EsPassportRecognizer": "ES_PASSPORT",
    "FiPersonalIdentityCodeRecognizer": "FI_PERSONAL_IDENTITY_CODE",
    "IbanRecognizer": "IBAN_CODE",
    "InAadhaarRecognizer": "IN_AADHAAR",
    "InGstinRecognizer": "IN_GSTIN",
    "InPanRecognizer": "IN_PAN",
    "InPassportRecognizer": "IN_PASSPORT",
    "InVehicleRegistrationRecognizer": "IN_VEHICLE_REGISTRATION",
    "InVoterRecognizer": "IN_VOTER",
    "IpRecognizer": "IP_ADDRESS",
    "ItDriverLicenseRecognizer": "IT_DRIVER_LICENSE",
    "ItFiscalCodeRecognizer": "IT_FISCAL_CODE",
    "ItIdentityCardRecognizer": "IT_IDENTITY_CARD",
    "ItPassportRecognizer": "IT_PASSPORT",
    "ItVatCodeRecognizer": "IT_VAT_CODE",
    "KrBrnRecognizer": "KR_BRN",
    "KrDriverLicenseRecognizer": "KR_DRIVER_LICENSE",
    "KrFrnRecognizer": "KR_FRN",
    "KrPassportRecognizer": "KR_PASSPORT",
    "KrRrnRecognizer": "KR_RRN",
    "MacAddressRecognizer": "MAC_ADDRESS",
    "MedicalLicenseRecognizer": "MEDICAL_LICENSE",
    "NgNinRecognizer": "NG_NIN",
    "NgVehicleRegistrationRecognizer": "NG_VEHICLE_REGISTRATION",
    "NhsRecognizer": "UK_NHS",
    "PhPassportRecognizer": "PH_PASSPORT",
    "PhTinRecognizer": "PH_TIN",
    "PhUmidRecognizer": "PH_UMID",
    "PhoneRecognizer": "PHONE_NUMBER",
    "PlPeselRecognizer": "PL_PESEL",
    "SeOrganisationsnummerRecognizer": "SE_ORGANISATIONSNUMMER",
    "SePersonnummerRecognizer": "SE_PERSONNUMMER",
    "SgFinRecognizer": "SG_NRIC_FIN",
    "SgUenRecognizer": "SG_UEN",
    "ThTninRecognizer": "TH_TNIN",
    "TrLicensePlateRecognizer": "TR_LICENSE_PLATE",
    "TrNationalIdRecognizer": "TR_NATIONAL_ID",
    "UkDrivingLicenceRecognizer": "UK_DRIVING_LICENCE",
    "UkNinoRecognizer": "UK_NINO",
    "UkPassportRecognizer": "UK_PASSPORT",
    "UkPostcodeRecognizer": "UK_POSTCODE",
    "UkVehicleRegistrationRecognizer": "UK_VEHICLE_REGISTRATION",
    "UrlRecognizer": "URL",
    "UsBankRecognizer": "US_BANK_NUMBER",
    "UsClaimNumberRecognizer": "US_CLAIM_NUMBER",
    "UsHealthInsuranceMemberIdRecognizer": "US_HEALTH_INSURANCE_MEMBER_ID",
    "UsItinRecognizer": "US_ITIN",
    "UsLicenseRecognizer": "US_DRIVER_LICENSE",
    "UsMbiRecognizer": "US_MBI",
    "UsNpiRecognizer": "US_NPI",
    "UsPassportRecognizer": "US_PASSPORT",
    "UsPrescriptionNumberRecognizer": "US_PRESCRIPTION_NUMBER",
    "UsPriorAuthorizationNumberRecognizer": "US_PRIOR_AUTHORIZATION_NUMBER",
    "UsProviderTaxIdRecognizer": "US_PROVIDER_TAX_ID",
    "UsReferralNumberRecognizer": "US_REFERRAL_NUMBER",
    "UsSsnRecognizer": "US_SSN",
    "UuidRecognizer": "UUID",
    "ZaCompanyRegistrationRecognizer": "ZA_COMPANY_REGISTRATION",
    "ZaDriverLicenseRecognizer": "ZA_DRIVER_LICENSE",
    "ZaIdNumberRecognizer": "ZA_ID_NUMBER",
    "ZaIncomeTaxNumberRecognizer": "ZA_INCOME_TAX_NUMBER",
    "ZaLicensePlateRecognizer": "ZA_LICENSE_PLATE",
    "ZaPassportRecognizer": "ZA_PASSPORT",
    "ZaTrafficRegisterNumberRecognizer": "ZA_TRAFFIC_REGISTER_NUMBER",
    "ZaVatNumberRecognizer": "ZA_VAT_NUMBER",
}
"""Presidio's recognizers that are made of patterns, by class, and what they find (version 2.2.366)."""
