"""A policy is read whole, resolved, and refused with everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest

from gatecli.errors import ConfigurationError
from gatecli.model.finding import Severity
from gatecli.model.policy import seconds_in
from gatecli.sources.policy import PolicyBundle, default_policy, read_policy
from gatecli.sources.rules import RULES as SOURCE_RULES

RULES = ("dp-missing-epsilon", "dp-overstated-epsilon")
UNCHECKABLE = frozenset(rule.id for rule in SOURCE_RULES)
HEAD = "apiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\nmetadata: {name: acme}\nspec:\n"
HEALTH = HEAD + "  tiers: {health: {maxEpsilon: 0.25}}\n"
WAIVER = """\
apiVersion: gatecli.dev/v1
kind: PrivacyWaiver
metadata: {name: old}
spec: {rule: dp-missing-epsilon, subject: churn@1, reason: known, owner: me, expires: 2027-03-31}
"""


@pytest.fixture(autouse=True)
def in_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)


def put(text: str, name: str = "gatecli.yaml") -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def read(path: Path | None = None, waivers: Sequence[Path] = (), start: str = ".") -> PolicyBundle:
    return read_policy(path, waiver_files=waivers, rule_ids=RULES, uncheckable=UNCHECKABLE, start=Path(start))


def complaints(path: Path, waivers: Sequence[Path] = ()) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read(path, waivers)
    assert caught.value.exit_code == 2
    return caught.value.message.splitlines()


def test_without_a_file_the_shipped_policy_judges() -> None:
    bundle = read()
    assert (bundle.policy, bundle.waivers, bundle.path) == (default_policy(), (), None)
    assert set(bundle.policy.spec.tiers) >= {"identity", "health", "behavioural", "low"}


def test_a_file_that_is_named_is_the_policy() -> None:
    bundle = read(put(HEALTH, "other.yaml"))
    assert bundle.policy.metadata.name == "acme"
    assert list(bundle.policy.spec.tiers) == ["health"]


def test_a_folder_that_was_deleted_meanwhile_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(ConfigurationError, match="no longer exists"):
        read()


@pytest.mark.parametrize("start", [".", "a", "a/b", "a/b/privacy.yaml"])
def test_the_nearest_policy_upward_is_found(start: str) -> None:
    put("x", "a/b/privacy.yaml")
    put(HEALTH)
    assert read(start=start).path == Path("gatecli.yaml")


def test_a_nearer_policy_wins() -> None:
    put(HEALTH)
    put(HEALTH.replace("acme", "near"), "a/gatecli.yml")
    assert read(start="a").policy.metadata.name == "near"


def test_the_search_ends_at_the_repository() -> None:
    put(HEALTH)
    Path("a/.git").mkdir(parents=True)
    assert read(start="a").path is None


def test_extends_default_keeps_what_is_unsaid() -> None:
    put(HEALTH + "  extends: default\n")
    spec = read().policy.spec
    assert spec.tiers["health"].max_epsilon == Fraction(1, 4)
    assert spec.tiers["health"].max_delta == default_policy().spec.tiers["health"].max_delta
    assert "low" in spec.tiers
    assert spec.extends is None


def test_extends_is_relative_to_the_file() -> None:
    put(HEALTH + "  extends: default\n", "shared/base.yaml")
    put(HEAD + "  extends: ../shared/base.yaml\n  release: {requireEvidence: true}\n", "a/gatecli.yaml")
    policy = read(start="a").policy
    assert (policy.spec.tiers["health"].max_epsilon, policy.spec.release.require_evidence) == (
        Fraction(1, 4),
        True,
    )


def test_waivers_stand_beside_the_policy_and_in_files_of_their_own() -> None:
    put(f"{HEALTH}---\n{WAIVER}")
    bundle = read(waivers=[put(WAIVER, "waivers.yaml")])
    assert [str(waiver.place) for waiver in bundle.waivers] == ["gatecli.yaml:10:14", "waivers.yaml:4:14"]
    assert [waiver.place.document for waiver in bundle.waivers] == [1, None]


def test_waivers_alone_leave_the_shipped_policy() -> None:
    put(WAIVER)
    bundle = read()
    assert (bundle.policy, len(bundle.waivers)) == (default_policy(), 1)


def test_the_waivers_of_an_extended_file_do_not_count() -> None:
    put(f"{HEALTH}---\n{WAIVER}", "base.yaml")
    assert read(put(HEAD + "  extends: base.yaml\n")).waivers == ()


def test_an_expiry_is_text_so_that_a_malformed_one_counts_as_expired() -> None:
    put(WAIVER.replace("2027-03-31", "soon"))
    assert read().waivers[0].waiver.expiry is None


def test_a_severity_may_be_changed() -> None:
    put(HEAD + "  extends: default\n  severities: {dp-overstated-epsilon: warning}\n")
    assert read().policy.spec.severities == {"dp-overstated-epsilon": Severity.WARNING}


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("warn", ("warn", "warn")),
        ("{default: defer, dp-missing-epsilon: warn}", ("warn", "defer")),
        ("{dp-missing-epsilon: defer}", ("defer", "fail")),
        ("{}", ("fail", "fail")),
    ],
)
def test_what_an_unknown_means_may_differ_by_rule(given: str, meant: tuple[str, str]) -> None:
    put(HEAD + f"  extends: default\n  terraform: {{onUnknown: {given}}}\n")
    rules = read().policy.spec.terraform
    assert (rules.unknown(RULES[0]), rules.unknown(RULES[1])) == meant


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [
        ("168h", 604_800),
        ("1h30m", 5_400),
        ("10s", 10),
        ("0h", 0),
        ("", None),
        ("5", None),
        ("1m1h", None),
        ("-1h", None),
    ],
)
def test_a_duration_is_whole_hours_minutes_and_seconds(duration: str, seconds: int | None) -> None:
    assert seconds_in(duration) == seconds


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            HEAD + "  terraform: {onUnknown: {dp-missing-epsilom: warn}}\n",
            ":5:27: there is no rule 'dp-missing-epsilom' (did you mean dp-missing-epsilon?)",
        ),
        (
            HEAD + "  terraform: {onUnknown: {default: ignore}}\n",
            ":5:36: default is 'ignore', not one of fail, warn, defer",
        ),
        (HEAD + "  terraform: {onUnknown: never}\n", ":5:26: onUnknown is 'never', not one of fail"),
        (HEAD + "  terraform: {maxEvidenceAge: 7d}\n", ":5:31: maxEvidenceAge is '7d', not of the form"),
        ("a: {b", ":1:6: the file is not YAML"),
        ("", ": the file holds no PrivacyPolicy and no PrivacyWaiver"),
        ("- a\n", ":1:1: the document is a list of 1, not a block of keys"),
        (HEALTH.replace("v1", "v9"), ":1:13: apiVersion is 'gatecli.dev/v9'"),
        (
            HEALTH.replace("Policy", "Polcy"),
            ":2:7: unknown kind 'PrivacyPolcy' (did you mean PrivacyPolicy?)",
        ),
        (HEAD.replace("spec:\n", "spec: {}\n"), ":4:7: the policy is empty"),
        (HEAD + "  tiers: {}\n", ":5:3: the policy is empty"),
        (HEAD + "  teirs: {a: {}}\n", ":5:3: unknown key 'teirs' in spec (did you mean tiers?)"),
        (HEALTH.replace("0.25", "-1"), ":5:32: maxEpsilon: -1 is negative"),
        (
            HEALTH.replace("maxEpsilon", "maxEpsilom"),
            ":5:20: unknown key 'maxEpsilom' in health (did you mean maxEpsilon?)",
        ),
        (
            HEAD + "  severities: {dp-missing-epsilom: note}\n",
            ":5:16: there is no rule 'dp-missing-epsilom' (did you mean dp-missing-epsilon?)",
        ),
        (
            HEAD + "  severities: {dp-missing-epsilon: off}\n",
            ":5:36: dp-missing-epsilon is 'off', not one of error, warning, note",
        ),
        (
            HEAD + "  severities: {release-unreadable: note}\n",
            ":5:16: release-unreadable reports that something could not be judged",
        ),
        (HEALTH + "---\n" + HEALTH, ":8:7: the file holds a second PrivacyPolicy"),
        (
            HEALTH + "  extends: nothing.yaml\n",
            ":6:12: the policy extends 'nothing.yaml', which holds no PrivacyPolicy",
        ),
        (HEALTH + "  extends: gatecli.yaml\n", ":6:12: the policy extends 'gatecli.yaml', and so itself"),
        (HEALTH + '  extends: "a\\0b"\n', ":6:12: the policy extends 'a\\x00b', which holds no"),
        (WAIVER.replace("owner: me, ", ""), ":4:7: owner is missing in spec"),
        (WAIVER.replace("subject: churn@1, ", ""), ":4:7: spec: give exactly one of subject and fingerprint"),
        (WAIVER.replace("dp-missing-epsilon", "dp-missing"), ":4:14: there is no rule 'dp-missing'"),
        (
            WAIVER.replace("dp-missing-epsilon", "release-invalid"),
            ":4:14: release-invalid reports that something could not be judged",
        ),
    ],
)
def test_whatever_is_wrong_stops_the_run(text: str, complaint: str) -> None:
    lines = complaints(put(text))
    assert any(line.startswith(f"gatecli.yaml{complaint}") for line in lines), lines


def test_everything_wrong_is_told_at_once() -> None:
    lines = complaints(put(f"{HEAD}  teirs: {{}}\n---\n{WAIVER.replace('owner', 'ower')}"))
    assert len(lines) == 3


def test_a_missing_file_is_one_line() -> None:
    assert complaints(Path("nothing.yaml")) == ["nothing.yaml: the file does not exist (check the path)"]


def test_a_circle_of_policies_is_refused() -> None:
    put(HEAD + "  extends: a.yaml\n", "b.yaml")
    lines = complaints(put(HEAD + "  extends: b.yaml\n", "a.yaml"))
    assert lines == [
        "b.yaml:5:12: the policy extends 'a.yaml', and so itself (name another file, or default)"
    ]


def test_a_policy_among_the_waivers_is_refused() -> None:
    lines = complaints(put(HEALTH), [put(HEALTH, "waivers.yaml")])
    assert lines == ["waivers.yaml:2:7: a file of waivers holds a PrivacyPolicy (name it with --policy)"]


def test_a_policy_that_leads_nowhere_is_refused_not_passed_over() -> None:
    Path("gatecli.yaml").symlink_to("nothing")
    with pytest.raises(ConfigurationError, match="does not exist"):
        read()
