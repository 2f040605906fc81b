# Every expression that reads is inside try(): a missing file must not stop `plan -destroy`, and what
# cannot be read is null, which no check below takes for an answer.
locals {
  text    = try(file(var.path), null)
  report  = try(jsondecode(local.text), null)
  time    = try(coalesce(tostring(local.report.time)), "no time")
  expires = try(timeadd(local.time, var.max_age), null)
  skew    = "5m" # clocks of two machines

  checks = [
    {
      ok   = local.text != null
      says = "there is no evidence at ${var.path}, or it has changed since the plan"
    },
    {
      ok   = try(local.report.schema == "gatecli/report/v1", false)
      says = "${var.path} is not a JSON report of gatecli, version 1"
    },
    {
      ok   = try(local.report.gate == var.gate, false)
      says = "${var.path} is not evidence of the ${var.gate} gate"
    },
    {
      ok   = var.policy_sha256 == null || try(local.report.policy.sha256 == var.policy_sha256, false)
      says = "${var.path} was judged by another policy than the one with the digest ${coalesce(var.policy_sha256, "null")}"
    },
    {
      ok   = local.expires != null
      says = "${var.path} does not say when it was made"
    },
    {
      ok   = try(timecmp(local.expires, var.now) >= 0, false)
      says = "${var.path} was made at ${local.time}, longer than ${var.max_age} ago"
    },
    {
      ok   = try(timecmp(local.time, timeadd(var.now, local.skew)) <= 0, false)
      says = "${var.path} was made at ${local.time}, which has not come yet"
    },
  ]

  findings = try([for finding in local.report.findings : tostring(finding.message) if finding.suppressed == null], [])
}
