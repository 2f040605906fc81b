variables {
  folder = "tests/scratch"
  report = {
    schema    = "gatecli/report/v1"
    time      = "2020-01-01T00:00:00Z"
    tool      = { name = "gatecli", version = "1.0.0" }
    gate      = "release"
    verdict   = "pass"
    exit_code = 0
    policy    = { name = "acme", sha256 = "0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b" }
    # One file stands for the declaration and for the artifact.
    checked = [{
      kind     = "release", name = "churn 2.3.0", path = "data.csv",
      inputs   = { sha256 = "DATA", artifacts = [{ path = "other.bin", sha256 = "11" }, { path = "data.csv", sha256 = "DATA" }] }
      measures = { epsilonUpper = 2.38, epsilonLower = 2.37, delta = 0.00001 }
    }]
    findings = []
  }
  cases = {
    good           = {}
    foreign        = { inputs = { sha256 = "1111111111111111111111111111111111111111111111111111111111111111" } }
    other_artifact = { inputs = { artifacts = [{ path = "data.csv", sha256 = "1111111111111111111111111111111111111111111111111111111111111111" }] } }
    no_artifact    = { inputs = { artifacts = null } }
    no_delta       = { measures = { delta = null } }
    no_epsilon     = { measures = { epsilonUpper = null } }
    closed         = { report = { verdict = "fail", exit_code = 1, findings = [{ message = "the declared epsilon is too small", suppressed = null }] } }
    other_gate     = { report = { gate = "anonymity" } }
    other_kind     = { item = { kind = "table" } }
    signed = { statement = {
      subject       = [{ name = "folder", digest = { dirHash = "DATA" } }, { name = "data.csv", digest = { sha256 = "DATA" } }]
      predicateType = "https://gatecli.dev/privacy-release/v1"
      predicate = {
        verdict = "pass", gate = "release", time = "2020-01-01T00:00:00Z"
        policy  = { name = "acme", sha256 = "0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b" }
        release = { name = "churn", version = "2.3.0", declaration = "DATA" }
        cost    = { epsilonUpper = "2.38", epsilonLower = "2.37", delta = "1e-5" }
      }
    } }
    signed_folder = { statement = {
      subject       = [{ name = "folder", digest = { dirHash = "DATA" } }]
      predicateType = "https://gatecli.dev/privacy-release/v1"
      predicate = {
        verdict = "pass", gate = "release", time = "2020-01-01T00:00:00Z"
        policy  = { name = "acme", sha256 = "0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b" }
        release = { name = "churn", version = "2.3.0", declaration = "DATA" }
        cost    = { epsilonUpper = "2.38", epsilonLower = "2.37", delta = "1e-5" }
      }
    } }
    twice = { report = { checked = [{ kind = "release", inputs = { sha256 = "DATA" } }, { kind = "release", inputs = { sha256 = "DATA" } }] } }
  }
  declaration     = "tests/scratch/data.csv"
  artifact        = "tests/scratch/data.csv"
  release_name    = "churn"
  release_version = "2.3.0"
  max_epsilon     = 2.5
  max_age         = "876000h"
  evidence        = "tests/scratch/good.json"
}

run "files" {
  module {
    source = "../evidence/tests/setup"
  }
}

run "good_evidence_opens_the_gate" {
  assert {
    condition     = output.artifact_path == "tests/scratch/data.csv" && output.release == "churn 2.3.0" && output.epsilon == 2.38 && output.artifact_sha256 == filesha256("tests/scratch/data.csv")
    error_message = "The outputs are not those of the release."
  }
}

run "the_policy_of_the_evidence_opens_the_gate" {
  command = plan
  variables {
    policy_sha256 = "0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b"
  }
}

run "missing_evidence_closes_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/nowhere.json"
  }
  expect_failures = [terraform_data.gate]
}

run "a_missing_declaration_closes_the_gate" {
  command = plan
  variables {
    declaration = "tests/scratch/nowhere.yaml"
  }
  expect_failures = [terraform_data.gate]
}

run "a_missing_artifact_closes_the_gate" {
  command = plan
  variables {
    artifact = "tests/scratch/nowhere.bin"
  }
  expect_failures = [terraform_data.gate]
}

run "stale_evidence_closes_the_gate" {
  command = plan
  variables {
    max_age = "168h"
  }
  expect_failures = [terraform_data.gate]
}

run "evidence_of_another_declaration_closes_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/foreign.json"
  }
  expect_failures = [terraform_data.gate]
}

run "an_undeclared_artifact_closes_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/other_artifact.json"
  }
  expect_failures = [terraform_data.gate]
}

run "a_release_without_artifacts_closes_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/no_artifact.json"
  }
  expect_failures = [terraform_data.gate]
}

run "an_epsilon_over_the_greatest_closes_the_gate" {
  command = plan
  variables {
    max_epsilon = 2.37
  }
  expect_failures = [terraform_data.gate]
}

run "a_delta_within_the_greatest_opens_the_gate" {
  command = plan
  variables {
    max_delta = 0.00001
    tier      = "low"
  }
  assert {
    condition     = terraform_data.thresholds.input.max_delta == 0.00001 && terraform_data.thresholds.input.max_epsilon == var.max_epsilon && terraform_data.thresholds.input.tier == "low"
    error_message = "The plan does not say what the gate demands."
  }
}

run "a_delta_over_the_greatest_closes_the_gate" {
  command = plan
  variables {
    max_delta = 0.000001
  }
  expect_failures = [terraform_data.gate]
}

run "an_unknown_delta_closes_the_gate" {
  command = plan
  variables {
    max_delta = 0.1
    evidence  = "tests/scratch/no_delta.json"
  }
  expect_failures = [terraform_data.gate]
}

run "an_unknown_epsilon_closes_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/no_epsilon.json"
  }
  expect_failures = [terraform_data.gate]
}

run "a_failing_verdict_closes_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/closed.json"
  }
  expect_failures = [terraform_data.gate]
}

run "another_gates_evidence_closes_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/other_gate.json"
  }
  expect_failures = [terraform_data.gate]
}

run "a_table_is_no_release" {
  command = plan
  variables {
    evidence = "tests/scratch/other_kind.json"
  }
  expect_failures = [terraform_data.gate]
}

run "two_judgements_of_one_declaration_close_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/twice.json"
  }
  expect_failures = [terraform_data.gate]
}

run "another_version_closes_the_gate" {
  command = plan
  variables {
    release_version = "2.4.0"
  }
  expect_failures = [terraform_data.gate]
}

run "another_policy_closes_the_gate" {
  command = plan
  variables {
    policy_sha256 = "1111111111111111111111111111111111111111111111111111111111111111"
  }
  expect_failures = [terraform_data.gate]
}

run "an_artifact_elsewhere_is_invalid" {
  command = plan
  variables {
    artifact = "s3://bucket/model.safetensors"
  }
  expect_failures = [var.artifact]
}

run "an_epsilon_of_zero_is_invalid" {
  command = plan
  variables {
    max_epsilon = 0
  }
  expect_failures = [var.max_epsilon]
}

run "paths_with_line_breaks_are_invalid" {
  command = plan
  variables {
    declaration = "privacy.yaml\nrm"
    evidence    = "a\tb"
    policy      = ""
  }
  expect_failures = [var.declaration, var.evidence, var.policy]
}

run "an_age_of_days_is_invalid" {
  command = plan
  variables {
    max_age       = "7d"
    policy_sha256 = "abc"
  }
  expect_failures = [var.max_age, var.policy_sha256]
}

run "a_delta_of_one_is_invalid" {
  command = plan
  variables {
    max_delta = 1
  }
  expect_failures = [var.max_delta]
}

run "a_tier_without_a_name_is_invalid" {
  command = plan
  variables {
    tier = ""
  }
  expect_failures = [var.tier]
}

run "an_attestation_opens_the_gate" {
  variables {
    evidence    = null
    attestation = "tests/scratch/signed.json"
  }
  assert {
    condition     = output.artifact_path == "tests/scratch/data.csv" && output.epsilon == 2.38 && output.evidence_sha256 == filesha256("tests/scratch/signed.json")
    error_message = "The outputs are not those of the attested release."
  }
}

run "an_attestation_of_a_folder_alone_is_not_of_a_file" {
  command = plan
  variables {
    evidence    = null
    attestation = "tests/scratch/signed_folder.json"
  }
  expect_failures = [terraform_data.gate]
}

run "a_report_is_not_an_attestation" {
  command = plan
  variables {
    evidence    = null
    attestation = "tests/scratch/good.json"
  }
  expect_failures = [terraform_data.gate]
}

run "an_attestation_is_not_a_report" {
  command = plan
  variables {
    evidence = "tests/scratch/signed.json"
  }
  expect_failures = [terraform_data.gate]
}

run "evidence_and_an_attestation_exclude_each_other" {
  command = plan
  variables {
    attestation = "tests/scratch/signed.json"
  }
  expect_failures = [terraform_data.gate]
}

run "an_attestation_without_a_name_is_invalid" {
  command = plan
  variables {
    attestation = ""
  }
  expect_failures = [var.attestation]
}
