"""`--policy-from`: a change is judged by the law of its target, and what it adds to the law is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.support.changes import ALLOW, OTHER, POLICY, SSN, Change, change, policy, waiver
from tests.support.check_runs import check
from tests.support.repositories import git, repository, write

SOFTER = {
    "a severity": ("severities: {pii-us-ssn: note}", "severities.pii-us-ssn is note instead of unset"),
    "an entity": ("pii: {entities: {US_SSN: ignore}}", "pii.entities.US_SSN is ignore instead of unset"),
    "packs": ("pii: {packs: [cn]}", "pii.packs"),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "repository"


class TestPolicy:
    @pytest.mark.parametrize(("line", "told"), SOFTER.values(), ids=SOFTER)
    def test_a_softer_policy_softens_nothing_before_it_is_merged(
        self, line: str, told: str, root: Path
    ) -> None:
        here = change(root, {"gatecli.yaml": POLICY, "a.yaml": f"ssn: {SSN}\n"})
        here.write({"gatecli.yaml": policy(line)})
        assert here.judge_as_it_stands().code == 0
        verdict = here.judge()
        assert (verdict.code, verdict.law, verdict.counted) == (1, ["policy-changed"], ["a.yaml"])
        (finding,) = verdict.of("policy-changed")
        assert told in finding["message"]
        assert (finding["severity"], finding["path"]) == ("warning", f"{root.as_posix()}/gatecli.yaml")

    def test_paths_that_the_change_excludes_are_searched(self, root: Path) -> None:
        here = change(root, {"gatecli.yaml": POLICY})
        here.write(
            {"gatecli.yaml": POLICY.replace("[pii]", "[pii], exclude: [a.yaml]"), "a.yaml": f"ssn: {SSN}"}
        )
        assert here.judge_as_it_stands().code == 0
        verdict = here.judge()
        assert (verdict.code, verdict.law, verdict.counted) == (1, ["policy-changed"], ["a.yaml"])

    def test_a_policy_that_is_deleted_still_holds(self, root: Path) -> None:
        here = change(root, {"gatecli.yaml": policy("severities: {pii-email-address: error}")})
        (root / "gatecli.yaml").unlink()
        here.write({"a.yaml": "mail: someone@acme-corp.de\n"})
        verdict = here.judge()
        assert (verdict.code, verdict.law) == (1, ["policy-changed"])
        assert verdict.report["policy"]["name"] == "acme"

    def test_a_policy_that_is_another_ones_link_is_not_followed(self, root: Path, tmp_path: Path) -> None:
        here = change(root, {"gatecli.yaml": POLICY, "a.yaml": f"ssn: {SSN}\n"})
        (tmp_path / "lax.yaml").write_text(policy("severities: {pii-us-ssn: note}"))
        (root / "gatecli.yaml").unlink()
        (root / "gatecli.yaml").symlink_to("../lax.yaml")
        here.commit()
        verdict = here.judge()
        assert (verdict.code, verdict.law) == (1, ["policy-changed"])

    def test_a_link_of_the_target_is_followed_there(self, root: Path) -> None:
        repository(
            root, {"law/policy.yaml": policy("severities: {pii-email-address: error}"), "a.yaml": "a: 1\n"}
        )
        (root / "gatecli.yaml").symlink_to("law/policy.yaml")
        git(root, "add", "-A")
        git(root, "commit", "-q", "-m", "link")
        git(root, "checkout", "-q", "-b", "change")
        here = Change(root)
        here.write({"law/policy.yaml": POLICY, "a.yaml": "mail: someone@acme-corp.de\n"})
        verdict = here.judge()
        assert (verdict.code, verdict.law) == (1, ["policy-changed"])

    @pytest.mark.parametrize(
        "attributes",
        [
            "gatecli.yaml working-tree-encoding=UTF-16",
            "* ident export-subst -diff",
            "* filter=lax text eol=crlf",
        ],
    )
    def test_attributes_of_the_change_have_no_say(self, attributes: str, root: Path) -> None:
        here = change(root, {"gatecli.yaml": POLICY, "a.yaml": f"ssn: {SSN}\n"})
        write(root, {".gitattributes": attributes + "\n"})
        git(root, "add", ".gitattributes")
        git(root, "commit", "-q", "-m", "attributes")
        verdict = here.judge()
        assert (verdict.code, verdict.law, verdict.counted) == (1, [], ["a.yaml"])

    def test_what_a_policy_extends_is_law_too(self, root: Path) -> None:
        law = {"gatecli.yaml": POLICY.replace("default", "base/law.yaml"), "base/law.yaml": POLICY}
        here = change(root, {**law, "a.yaml": f"ssn: {SSN}\n"})
        here.write({"base/law.yaml": policy("severities: {pii-us-ssn: note}")})
        assert here.judge_as_it_stands().code == 0
        verdict = here.judge()
        assert (verdict.code, verdict.law) == (1, ["policy-changed"])
        assert verdict.of("policy-changed")[0]["path"].endswith("base/law.yaml")

    def test_recognizers_are_law_too(self, root: Path) -> None:
        def recognizers(pattern: str) -> str:
            patterns = f"[{{name: staff, regex: '{pattern}', score: 0.9}}]"
            return f"recognizers:\n  - {{name: Staff, supported_entity: STAFF_NO, patterns: {patterns}}}\n"

        law = {"gatecli.yaml": policy("pii: {recognizers: law.yaml}"), "law.yaml": recognizers("ST[0-9]{5}")}
        here = change(root, {**law, "a.yaml": "staff: ST12345\n"})
        here.write({"law.yaml": recognizers("QQ[0-9]{9}")})
        assert here.judge_as_it_stands().code == 0
        verdict = here.judge()
        assert (verdict.code, verdict.law, len(verdict.of("pii-staff-no"))) == (1, ["policy-changed"], 1)

    def test_the_floor_and_the_nearer_policy_are_those_of_the_target(self, root: Path) -> None:
        strict = policy("severities: {pii-email-address: error}")
        here = change(root, {"gatecli.yaml": POLICY, "team/gatecli.yaml": strict})
        here.write({"team/a.yaml": "mail: someone@acme-corp.de\n"})
        (root / "team/gatecli.yaml").unlink()
        here.commit()
        code, text = check(root / "team", "--policy-from", "main")
        rules = [each["rule"] for each in json.loads(text)["findings"] if not each["suppressed"]]
        assert (code, rules[:2]) == (1, ["pii-email-address", "policy-changed"])

    def test_a_nearer_policy_that_the_change_brings_does_not_hold(self, root: Path) -> None:
        here = change(root, {"gatecli.yaml": POLICY, "team/a.yaml": "a: 1\n"})
        here.write({"team/gatecli.yaml": policy("severities: {pii-email-address: error}")})
        code, text = check(root / "team", "--policy-from", "main")
        assert (code, json.loads(text)["findings"][0]["rule"]) == (0, "policy-changed")

    def test_other_words_for_the_same_are_no_change(self, root: Path) -> None:
        here = change(root, {"gatecli.yaml": POLICY, "a.yaml": "a: 1\n"})
        here.write({"gatecli.yaml": "# our law\n" + POLICY + "  pii: {entities: {}}\n"})
        assert here.judge().law == []

    def test_without_a_policy_in_the_target_the_shipped_one_holds(self, root: Path) -> None:
        here = change(root, {"a.yaml": f"ssn: {SSN}\n"})
        here.write({"gatecli.yaml": policy("severities: {pii-us-ssn: note}")})
        verdict = here.judge()
        assert (verdict.code, verdict.law) == (1, ["policy-changed"])
        assert verdict.report["policy"]["name"] == "default"

    def test_a_policy_that_cannot_be_used_is_an_error_of_the_change(self, root: Path) -> None:
        here = change(root, {"gatecli.yaml": POLICY, "a.yaml": "a: 1\n"})
        here.write({"gatecli.yaml": policy("severitys: {}")})
        assert check(root)[0] == 2
        verdict = here.judge()
        (finding,) = verdict.of("policy-changed")
        assert (verdict.code, finding["severity"]) == (1, "error")
        assert "severitys" in finding["message"]

    def test_a_policy_of_the_target_that_cannot_be_used_stops_the_run(self, root: Path, run: Run) -> None:
        here = change(root, {"gatecli.yaml": policy("severitys: {}"), "a.yaml": "a: 1\n"})
        here.write({"gatecli.yaml": POLICY})
        done = run("check", root, "--policy-from", "main")
        assert done.returncode == 2
        assert "the law of main cannot be used" in done.stderr

    def test_a_file_below_an_excluded_path_is_left_out_and_listed(self, root: Path) -> None:
        law = POLICY.replace("[pii]", "[pii], exclude: [vendor/]")
        here = change(root, {"gatecli.yaml": law, "a.yaml": f"ssn: {SSN}\n"})
        (root / "vendor").mkdir()
        git(root, "mv", "a.yaml", "vendor/a.yaml")
        here.commit()
        verdict = here.judge()
        assert (verdict.code, verdict.law) == (0, [])
        assert any("vendor" in each["message"] for each in verdict.of("check-not-checked"))


class TestIgnoreFiles:
    def test_what_git_tracks_is_searched_whatever_gitignore_says(self, root: Path) -> None:
        here = change(root, {"gatecli.yaml": POLICY, "a.yaml": "a: 1\n"})
        here.write(
            {".gitignore": "*.yaml\nnested/\n", "b.yaml": f"ssn: {SSN}\n", "nested/c.yaml": f"ssn: {OTHER}\n"}
        )
        here.write({"nested/.gitignore": "*\n"})
        assert here.judge().counted == ["b.yaml", "c.yaml"]


class TestNamedPolicy:
    def test_a_file_of_the_repository_is_read_from_the_target(self, root: Path) -> None:
        here = change(root, {"law.yaml": POLICY, "a.yaml": f"ssn: {SSN}\n"})
        here.write({"law.yaml": policy("severities: {pii-us-ssn: note}")})
        verdict = here.judge("--policy", root / "law.yaml")
        assert (verdict.code, verdict.law) == (1, ["policy-changed"])

    def test_one_that_the_change_brings_does_not_hold(self, root: Path) -> None:
        here = change(root, {"gatecli.yaml": POLICY, "a.yaml": f"ssn: {SSN}\n"})
        here.write({"lax.yaml": policy("severities: {pii-us-ssn: note}")})
        verdict = here.judge("--policy", root / "lax.yaml")
        assert (verdict.code, verdict.law) == (1, ["policy-changed"])
        assert verdict.report["policy"]["name"] == "default"

    def test_one_outside_the_repository_is_nobodys_change(self, root: Path, tmp_path: Path) -> None:
        here = change(root, {"gatecli.yaml": POLICY, "a.yaml": f"ssn: {SSN}\n"})
        (tmp_path / "central.yaml").write_text(policy("severities: {pii-us-ssn: note}"))
        verdict = here.judge("--policy", tmp_path / "central.yaml")
        assert (verdict.code, verdict.law) == (0, [])

    def test_one_of_another_repository_below_is_nobodys_change(self, root: Path) -> None:
        here = change(root, {"gatecli.yaml": POLICY, "a.yaml": f"ssn: {SSN}\n"})
        lax = {
            "lax.yaml": POLICY.replace("default", "base.yaml"),
            "base.yaml": policy("pii: {entities: {US_SSN: ignore}}"),
        }
        repository(root / "central", lax)
        verdict = here.judge("--policy", root / "central/lax.yaml", "--exclude", "central/")
        assert (verdict.code, verdict.law) == (0, [])

    def test_a_submodule_that_the_change_brings_does_not_hold(self, root: Path) -> None:
        here = change(root, {"law/policy.yaml": POLICY, "gatecli.yaml": POLICY, "a.yaml": f"ssn: {SSN}\n"})
        shutil.rmtree(root / "law")
        repository(
            root / "law", {"policy.yaml": policy("severities: {pii-us-ssn: note}"), "new.yaml": POLICY}
        )
        git(root, "rm", "-q", "-r", "--cached", "law")
        here.commit()
        assert "160000" in git(root, "ls-files", "-s")
        for name in ("policy.yaml", "new.yaml"):
            verdict = here.judge("--policy", root / "law" / name, "--exclude", "law/")
            assert (verdict.code, verdict.counted) == (1, ["a.yaml"])

    def test_a_folder_that_becomes_a_submodule_keeps_the_law_above_it(self, root: Path) -> None:
        strict = policy("severities: {pii-email-address: error}")
        change(root, {"gatecli.yaml": strict, "team/a.yaml": "a: 1\n"})
        shutil.rmtree(root / "team")
        repository(root / "team", {"gatecli.yaml": POLICY, "a.yaml": "mail: someone@acme-corp.de\n"})
        git(root, "rm", "-q", "-r", "--cached", "team")
        Change(root).commit()
        verdict = Change(root / "team").judge()
        assert (verdict.code, verdict.law) == (1, ["policy-changed"])

    def test_a_submodule_of_the_target_has_a_law_of_its_own(self, root: Path) -> None:
        team = repository(root / "team", {"gatecli.yaml": POLICY, "a.yaml": f"ssn: {SSN} {ALLOW}\n"})
        repository(root, {"gatecli.yaml": POLICY})
        git(root, "checkout", "-q", "-b", "change")
        here = Change(team)
        here.write({"gatecli.yaml": policy("severities: {pii-us-ssn: note}")})
        commit = git(team, "rev-parse", "HEAD~1").strip()
        git(team, "branch", "-f", "old", commit)
        git(root, "branch", "-f", "old", "main")
        verdict = here.judge(revision="old")
        assert (verdict.code, verdict.law) == (0, ["policy-changed"])
        assert verdict.report["policy"]["commit"] == commit
        assert here.judge(revision=commit).report["policy"]["commit"] == commit
        above = git(root, "rev-parse", "main").strip()
        assert here.judge(revision=above).report["policy"]["commit"] == above

    def test_a_link_that_the_change_brings_does_not_hold(self, root: Path) -> None:
        here = change(root, {"gatecli.yaml": POLICY, "a.yaml": f"ssn: {SSN}\n"})
        here.write({"lax/policy.yaml": policy("severities: {pii-us-ssn: note}")})
        (root / "law").symlink_to("lax")
        here.commit()
        verdict = here.judge("--policy", root / "law/policy.yaml")
        assert (verdict.code, verdict.report["policy"]["name"]) == (1, "default")

    def test_one_that_is_nowhere_stops_the_run(self, root: Path, run: Run) -> None:
        change(root, {"gatecli.yaml": POLICY, "a.yaml": "a: 1\n"})
        done = run("check", root, "--policy-from", "main", "--policy", root / "absent.yaml")
        assert done.returncode == 2
        assert "absent.yaml: the file does not exist" in done.stderr


class TestWaivers:
    def test_one_of_the_target_holds_and_is_listed(self, root: Path) -> None:
        path = f"{root.as_posix()}/a.yaml"
        here = change(root, {"gatecli.yaml": POLICY + "---\n" + waiver("old", path)})
        here.write({"a.yaml": f"ssn: {SSN}\n"})
        verdict = here.judge()
        assert (verdict.code, verdict.law) == (0, [])
        (entry,) = verdict.report["forgiven"]
        assert (entry["name"], entry["owner"], entry["expires"]) == ("old", "team-a", "2099-03-31")

    @pytest.mark.parametrize("alone", [False, True], ids=["in the policy", "in a file"])
    def test_one_that_the_change_brings_forgives_nothing(self, *, alone: bool, root: Path) -> None:
        path = f"{root.as_posix()}/a.yaml"
        here = change(root, {"gatecli.yaml": POLICY})
        new = (
            {"w.yaml": waiver("new", path)}
            if alone
            else {"gatecli.yaml": POLICY + "---\n" + waiver("new", path)}
        )
        here.write({"a.yaml": f"ssn: {SSN}\n", **new})
        named: list[str | Path] = ["--waivers", root / "w.yaml"] if alone else []
        assert here.judge_as_it_stands(*named).code == 0
        verdict = here.judge(*named)
        assert (verdict.code, verdict.law, verdict.counted) == (1, ["waiver-added"], ["a.yaml"])
        assert "by team-a until 2099-03-31" in verdict.of("waiver-added")[0]["message"]

    @pytest.mark.parametrize(
        ("old", "new"), [("2099-03-31", "2099-06-30"), ("team-a", "me"), ("known", "unknown")]
    )
    def test_one_that_is_changed_is_another_one(self, old: str, new: str, root: Path) -> None:
        path = f"{root.as_posix()}/a.yaml"
        here = change(root, {"gatecli.yaml": POLICY + "---\n" + waiver("w", path), "a.yaml": f"ssn: {SSN}\n"})
        here.write({"gatecli.yaml": POLICY + "---\n" + waiver("w", path).replace(old, new)})
        verdict = here.judge()
        assert (verdict.code, verdict.law) == (0, ["waiver-added"])
        assert old in json.dumps(verdict.report["forgiven"])

    def test_a_waiver_of_the_target_forgives_no_change_to_the_law(self, root: Path) -> None:
        forgiving = waiver("w", f"{root.as_posix()}/gatecli.yaml").replace("pii-us-ssn", "policy-changed")
        here = change(root, {"gatecli.yaml": POLICY + "---\n" + forgiving, "a.yaml": "a: 1\n"})
        here.write({"gatecli.yaml": policy("severities: {pii-us-ssn: note}") + "---\n" + forgiving})
        (finding,) = here.judge().of("policy-changed")
        assert finding["suppressed"] is None

    @pytest.mark.parametrize(("severity", "code"), [("error", 1), ("note", 0)])
    def test_the_target_says_how_bad_a_change_to_the_law_is(
        self, severity: str, code: int, root: Path
    ) -> None:
        here = change(
            root, {"gatecli.yaml": policy(f"severities: {{policy-changed: {severity}}}"), "a.yaml": "a: 1\n"}
        )
        here.write({"gatecli.yaml": policy("severities: {policy-changed: note, waiver-added: note}")})
        verdict = here.judge()
        (finding,) = verdict.of("policy-changed")
        assert (finding["severity"], verdict.code) == (severity, code)


class TestBaseline:
    def baseline(self, root: Path, tmp_path: Path) -> str:
        """What `gatecli baseline` adopts of the folder as it is."""
        report, file = tmp_path / "report.json", tmp_path / "adopted.json"
        check(root, "--report", f"json={report}")
        data = json.loads(report.read_text())
        entries = [
            {name: each[name] for name in ("rule", "path", "fingerprint")} for each in data["findings"]
        ]
        file.write_text(json.dumps({"schema": "gatecli/baseline/v1", "findings": entries}))
        return file.read_text()

    def test_what_the_change_adds_to_it_counts(self, root: Path, tmp_path: Path) -> None:
        repository(root, {"gatecli.yaml": POLICY, "a.yaml": f"ssn: {SSN}\n"})
        here = change(root, {"known.json": self.baseline(root, tmp_path)})
        write(root, {"b.yaml": f"ssn: {OTHER}\n"})
        here.write({"known.json": self.baseline(root, tmp_path)})
        named: list[str | Path] = ["--baseline", root / "known.json"]
        assert here.judge_as_it_stands(*named).code == 0
        verdict = here.judge(*named)
        assert (verdict.code, verdict.law, verdict.counted) == (1, ["baseline-grown"], ["b.yaml"])
        assert "1 finding more than that of main" in verdict.of("baseline-grown")[0]["message"]

    def test_one_that_the_change_brings_forgives_nothing(self, root: Path, tmp_path: Path) -> None:
        here = change(root, {"gatecli.yaml": POLICY, "a.yaml": f"ssn: {SSN}\n"})
        here.write({"known.json": self.baseline(root, tmp_path)})
        verdict = here.judge("--baseline", root / "known.json")
        assert (verdict.code, verdict.law, verdict.counted) == (1, ["baseline-grown"], ["a.yaml"])

    def test_a_smaller_one_is_no_finding(self, root: Path, tmp_path: Path) -> None:
        repository(root, {"gatecli.yaml": POLICY, "a.yaml": f"ssn: {SSN}\n"})
        here = change(root, {"known.json": self.baseline(root, tmp_path)})
        (root / "a.yaml").unlink()
        here.write({"b.yaml": "b: 1\n", "known.json": '{"schema": "gatecli/baseline/v1", "findings": []}'})
        verdict = here.judge("--baseline", root / "known.json")
        assert (verdict.code, verdict.law) == (0, [])

    def test_a_report_that_a_job_fetched_is_nobodys_change(self, root: Path, tmp_path: Path) -> None:
        here = change(root, {"gatecli.yaml": POLICY, "a.yaml": f"ssn: {SSN}\n"})
        write(root, {"fetched.json": self.baseline(root, tmp_path)})
        verdict = here.judge("--baseline", root / "fetched.json", "--exclude", "fetched.json")
        assert (verdict.code, verdict.law) == (0, [])

    def test_it_forgives_no_change_to_the_law(self, root: Path) -> None:
        here = change(root, {"gatecli.yaml": POLICY, "a.yaml": "a: 1\n"})
        here.write({"gatecli.yaml": policy("severities: {pii-us-ssn: note}")})
        (first,) = here.judge().of("policy-changed")
        known = {"schema": "gatecli/baseline/v1", "fingerprints": [first["fingerprint"]]}
        write(root, {"known.json": json.dumps(known)})
        (finding,) = here.judge("--baseline", root / "known.json").of("policy-changed")
        assert (finding["suppressed"], finding["new"]) == (None, True)

    def test_one_that_cannot_be_used_is_an_error_of_the_change(self, root: Path) -> None:
        empty = '{"schema": "gatecli/baseline/v1", "findings": []}'
        here = change(root, {"gatecli.yaml": POLICY, "a.yaml": "a: 1\n", "known.json": empty})
        here.write({"known.json": "{}"})
        verdict = here.judge("--baseline", root / "known.json")
        assert (verdict.code, verdict.of("baseline-grown")[0]["severity"]) == (1, "error")


class TestRevisions:
    @pytest.mark.parametrize("name", ["nowhere", "0" * 40, "HEAD~99", "main:gatecli.yaml"])
    def test_one_that_there_is_not_is_one_sentence(self, name: str, root: Path, run: Run) -> None:
        change(root, {"gatecli.yaml": POLICY, "a.yaml": "a: 1\n"})
        done = run("check", root, "--policy-from", name)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"git knows no revision '{name}'" in done.stderr
        assert len(done.stderr.splitlines()) == 2

    @pytest.mark.parametrize("name", ["", "--upload-pack=touch owned", "a\nb"])
    def test_what_is_no_name_is_refused(self, name: str, root: Path, run: Run, tmp_path: Path) -> None:
        change(root, {"gatecli.yaml": POLICY, "a.yaml": "a: 1\n"})
        done = run("check", root, f"--policy-from={name}")
        assert done.returncode == 2
        assert not list(tmp_path.rglob("owned"))

    def test_outside_a_repository_there_is_none(self, tmp_path: Path, run: Run) -> None:
        write(tmp_path, {"folder/a.yaml": "a: 1\n"})
        done = run("check", "folder", "--policy-from", "main")
        assert done.returncode == 2
        assert "folder is not in a git repository" in done.stderr

    def test_the_report_names_the_commit(self, root: Path) -> None:
        here = change(root, {"gatecli.yaml": POLICY, "a.yaml": "a: 1\n"})
        here.write({"b.yaml": "b: 1\n"})
        commit = git(root, "rev-parse", "main").strip()
        policy_of = here.judge().report["policy"]
        assert (policy_of["revision"], policy_of["commit"]) == ("main", commit)
        assert here.judge(revision=commit).report["policy"]["revision"] == commit[:12]

    def test_a_replaced_object_is_not_read(self, root: Path) -> None:
        here = change(root, {"gatecli.yaml": POLICY, "a.yaml": f"ssn: {SSN}\n"})
        write(root, {"lax.yaml": policy("severities: {pii-us-ssn: note}")})
        lax = git(root, "hash-object", "-w", "lax.yaml").strip()
        git(root, "replace", git(root, "rev-parse", "main:gatecli.yaml").strip(), lax)
        assert here.judge("--exclude", "lax.yaml").code == 1

    @pytest.mark.parametrize(
        "options",
        [["--depth=1"], ["--filter=blob:none"], ["--filter=tree:0"], ["--depth=1", "--filter=blob:none"]],
    )
    def test_clones_that_hold_a_part(self, options: list[str], root: Path, tmp_path: Path) -> None:
        here = change(root, {"gatecli.yaml": POLICY, "a.yaml": f"ssn: {SSN} {ALLOW}\n"})
        here.write({"gatecli.yaml": policy("severities: {pii-us-ssn: note}"), "b.yaml": f"ssn: {OTHER}\n"})
        git(root, "mv", "a.yaml", "moved.yaml")
        here.commit()
        git(root, "config", "uploadpack.allowFilter", "true")
        git(root, "config", "uploadpack.allowAnySHA1InWant", "true")
        clone = tmp_path / "clone"
        git(tmp_path, "clone", "-q", *options, "-b", "change", root.resolve().as_uri(), str(clone))
        base = git(root, "rev-parse", "main").strip()
        if options == ["--depth=1"]:  # a partial clone fetches what it is asked for
            assert check(clone, "--policy-from", base)[0] == 2
            git(clone, "fetch", "-q", "--depth=1", "origin", base)
        verdict = Change(clone).judge(revision=base)
        assert (verdict.code, verdict.law, verdict.counted) == (1, ["policy-changed"], ["b.yaml"])

    def test_a_part_that_cannot_be_fetched_is_no_pass(self, root: Path, tmp_path: Path, run: Run) -> None:
        here = change(root, {"gatecli.yaml": POLICY, "a.yaml": "a: 1\n"})
        here.write({"gatecli.yaml": policy("severities: {pii-us-ssn: note}")})
        git(root, "config", "uploadpack.allowFilter", "true")
        clone = tmp_path / "clone"
        git(
            tmp_path, "clone", "-q", "--filter=blob:none", "-b", "change", root.resolve().as_uri(), str(clone)
        )
        shutil.rmtree(root)
        done = run("check", clone, "--policy-from", "origin/main")
        assert done.returncode == 4
        assert "git cannot read origin/main" in done.stderr

    def test_a_working_tree_beside_the_repository(self, root: Path, tmp_path: Path) -> None:
        here = change(root, {"gatecli.yaml": POLICY, "a.yaml": f"ssn: {SSN}\n"})
        here.write({"gatecli.yaml": policy("severities: {pii-us-ssn: note}")})
        beside = tmp_path / "beside"
        git(root, "worktree", "add", "-q", "--detach", str(beside), "change")
        verdict = Change(beside).judge()
        assert (verdict.code, verdict.law) == (1, ["policy-changed"])

    def test_names_with_spaces_and_other_letters(self, root: Path) -> None:
        here = change(root, {"a b/größe.yaml": f"ssn: {SSN} {ALLOW}\n", "gatecli.yaml": POLICY})
        here.write({"a b/größe.yaml": f"new: 1\nssn: {SSN} {ALLOW}\n", "c.yaml": "c: 1\n"})
        verdict = here.judge()
        assert (verdict.code, verdict.law) == (0, [])


def test_a_change_that_leaves_the_law_alone_is_judged_as_it_stands(root: Path) -> None:
    here = change(root, {"gatecli.yaml": POLICY, "a.yaml": f"ssn: {SSN} {ALLOW}\n"})
    here.write({"b.yaml": f"ssn: {OTHER}\n"})
    one, other = here.judge(), here.judge_as_it_stands()
    assert (one.code, one.report["findings"], one.report["forgiven"]) == (
        other.code,
        other.report["findings"],
        other.report["forgiven"],
    )


@pytest.mark.parametrize(
    "command",
    [
        ["check", "."],
        ["pii", "scan", "."],
        ["release", "check", "."],
        ["anonymity", "check", "t.csv", "--quasi-identifier", "age", "--k", "1"],
        ["terraform", "check", "plan.json"],
    ],
    ids=lambda command: command[0],
)
def test_every_gate_tells_once_what_the_change_adds(command: list[str], run: Run, tmp_path: Path) -> None:
    rules = Path(__file__).parents[1] / "rules"
    plan = next((rules / "tf-dataset-ungated/pass").rglob("plan.json")).read_text()
    law = "apiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\nmetadata: {name: acme}\nspec: {extends: default"
    files = {"gatecli.yaml": law + "}\n", "t.csv": "age\n4\n4\n", "plan.json": plan}
    here = change(tmp_path / "r", files)
    here.write(
        {"gatecli.yaml": law + ", severities: {dp-missing-unit: note}}\n---\n" + waiver("new", "a.yaml")}
    )
    names = {".", "t.csv", "plan.json"}
    typed = [str(tmp_path / "r" / word) if word in names else word for word in command]
    done = run(*typed, "--policy-from", "main", "--format", "json")
    found = [each["rule"] for each in json.loads(done.stdout)["findings"]]
    assert sorted(set(found) & {"policy-changed", "waiver-added"}) == ["policy-changed", "waiver-added"]
    assert (found.count("policy-changed"), found.count("waiver-added")) == (1, 1)
