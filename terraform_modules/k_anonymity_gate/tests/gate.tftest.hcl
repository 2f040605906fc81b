variables {
  folder = "tests/scratch"
  report = {
    schema    = "gatecli/report/v1"
    time      = "2020-01-01T00:00:00Z"
    tool      = { name = "gatecli", version = "1.0.0" }
    gate      = "anonymity"
    verdict   = "pass"
    exit_code = 0
    policy    = { name = "acme", sha256 = "0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b" }
    checked = [{
      kind = "table", name = "data.csv", path = "data.csv",
      inputs = {
        sha256  = "DATA", columns = { age = "string", zip = "string", diagnosis = "string" }, quasiIdentifiers = ["age", "zip"], sensitive = ["diagnosis"],
        missing = "own-value", normalise = false, thresholds = { k = 5, l = 2, t = "1/4" }
      }
      measures = { records = 100, classes = 10, k = 7, l = 2, t = 0.25 }
    }]
    findings = []
    summary  = { error = 0, warning = 0, note = 0, suppressed = 0 }
  }
  cases = {
    good          = {}
    foreign       = { inputs = { sha256 = "1111111111111111111111111111111111111111111111111111111111111111" } }
    closed        = { report = { verdict = "fail", exit_code = 1, findings = [{ message = "age 30 ends a name", suppressed = null }] } }
    forgiven      = { report = { verdict = "fail" } }
    other_gate    = { report = { gate = "pii" } }
    fewer_columns = { inputs = { quasiIdentifiers = ["age"] } }
    more_columns  = { inputs = { quasiIdentifiers = ["sex", "zip", "age"] } }
    not_sensitive = { inputs = { sensitive = [] } }
    low_k         = { inputs = { thresholds = { k = 3, l = 2, t = "1/4" } } }
    high_t        = { inputs = { thresholds = { k = 5, l = 2, t = "0.5" } } }
    no_threshold  = { inputs = { thresholds = {} } }
    measured_low  = { measures = { k = 4 } }
    measured_text = { measures = { k = "many" } }
    unmeasured_t  = { measures = { t = null } }
    wildcard      = { inputs = { missing = "wildcard" } }
    wildcard_more = { inputs = { missing = "wildcard", quasiIdentifiers = ["age", "zip", "sex"] } }
    normalised    = { inputs = { normalise = true } }
    nothing       = { report = { checked = [] } }
    signed = { statement = {
      subject       = [{ name = "data.csv", digest = { sha256 = "DATA" } }]
      predicateType = "https://gatecli.dev/anonymity/v1"
      predicate = {
        verdict = "pass", gate = "anonymity", time = "2020-01-01T00:00:00Z"
        policy  = { name = "acme", sha256 = "0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b" }
        tables = [{
          name = "data.csv", sha256 = "DATA", measures = { k = "7", l = "2", t = "1/4" }
          question = {
            quasiIdentifiers = ["age", "zip"], sensitive = ["diagnosis"], missing = "own-value", normalise = false
            thresholds       = { k = "5", l = "2", t = "1/4" }
          }
        }]
      }
    } }
    signed_unasked = { statement = {
      subject       = [{ name = "data.csv", digest = { sha256 = "DATA" } }]
      predicateType = "https://gatecli.dev/anonymity/v1"
      predicate = {
        verdict = "pass", gate = "anonymity", time = "2020-01-01T00:00:00Z"
        policy  = { name = "acme", sha256 = "0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b" }
        tables  = [{ name = "data.csv", sha256 = "DATA", measures = { k = "7", l = "2", t = "1/4" } }]
      }
    } }
    twice = { report = { checked = [
      { inputs = { sha256 = "DATA" }, measures = {} }, { inputs = { sha256 = "DATA" }, measures = {} }
    ] } }
  }
  dataset           = "tests/scratch/data.csv"
  quasi_identifiers = ["age", "zip"]
  sensitive         = ["diagnosis"]
  k                 = 5
  l                 = 2
  t                 = 0.3
  max_age           = "876000h"
  evidence          = "tests/scratch/good.json"
}

run "files" {
  module {
    source = "../evidence/tests/setup"
  }
}

run "good_evidence_opens_the_gate" {
  assert {
    condition     = output.released_path == "tests/scratch/data.csv" && output.k == 7 && output.measures.records == 100 && output.released_files == tolist(["tests/scratch/data.csv"])
    error_message = "The released path is not the dataset's, or k is not the measured one."
  }
  assert {
    condition     = output.evidence_sha256 == filesha256("tests/scratch/good.json") && output.sha256 == filesha256("tests/scratch/data.csv")
    error_message = "The digests are not those of the files."
  }
}

run "the_policy_of_the_evidence_opens_the_gate" {
  command = plan
  variables {
    policy_sha256 = "0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b"
  }
}

run "evidence_over_more_columns_opens_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/more_columns.json"
  }
}

run "wildcard_evidence_opens_a_gate_that_says_wildcard" {
  command = plan
  variables {
    evidence = "tests/scratch/wildcard.json"
    missing  = "wildcard"
  }
}

run "the_plan_says_what_the_gate_demands" {
  command = plan
  variables {
    tier    = "health"
    max_age = "876000h"
  }
  assert {
    condition     = terraform_data.thresholds.input.tier == "health" && terraform_data.thresholds.input.k == var.k && terraform_data.thresholds.input.max_age == "876000h"
    error_message = "The plan does not say what the gate demands."
  }
}

run "missing_evidence_closes_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/nowhere.json"
  }
  expect_failures = [terraform_data.gate]
}

run "a_missing_dataset_closes_the_gate" {
  command = plan
  variables {
    dataset = "tests/scratch/nowhere.csv"
  }
  expect_failures = [terraform_data.gate]
}

run "a_folder_without_parquet_closes_the_gate" {
  command = plan
  variables {
    dataset = "tests/scratch"
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

run "evidence_of_another_dataset_closes_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/foreign.json"
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

run "a_forgiven_failure_closes_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/forgiven.json"
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

run "fewer_quasi_identifiers_close_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/fewer_columns.json"
  }
  expect_failures = [terraform_data.gate]
}

run "an_unmeasured_sensitive_column_closes_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/not_sensitive.json"
  }
  expect_failures = [terraform_data.gate]
}

run "a_lowered_k_closes_the_gate_though_the_data_has_more" {
  command = plan
  variables {
    evidence = "tests/scratch/low_k.json"
  }
  expect_failures = [terraform_data.gate]
}

run "a_raised_t_closes_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/high_t.json"
  }
  expect_failures = [terraform_data.gate]
}

run "a_threshold_that_is_a_fraction_is_compared_exactly" {
  command = plan
  variables {
    t = 0.2499999999999999
  }
  expect_failures = [terraform_data.gate]
}

run "a_threshold_that_is_a_fraction_is_met_by_its_decimal" {
  command = plan
  variables {
    t = 0.25
  }
}

run "a_measure_without_a_threshold_closes_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/no_threshold.json"
  }
  expect_failures = [terraform_data.gate]
}

run "a_measured_k_that_is_too_small_closes_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/measured_low.json"
  }
  expect_failures = [terraform_data.gate]
}

run "a_measure_that_is_no_number_closes_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/measured_text.json"
  }
  expect_failures = [terraform_data.gate]
}

run "an_unmeasured_t_closes_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/unmeasured_t.json"
  }
  expect_failures = [terraform_data.gate]
}

run "another_meaning_of_missing_values_closes_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/wildcard.json"
  }
  expect_failures = [terraform_data.gate]
}

run "more_columns_prove_nothing_with_wildcards" {
  command = plan
  variables {
    evidence = "tests/scratch/wildcard_more.json"
    missing  = "wildcard"
  }
  expect_failures = [terraform_data.gate]
}

run "normalised_evidence_closes_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/normalised.json"
  }
  expect_failures = [terraform_data.gate]
}

run "evidence_of_nothing_closes_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/nothing.json"
  }
  expect_failures = [terraform_data.gate]
}

run "two_judgements_of_one_dataset_close_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/twice.json"
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

run "l_without_a_sensitive_column_closes_the_gate" {
  command = plan
  variables {
    sensitive = []
  }
  expect_failures = [terraform_data.gate]
}

run "a_database_is_invalid" {
  command = plan
  variables {
    dataset = "postgres://host/table"
  }
  expect_failures = [var.dataset]
}

run "a_dataset_with_a_line_break_is_invalid" {
  command = plan
  variables {
    dataset = "data.csv\nrm"
  }
  expect_failures = [var.dataset]
}

run "no_quasi_identifier_is_invalid" {
  command = plan
  variables {
    quasi_identifiers = []
  }
  expect_failures = [var.quasi_identifiers]
}

run "a_column_without_a_name_is_invalid" {
  command = plan
  variables {
    quasi_identifiers = ["age", ""]
    sensitive         = [" diagnosis"]
  }
  expect_failures = [var.quasi_identifiers, var.sensitive]
}

run "a_k_of_one_is_invalid" {
  command = plan
  variables {
    k = 1
  }
  expect_failures = [var.k]
}

run "half_numbers_are_invalid" {
  command = plan
  variables {
    k = 5.5
    l = 1.5
  }
  expect_failures = [var.k, var.l]
}

run "a_t_above_one_is_invalid" {
  command = plan
  variables {
    t = 1.1
  }
  expect_failures = [var.t]
}

run "an_unknown_meaning_of_missing_values_is_invalid" {
  command = plan
  variables {
    missing = "drop"
  }
  expect_failures = [var.missing]
}

run "an_empty_path_is_invalid" {
  command = plan
  variables {
    evidence = ""
    policy   = ""
  }
  expect_failures = [var.evidence, var.policy]
}

run "an_age_of_days_is_invalid" {
  command = plan
  variables {
    max_age       = "7d"
    policy_sha256 = "abc"
  }
  expect_failures = [var.max_age, var.policy_sha256]
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
    condition     = output.released_path == "tests/scratch/data.csv" && output.k == 7
    error_message = "The outputs are not those of the attested table."
  }
}

run "an_attestation_that_does_not_say_what_was_asked_closes_the_gate" {
  command = plan
  variables {
    evidence    = null
    attestation = "tests/scratch/signed_unasked.json"
  }
  expect_failures = [terraform_data.gate]
}

run "a_t_above_what_is_attested_closes_the_gate" {
  command = plan
  variables {
    evidence    = null
    attestation = "tests/scratch/signed.json"
    t           = 0.2
  }
  expect_failures = [terraform_data.gate]
}

run "an_attestation_and_run_exclude_each_other" {
  command = plan
  variables {
    evidence    = null
    attestation = "tests/scratch/signed.json"
    run         = true
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
