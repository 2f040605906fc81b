locals {
  words = concat(
    ["gatecli", "pii", "scan"],
    [for path in var.manifests : startswith(path, "-") ? "./${path}" : path],
    var.policy == null ? [] : ["--policy", coalesce(var.policy, "none")],
    ["--report", "json=${var.evidence}"],
  )
  command = join(" ", [
    for word in local.words : can(regex("^[A-Za-z0-9_./:@%+=,-]+$", word)) ? word : "'${replace(word, "'", "'\\''")}'"
  ])

  found = {
    for path in var.manifests : path => try(fileexists(path), false) ? [path] : try([for name in fileset(path, "**") : "${trimsuffix(path, "/")}/${name}"], [])
  }
  empty   = [for path in var.manifests : path if length(local.found[path]) == 0]
  paths   = sort(distinct(flatten(values(local.found))))
  digests = { for path in local.paths : path => try(filesha256(path), "none") }
}

module "evidence" {
  source        = "../evidence"
  path          = var.evidence
  gate          = "pii"
  policy_sha256 = var.policy_sha256
  max_age       = var.max_age
  now           = plantimestamp()
}

locals {
  # A file's name decides how it is read, so the bytes alone do not say what was scanned.
  scanned   = toset([for item in module.evidence.checked : try("${item.inputs.sha256} ${basename(item.path)}", "") if try(item.kind == "file", false)])
  unscanned = [for path, sha256 in local.digests : path if !contains(local.scanned, "${sha256} ${basename(path)}")]

  checks = concat(
    [
      {
        ok   = length(local.empty) == 0
        says = "${try(local.empty[0], "none")} is no file here and no folder that holds one, or it has changed since the plan"
      },
    ],
    [for problem in module.evidence.problems : { ok = false, says = problem }],
    [
      {
        ok   = length(local.unscanned) == 0
        says = "${var.evidence} is not of ${try(local.unscanned[0], "none")} as it is now"
      },
      {
        ok   = module.evidence.passed
        says = "the gate did not pass the manifests: ${coalesce(module.evidence.finding, "its verdict is not pass")}"
      },
    ],
  )
  problems = [for check in local.checks : check.says if !check.ok]
}

resource "terraform_data" "gate" {
  input = { manifests = var.manifests, sha256 = sha256(jsonencode(local.digests)) }

  lifecycle {
    precondition {
      condition     = length(local.problems) == 0
      error_message = "${try(local.problems[0], "")}; run: ${local.command}"
    }

    # timestamp() is known only at apply: a saved plan that waited too long is refused there.
    precondition {
      condition     = length(local.problems) > 0 || try(timecmp(timestamp(), module.evidence.expires) <= 0, false)
      error_message = "${var.evidence} has grown older than ${var.max_age} since the plan; run: ${local.command}"
    }
  }
}

# What the gate demands, for whoever judges the plan: there a variable is a value.
resource "terraform_data" "thresholds" {
  input      = { max_age = var.max_age }
  depends_on = [terraform_data.gate]
}
