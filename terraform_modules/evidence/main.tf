# Every expression that reads is inside try(): a missing file must not stop `plan -destroy`, and what
# cannot be read is null, which no check below takes for an answer.
locals {
  text    = try(file(var.path), null)
  content = try(jsondecode(local.text), null)

  # A Sigstore bundle, whose statement says of a verdict what a report does. Terraform cannot verify its
  # signature: `gatecli terraform check` does, by the keys of the policy.
  statement = try(jsondecode(base64decode(local.content.dsseEnvelope.payload)), null)
  report    = [local.content, try(local.statement.predicate, null)][var.is_attestation ? 1 : 0]

  time    = try(coalesce(tostring(local.report.time)), "no time")
  expires = try(timeadd(local.time, var.max_age), null)
  skew    = "5m" # clocks of two machines

  checks = [
    {
      ok   = local.text != null
      says = "there is no evidence at ${var.path}, or it has changed since the plan"
    },
    {
      ok   = var.is_attestation ? local.statement != null : try(local.report.schema == "gatecli/report/v1", false)
      says = "${var.path} is not ${var.is_attestation ? "an attestation" : "a JSON report of gatecli, version 1"}"
    },
    {
      ok   = var.is_attestation ? try(local.statement.predicateType == local.predicates[var.gate], false) : try(local.report.gate == var.gate, false)
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

# What an attestation states, in the shape of a report's `checked` items.
locals {
  predicates = {
    release   = "https://gatecli.dev/privacy-release/v1"
    anonymity = "https://gatecli.dev/anonymity/v1"
    pii       = "https://gatecli.dev/scan/v1"
  }
  subjects = try([for subject in local.statement.subject : { sha256 = subject.digest.sha256 } if can(subject.digest.sha256)], [])
  attested = {
    release = try([{
      kind   = "release"
      name   = "${local.report.release.name} ${local.report.release.version}"
      inputs = { sha256 = local.report.release.declaration, artifacts = local.subjects }
      measures = {
        epsilonUpper = try(local.report.cost.epsilonUpper, null)
        epsilonLower = try(local.report.cost.epsilonLower, null)
        delta        = try(local.report.cost.delta, null)
      }
    }], [])
    anonymity = try([
      for table in local.report.tables : {
        kind     = "table"
        inputs   = merge(try(table.question, {}), { sha256 = table.sha256 })
        measures = table.measures
      } if contains(local.subjects[*].sha256, table.sha256)
    ], [])
    pii = []
  }
}
