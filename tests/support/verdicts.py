"""Verdicts to show: one small case for each thing that a report must say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from gatecli.gates import RELEASE
from gatecli.model.baseline import Baseline, KnownFinding, forgive_known
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, Suppression, make_finding
from gatecli.model.verdict import Checked, PolicyStamp, Verdict, combine, decide
from tests.support.painted import painted

POLICY = PolicyStamp("default", "5f" * 32)

UNDERSTATED = Rule("dp-understated-epsilon", Severity.ERROR, "the declared ε is smaller than what was spent")
OVERSTATED = Rule("dp-overstated-epsilon", Severity.NOTE, "the declared ε is larger than what was spent")
NO_UNIT = Rule("dp-missing-unit", Severity.WARNING, "the claim does not say what one unit of privacy is")
OVER_TIER = Rule("dp-epsilon-over-tier", Severity.ERROR, "ε is above the limit of its tier")
UNREADABLE = Rule("source-unreadable", Severity.ERROR, "an input could not be read", uncheckable=True)

CHURN = Checked(
    "release",
    "churn-classifier 2.3.0",
    "examples/churn-model/privacy.yaml",
    {
        "epsilonUpper": Fraction(23791, 10000),
        "epsilonLower": Fraction(23785, 10000),
        "delta": Fraction(1, 10**5),
        "accountant": "PLD",
        "neighbouring": "add-remove",
    },
)


def understated(line: int = 14) -> Finding:
    """The finding that the first page of the documentation shows."""
    return make_finding(
        UNDERSTATED,
        "declares ε = 1.0, but 14040 steps of DP-SGD (σ = 1.1, q = 0.00426667) cost at least ε = 2.38 "
        "at δ = 1e-05 (PLD, add-remove)",
        subject=CHURN.name,
        place=Place(CHURN.path, line, 14, "/spec/privacy/epsilon"),
        mend="declare epsilon ≥ 2.38, or raise noiseMultiplier to ≥ 2.04",
    )


def overstated() -> Finding:
    return make_finding(
        OVERSTATED,
        "declares ε = 8, of which at most 2.38 were spent",
        subject=CHURN.name,
        place=Place(CHURN.path, 14, 14, "/spec/privacy/epsilon"),
        mend="declare epsilon: 2.38, see https://gatecli.dev/rules/#dp-overstated-epsilon",
    )


def no_unit() -> Finding:
    return make_finding(
        NO_UNIT,
        "no unit of privacy is declared",
        subject=CHURN.name,
        place=Place(CHURN.path, 10, 3, "/spec/privacy"),
        mend="add unit: person (or what one neighbouring step adds or removes)",
    )


def unreadable() -> Finding:
    return make_finding(
        UNREADABLE,
        "the file ends in the middle of a mapping",
        subject="models/truncated.yaml",
        place=Place("models/truncated.yaml"),
        mend="restore the file from the commit that wrote it",
    )


def waived() -> Finding:
    by = Suppression("waiver", "legacy-churn", "retrained by the first quarter", "2027-03-31")
    over = make_finding(
        OVER_TIER,
        "ε = 8 is above 4, the limit of the tier behavioural",
        subject=CHURN.name,
        place=Place(CHURN.path, 14, 14, "/spec/privacy/epsilon", 1),
        mend="lower epsilon, or ask the owner of the policy",
    )
    return replace(over, suppressed=by)


def many(count: int, severity: Severity = Severity.ERROR) -> Verdict:
    """As many findings of one severity in as many places."""
    rule = replace(UNDERSTATED, severity=severity)
    findings = tuple(
        make_finding(
            rule,
            f"finding {at}",
            subject=f"model {at}",
            place=Place("models.yaml", at + 1, 1),
            mend="mend it",
        )
        for at in range(count)
    )
    return decide("release", POLICY, (CHURN,), findings)


HOSTILE_TEXTS = (
    "\x1b[31mred\x1b[0m \x9b2J\x07\x00\x7f",
    "one\r\ntwo\n::error file=a::three\r::set-output name=x::y",
    "::stop-commands::token",
    "##[add-path]/tmp ##vso[task.setvariable]x",
    "| a | b |\n|---|---|\n| ` | `` | \\| \\",
    "<script>alert(1)</script> <!-- --> &lt; ]]> ]]&gt; <?xml?>",
    "@acme/everyone #1 acme/app#2 GH-3 a@b.example https://evil.example www.evil.example",
    "[link](https://evil.example) ![image](x) *b* _i_ ~s~ $m$ {0} {{",
    "\u202eevil\u2066 \u200bzero\ufeff \u2028 \U000e0041",
    "\udc80 \ud83d \ude00 \ufffe \uffff",
    "% %0A %25 a,b:c=d 'q' \"q\"",
    "",
    " ",
)


def hostile(text: str) -> Verdict:
    """A verdict in which a stranger wrote everything that a stranger can write."""
    place = Place(text, 1, 1, "/" + text)
    plain = make_finding(NO_UNIT, text, subject=text, place=place, mend=text)
    closing = make_finding(UNDERSTATED, text, subject=f"b{text}", place=place, mend=text)
    blind = make_finding(UNREADABLE, text, subject=f"c{text}", place=place, mend=text)
    hidden = replace(
        make_finding(OVER_TIER, text, subject=f"d{text}", place=place, mend=text),
        suppressed=Suppression("waiver", text, text, text),
    )
    checked = Checked("release", text, text, {"note": text})
    return decide("release", PolicyStamp(text, "00" * 32), (checked,), (plain, closing, blind, hidden))


def _open() -> Verdict:
    return decide("release", POLICY, (CHURN,), ())


def _warned() -> Verdict:
    return decide("release", POLICY, (CHURN,), (overstated(), no_unit()))


def _closed() -> Verdict:
    return decide("release", POLICY, (CHURN,), (understated(),))


def _strict() -> Verdict:
    return decide("release", POLICY, (CHURN,), (overstated(), no_unit()), fail_on=Severity.WARNING)


def _forgiven() -> Verdict:
    return decide("release", POLICY, (CHURN,), (understated(), no_unit()), exit_zero=True)


def _nothing() -> Verdict:
    return decide("pii", POLICY, (), ())


def _uncheckable() -> Verdict:
    return decide("release", POLICY, (CHURN,), (no_unit(), understated(), unreadable()))


def _suppressed() -> Verdict:
    return decide("release", POLICY, (CHURN,), (waived(),))


def granted() -> Verdict:
    """Judged by the law of a revision: a waiver, a comment and the baseline forgive, each with its owner."""
    owned = Suppression(
        "waiver", "legacy-churn", "retrained by the first quarter", "2027-03-31", "ml-platform"
    )
    comment = Suppression("inline", "examples/churn-model/privacy.yaml:9", "a made-up unit", "2027-01-31")
    before = Baseline((known(understated()),))
    findings = (
        replace(waived(), suppressed=owned),
        replace(no_unit(), suppressed=comment),
        *map(forgive_known, before.mark_new((understated(),))),
    )
    stamp = replace(POLICY, revision="main", commit="3c" * 20)
    return decide("release", stamp, (CHURN,), findings, baseline=before, families=RELEASE.families)


def _wide() -> Verdict:
    table = Checked(
        "dataset",
        "顾客 2026",
        "数据/顾客.parquet",
        {
            "records": 60000,
            "k": 3,
            "maxRisk": Fraction(1, 3),
            "bySensitive": {"diagnosis": {"l": 1, "t": None}},
        },
    )
    rare = make_finding(
        Rule("anon-k-too-small", Severity.ERROR, "a class is smaller than k"),
        "这张表的准标识符把三条记录放进同一个等价类，低于政策要求的 k = 10，因此攻击者能够以三分之一的概率"
        "重新识别其中任何一个人（见 https://gatecli.dev/rules/#anon-k-too-small-with-a-long-address-that-must-not-break）。",
        subject=table.name,
        place=Place("数据/gatecli.yaml", 3, 5, "/spec/datasets/0", 2),
        mend="把年龄归并成十岁一组，或者删去邮政编码的后三位，然后再运行一次 gatecli anonymity check",
    )
    return decide("anonymity", POLICY, (table, CHURN), (rare,))


def _pictured() -> Verdict:
    table = Checked("table", "patients.csv", "data/patients.csv", {"k": 1, "records": 100}, picture=painted())
    return decide("anonymity", POLICY, (table,), ())


def _persons() -> Verdict:
    """A table with several rows a person, whose households, scales, formats and codes were stated."""
    measures: dict[str, object] = {
        "records": 120,
        "units": 60,
        "rowsWithoutUnit": 3,
        "suppressedRows": 5,
        "k": 2,
        "households": 40,
        "exposedHouseholds": 2,
        "averageHouseholdRisk": 0.25,
        "populationUniqueness": None,
        "populationEstimator": "withheld",
        "bySensitive": {"cost": {"scale": "numeric", "format": "decimal-comma", "t": 0.2}},
    }
    inputs: dict[str, object] = {
        "quasiIdentifiers": ["born", "area"],
        "sensitive": ["cost"],
        "unit": "pid",
        "trajectory": True,
        "household": "home",
        "scales": {"cost": "numeric"},
        "formats": {"born": "day-first", "cost": "decimal-comma"},
        "missingCodes": ["-9"],
        "suppressedCodes": ["*"],
        "thresholds": {"k": 2, "t": 0.3},
    }
    table = Checked("table", "visits.csv", "data/visits.csv", measures, inputs=inputs)
    return decide("anonymity", POLICY, (table,), ())


def compared() -> Verdict:
    """Beside a baseline: new findings, one that is known, one that a waiver forgives, one that is gone."""
    baseline = Baseline(
        (known(understated()), KnownFinding("dp-missing-delta", CHURN.path, "0d" * 16), known(unreadable()))
    )
    findings = (replace(overstated(), new=True), no_unit(), waived(), unreadable())
    judged = (*findings, *map(forgive_known, baseline.mark_new((understated(),))))
    return decide("release", POLICY, (CHURN,), judged, baseline=baseline, families=RELEASE.families)


def known(finding: Finding) -> KnownFinding:
    return KnownFinding(finding.rule.id, finding.place.path, finding.fingerprint)


def _gates() -> Verdict:
    pii = decide("pii", POLICY, (Checked("file", "a.yaml", "a.yaml"),), (), exit_zero=True)
    release = decide("release", POLICY, (CHURN,), (understated(), no_unit()), exit_zero=True)
    return combine((release, decide("anonymity", POLICY, (), (), exit_zero=True), pii))


CASES: dict[str, Callable[[], Verdict]] = {
    "open": _open,
    "warned": _warned,
    "closed": _closed,
    "strict": _strict,
    "forgiven": _forgiven,
    "nothing": _nothing,
    "uncheckable": _uncheckable,
    "suppressed": _suppressed,
    "granted": granted,
    "wide": _wide,
    "pictured": _pictured,
    "persons": _persons,
    "compared": compared,
    "gates": _gates,
    "many": lambda: many(12),
    "hostile": lambda: hostile(" ".join(HOSTILE_TEXTS)),
}
