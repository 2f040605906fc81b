variables {
  folder = "tests/scratch"
  report = {
    schema    = "gatecli/report/v1"
    time      = "2020-01-01T00:00:00Z"
    tool      = { name = "gatecli", version = "1.0.0" }
    gate      = "pii"
    verdict   = "pass"
    exit_code = 0
    policy    = { name = "acme", sha256 = "0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b" }
    checked   = [{ kind = "file", name = "data.csv", path = "elsewhere/data.csv", inputs = { sha256 = "DATA" }, measures = {} }]
    findings  = []
  }
  cases = {
    good       = {}
    foreign    = { inputs = { sha256 = "1111111111111111111111111111111111111111111111111111111111111111" } }
    renamed    = { item = { path = "data.yaml" } }
    pathless   = { item = { path = null } }
    closed     = { report = { verdict = "fail", exit_code = 1, findings = [{ message = "holds an SSN", suppressed = null }] } }
    other_gate = { report = { gate = "anonymity" } }
    nothing    = { report = { checked = [] } }
  }
  manifests = ["tests/scratch/data.csv"]
  max_age   = "876000h"
  evidence  = "tests/scratch/good.json"
}

run "files" {
  module {
    source = "../evidence/tests/setup"
  }
}

run "good_evidence_opens_the_gate" {
  assert {
    condition     = output.manifests == tolist(["tests/scratch/data.csv"]) && output.manifest_paths == tolist(["tests/scratch/data.csv"])
    error_message = "The manifests are not those that were scanned."
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

run "a_missing_manifest_closes_the_gate" {
  command = plan
  variables {
    manifests = ["tests/scratch/data.csv", "tests/scratch/nowhere.yaml"]
  }
  expect_failures = [terraform_data.gate]
}

run "a_folder_that_holds_an_unscanned_file_closes_the_gate" {
  command = plan
  variables {
    manifests = ["tests/scratch"]
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

run "evidence_of_other_bytes_closes_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/foreign.json"
  }
  expect_failures = [terraform_data.gate]
}

run "a_file_that_was_scanned_under_another_name_closes_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/renamed.json"
  }
  expect_failures = [terraform_data.gate]
}

run "a_file_without_a_name_closes_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/pathless.json"
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

run "evidence_of_nothing_closes_the_gate" {
  command = plan
  variables {
    evidence = "tests/scratch/nothing.json"
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

run "no_manifest_is_invalid" {
  command = plan
  variables {
    manifests = []
  }
  expect_failures = [var.manifests]
}

run "paths_with_line_breaks_are_invalid" {
  command = plan
  variables {
    manifests = ["a\nb"]
    evidence  = ""
    policy    = ""
  }
  expect_failures = [var.manifests, var.evidence, var.policy]
}

run "an_age_of_days_is_invalid" {
  command = plan
  variables {
    max_age       = "7d"
    policy_sha256 = "abc"
  }
  expect_failures = [var.max_age, var.policy_sha256]
}
