locals {
  evidence    = coalesce(var.attestation, var.evidence, "${var.declaration}.gate.json")
  release     = "${var.release_name} ${var.release_version}"
  attestation = var.attestation == null ? null : { path = var.attestation, sha256 = module.evidence.sha256 }

  words = concat(
    ["gatecli"],
    var.attestation == null ? ["release", "check"] : ["attest"],
    [startswith(var.declaration, "-") ? "./${var.declaration}" : var.declaration],
    var.policy == null ? [] : ["--policy", coalesce(var.policy, "none")],
    var.attestation == null ? ["--report", "json=${local.evidence}"] : ["--key", "key.pem", "-o", local.evidence],
  )
  command = join(" ", [
    for word in local.words : can(regex("^[A-Za-z0-9_./:@%+=,-]+$", word)) ? word : "'${replace(word, "'", "'\\''")}'"
  ])

  declaration_sha256 = try(filesha256(var.declaration), null)
  artifact_sha256    = try(filesha256(var.artifact), null)
}

module "evidence" {
  source         = "../evidence"
  path           = local.evidence
  is_attestation = var.attestation != null
  gate           = "release"
  policy_sha256  = var.policy_sha256
  max_age        = var.max_age
  now            = plantimestamp()
}

locals {
  items     = [for item in module.evidence.checked : item if try(item.kind == "release" && item.inputs.sha256 == local.declaration_sha256, false)]
  item      = try(one(local.items), null)
  artifacts = try([for artifact in local.item.inputs.artifacts : artifact.sha256], [])
  epsilon   = try(tonumber(local.item.measures.epsilonUpper), null)
  delta     = try(tonumber(local.item.measures.delta), null)

  checks = concat(
    [
      {
        ok   = var.attestation == null || var.evidence == null
        says = "evidence and attestation exclude each other"
      },
      {
        ok   = local.declaration_sha256 != null
        says = "${var.declaration} is no file here, or it has changed since the plan"
      },
      {
        ok   = local.artifact_sha256 != null
        says = "${var.artifact} is no file here, or it has changed since the plan"
      },
    ],
    [for problem in module.evidence.problems : { ok = false, says = problem }],
    [
      {
        ok   = length(local.items) > 0
        says = "${local.evidence} is of another declaration than ${var.declaration} is now (sha256 ${coalesce(local.declaration_sha256, "none")})"
      },
      {
        ok   = length(local.items) < 2
        says = "${local.evidence} judges ${var.declaration} more than once"
      },
      {
        ok   = try(local.item.name == local.release, false)
        says = "${var.declaration} declares ${jsonencode(try(local.item.name, null))}, not ${local.release}"
      },
      {
        ok   = try(contains(local.artifacts, local.artifact_sha256), false)
        says = "${var.artifact} (sha256 ${coalesce(local.artifact_sha256, "none")}) is no artifact of ${local.release}"
      },
      {
        ok   = try(local.epsilon <= var.max_epsilon, false)
        says = "${local.release} spent epsilon ${jsonencode(local.epsilon)}, more than ${var.max_epsilon}"
      },
      {
        ok   = var.max_delta == null || try(local.delta <= var.max_delta, false)
        says = "${local.release} was judged at delta ${jsonencode(local.delta)}, more than ${coalesce(var.max_delta, 1)}"
      },
      {
        ok   = module.evidence.passed
        says = "the gate did not pass ${local.release}: ${coalesce(module.evidence.finding, "its verdict is not pass")}"
      },
    ],
  )
  problems = [for check in local.checks : check.says if !check.ok]
}

resource "terraform_data" "gate" {
  input = { path = var.artifact, sha256 = local.artifact_sha256, release = local.release }

  lifecycle {
    precondition {
      condition     = length(local.problems) == 0
      error_message = "${try(local.problems[0], "")}; run: ${local.command}"
    }

    # timestamp() is known only at apply: a saved plan that waited too long is refused there.
    precondition {
      condition     = length(local.problems) > 0 || try(timecmp(timestamp(), module.evidence.expires) <= 0, false)
      error_message = "${local.evidence} has grown older than ${var.max_age} since the plan; run: ${local.command}"
    }
  }
}

# What the gate demands, for whoever judges the plan: there a variable is a value.
resource "terraform_data" "thresholds" {
  input      = { tier = var.tier, max_epsilon = var.max_epsilon, max_delta = var.max_delta, max_age = var.max_age, attestation = local.attestation }
  depends_on = [terraform_data.gate]
}
