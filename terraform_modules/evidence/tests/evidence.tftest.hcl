variables {
  folder = "tests/scratch"
  report = {
    schema    = "gatecli/report/v1"
    time      = "2026-11-21T07:00:00Z"
    gate      = "anonymity"
    verdict   = "pass"
    exit_code = 0
    policy    = { name = "acme", sha256 = "0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b" }
    checked   = [{ kind = "table", name = "data.csv", path = "data.csv", inputs = { sha256 = "DATA" }, measures = {} }]
    findings  = []
  }
  cases = {
    good      = {}
    truncated = { text = "{\"schema\": \"gatecli/rep" }
    list      = { text = "[]" }
    empty     = { text = "" }
    version   = { report = { schema = "gatecli/report/v2" } }
    gate      = { report = { gate = "pii" } }
    closed    = { report = { verdict = "fail", exit_code = 1, findings = [{ message = "k = 1 < 5", suppressed = null }] } }
    forgiven  = { report = { verdict = "fail", exit_code = 0 } }
    waived    = { report = { findings = [{ message = "waived", suppressed = { by = "waiver" } }] } }
    timeless  = { report = { time = null } }
    no_time   = { report = { time = "yesterday" } }
    future    = { report = { time = "2027-01-01T00:00:00Z" } }
    skewed    = { report = { time = "2026-11-21T08:04:00Z" } }
    strange   = { report = { checked = "none", findings = "none", policy = [] } }
  }
  path          = "tests/scratch/good.json"
  gate          = "anonymity"
  max_age       = "168h"
  now           = "2026-11-21T08:00:00Z"
  policy_sha256 = null
}

run "files" {
  module {
    source = "./tests/setup"
  }
}

run "a_good_report_has_no_problem" {
  assert {
    condition     = length(output.problems) == 0 && output.passed && length(output.checked) == 1 && output.expires == "2026-11-28T07:00:00Z"
    error_message = "A good report was refused: ${jsonencode(output.problems)}"
  }
}

run "a_missing_report_is_named_and_is_no_error" {
  variables {
    path = "tests/scratch/nowhere.json"
  }
  assert {
    condition     = startswith(output.problems[0], "there is no evidence at tests/scratch/nowhere.json") && !output.passed && length(output.checked) == 0 && output.sha256 == null
    error_message = "A missing report was not named."
  }
}

run "a_truncated_report_is_no_report" {
  variables {
    path = "tests/scratch/truncated.json"
  }
  assert {
    condition     = endswith(output.problems[0], "is not a JSON report of gatecli, version 1") && !output.passed
    error_message = "A truncated report was read."
  }
}

run "a_list_is_no_report" {
  variables {
    path = "tests/scratch/list.json"
  }
  assert {
    condition     = length(output.problems) > 0 && !output.passed
    error_message = "A list was taken for a report."
  }
}

run "an_empty_file_is_no_report" {
  variables {
    path = "tests/scratch/empty.json"
  }
  assert {
    condition     = length(output.problems) > 0 && !output.passed
    error_message = "An empty file was taken for a report."
  }
}

run "another_version_is_refused" {
  variables {
    path = "tests/scratch/version.json"
  }
  assert {
    condition     = length(output.problems) == 1
    error_message = "Another version of the report was read."
  }
}

run "another_gate_is_refused" {
  variables {
    path = "tests/scratch/gate.json"
  }
  assert {
    condition     = endswith(output.problems[0], "is not evidence of the anonymity gate")
    error_message = "Another gate's evidence was taken."
  }
}

run "a_closed_gate_has_not_passed_and_says_why" {
  variables {
    path = "tests/scratch/closed.json"
  }
  assert {
    condition     = !output.passed && output.finding == "k = 1 < 5" && length(output.problems) == 0
    error_message = "A closed gate passed."
  }
}

run "a_forgiven_failure_has_not_passed" {
  variables {
    path = "tests/scratch/forgiven.json"
  }
  assert {
    condition     = !output.passed
    error_message = "--exit-zero made a pass."
  }
}

run "a_waived_finding_is_not_told" {
  variables {
    path = "tests/scratch/waived.json"
  }
  assert {
    condition     = output.passed && output.finding == ""
    error_message = "A waived finding counted."
  }
}

run "a_report_without_a_time_is_refused" {
  variables {
    path = "tests/scratch/timeless.json"
  }
  assert {
    condition     = endswith(output.problems[0], "does not say when it was made") && output.expires == null
    error_message = "A report without a time was taken."
  }
}

run "a_time_that_is_none_is_refused" {
  variables {
    path = "tests/scratch/no_time.json"
  }
  assert {
    condition     = endswith(output.problems[0], "does not say when it was made")
    error_message = "A report of yesterday was taken."
  }
}

run "a_report_from_the_future_is_refused" {
  variables {
    path = "tests/scratch/future.json"
  }
  assert {
    condition     = endswith(output.problems[0], "which has not come yet")
    error_message = "A report from the future was taken."
  }
}

run "clocks_may_differ_by_minutes" {
  variables {
    path = "tests/scratch/skewed.json"
  }
  assert {
    condition     = length(output.problems) == 0
    error_message = "Four minutes were too many."
  }
}

run "a_report_is_good_until_its_last_second" {
  variables {
    now = "2026-11-28T07:00:00Z"
  }
  assert {
    condition     = length(output.problems) == 0
    error_message = "The last second did not count."
  }
}

run "a_report_is_stale_a_second_later" {
  variables {
    now = "2026-11-28T07:00:01Z"
  }
  assert {
    condition     = strcontains(output.problems[0], "longer than 168h ago")
    error_message = "A stale report was taken."
  }
}

run "the_policy_that_was_asked_for_is_taken" {
  variables {
    policy_sha256 = "0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b"
  }
  assert {
    condition     = length(output.problems) == 0
    error_message = "The right policy was refused."
  }
}

run "another_policy_is_refused" {
  variables {
    policy_sha256 = "1111111111111111111111111111111111111111111111111111111111111111"
  }
  assert {
    condition     = strcontains(output.problems[0], "was judged by another policy")
    error_message = "Another policy's verdict was taken."
  }
}

run "a_report_of_strange_shapes_is_refused_without_an_error" {
  variables {
    path          = "tests/scratch/strange.json"
    policy_sha256 = "1111111111111111111111111111111111111111111111111111111111111111"
  }
  assert {
    condition     = length(output.problems) == 1 && length(output.checked) == 0
    error_message = "A strange report was taken."
  }
}

run "an_unknown_gate_is_invalid" {
  command = plan
  variables {
    gate = "terraform"
  }
  expect_failures = [var.gate]
}

run "an_age_of_days_is_invalid" {
  command = plan
  variables {
    max_age = "7d"
  }
  expect_failures = [var.max_age]
}

run "an_age_of_nothing_is_invalid" {
  command = plan
  variables {
    max_age = "0h"
  }
  expect_failures = [var.max_age]
}

run "a_short_digest_is_invalid" {
  command = plan
  variables {
    policy_sha256 = "abc"
  }
  expect_failures = [var.policy_sha256]
}
