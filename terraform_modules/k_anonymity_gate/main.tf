locals {
  report      = coalesce(var.evidence, "${trimsuffix(var.dataset, "/")}.gate.json")
  evidence    = coalesce(var.attestation, local.report)
  is_measured = var.run && var.attestation == null # with both, the gate is closed at plan
  attestation = var.attestation == null ? null : { path = var.attestation, sha256 = module.evidence.sha256 }

  # As a shell reads it: columns in a list of comma-separated values, each word quoted where it must be.
  lists = {
    for option, names in { quasi-identifier = var.quasi_identifiers, sensitive = var.sensitive } : option =>
    join(",", [for name in names : can(regex("[,\"]", name)) ? "\"${replace(name, "\"", "\"\"")}\"" : name])
  }
  named = startswith(var.dataset, "-") ? "./${var.dataset}" : var.dataset
  words = concat(
    ["gatecli", "anonymity", "check", local.named],
    ["--quasi-identifier", local.lists["quasi-identifier"]],
    length(var.sensitive) == 0 ? [] : ["--sensitive", local.lists["sensitive"]],
    ["--k", format("%d", var.k)],
    var.l == null ? [] : ["--l", format("%d", coalesce(var.l, 1))],
    var.t == null ? [] : ["--t", tostring(coalesce(var.t, 0))],
    var.tier == null ? [] : ["--tier", coalesce(var.tier, "none")],
    ["--missing", var.missing],
    var.policy == null ? [] : ["--policy", coalesce(var.policy, "none")],
    ["--report", "json=${local.report}"],
  )
  signing = ["gatecli", "attest", local.named, "--report", local.report, "--key", "key.pem", "-o", local.evidence]
  command = join(" && ", [
    for words in concat([local.words], var.attestation == null ? [] : [local.signing]) : join(" ", [
      for word in words : can(regex("^[A-Za-z0-9_./:@%+=,-]+$", word)) ? word : "'${replace(word, "'", "'\\''")}'"
    ])
  ])
}

# What gatecli gives as the digest: a file's bytes; or, for a folder, the names and digests of its Parquet
# files in the order of their paths, part by part ("\u0000" sorts before every character of a name).
locals {
  is_file  = try(fileexists(var.dataset), false)
  files    = local.is_file ? [] : try([for name in fileset(var.dataset, "**") : name], [])
  parquet  = "(?i)[^/]\\.(parquet|pq)(\\.(gz|bz2|xz|zst))*$"
  keys     = sort([for name in local.files : replace(name, "/", "\u0000") if can(regex(local.parquet, name))])
  members  = [for key in local.keys : replace(key, "\u0000", "/")]
  besides  = [for name in local.files : name if !can(regex(local.parquet, name)) && !can(regex("(^|/)(_SUCCESS|[.][^/]*[.]crc)$", name))]
  listing  = try(join("", [for name in local.members : "${name}\u0000${filesha256("${var.dataset}/${name}")}\n"]), "")
  sha256   = try(local.is_file ? filesha256(var.dataset) : (local.listing == "" ? null : sha256(local.listing)), null)
  released = local.is_file ? [var.dataset] : [for name in local.members : "${trimsuffix(var.dataset, "/")}/${name}"]
}

module "evidence" {
  source         = "../evidence"
  path           = local.is_measured ? terraform_data.measured[0].output : local.evidence
  is_attestation = var.attestation != null
  gate           = "anonymity"
  policy_sha256  = var.policy_sha256
  max_age        = var.max_age
  now            = local.is_measured ? timestamp() : plantimestamp()
}

locals {
  items      = [for item in module.evidence.checked : item if try(item.inputs.sha256 == local.sha256, false)]
  item       = try(one(local.items), null)
  measured_q = try(toset([for name in local.item.inputs.quasiIdentifiers : coalesce(tostring(name))]), toset([]))
  measured_s = try(toset([for name in local.item.inputs.sensitive : coalesce(tostring(name))]), toset([]))
  unmeasured = setsubtract(var.quasi_identifiers, local.measured_q)
  additional = setsubtract(local.measured_q, var.quasi_identifiers)
  unguarded  = setsubtract(var.sensitive, local.measured_s)

  demands = {
    k = { name = "k-anonymity", wanted = var.k, sign = 1 }
    l = { name = "l-diversity", wanted = var.l, sign = 1 }
    t = { name = "t-closeness", wanted = var.t, sign = -1 } # the smaller the stricter
  }
  demanded = {
    for measure, demand in local.demands : measure => merge(demand, {
      # A number, or exact text: "0.3" or "1/3". That of a measure is in an attestation.
      threshold = try(
        tonumber(local.item.inputs.thresholds[measure]),
        tonumber(split("/", regex("^[0-9]+/[1-9][0-9]*$", local.item.inputs.thresholds[measure]))[0])
        / tonumber(split("/", local.item.inputs.thresholds[measure])[1]),
        null
      )
      stated = try(local.item.inputs.thresholds[measure], null)
      measured = try(
        tonumber(local.item.measures[measure]),
        tonumber(split("/", regex("^[0-9]+/[1-9][0-9]*$", local.item.measures[measure]))[0])
        / tonumber(split("/", local.item.measures[measure])[1]),
        null
      )
    }) if demand.wanted != null
  }

  checks = concat(
    [
      {
        ok   = var.attestation == null || (var.evidence == null && !var.run)
        says = "attestation excludes evidence and run"
      },
      {
        ok   = length(var.sensitive) > 0 || (var.l == null && var.t == null)
        says = "l and t need at least one sensitive column"
      },
      {
        ok   = local.sha256 != null
        says = "${var.dataset} is no file and no folder of Parquet files here, or it has changed since the plan"
      },
      {
        ok   = length(local.besides) == 0
        says = "${var.dataset} also holds ${try(local.besides[0], "nothing")}, which the gate does not read"
      },
    ],
    [for problem in module.evidence.problems : { ok = false, says = problem }],
    [
      {
        ok   = length(local.items) > 0
        says = "${local.evidence} is of other data than ${var.dataset} has now (sha256 ${coalesce(local.sha256, "none")})"
      },
      {
        ok   = length(local.items) < 2
        says = "${local.evidence} judges ${var.dataset} more than once"
      },
      {
        ok   = length(local.unmeasured) == 0
        says = "${local.evidence} does not measure the quasi-identifiers [${join(", ", local.unmeasured)}]"
      },
      {
        ok   = var.missing != "wildcard" || length(local.additional) == 0
        says = "${local.evidence} also measures [${join(", ", local.additional)}], which proves nothing where a missing value may be any"
      },
      {
        ok   = length(local.unguarded) == 0
        says = "${local.evidence} does not measure the sensitive columns [${join(", ", local.unguarded)}]"
      },
      {
        ok   = try(local.item.inputs.missing == var.missing, false)
        says = "${local.evidence} does not take a missing value for ${var.missing}"
      },
      {
        ok   = try(local.item.inputs.normalise, false) == false
        says = "${local.evidence} forgot case and blanks, which the published data has"
      },
    ],
    [for measure, demand in local.demanded : {
      ok   = try(demand.measured * demand.sign >= demand.wanted * demand.sign, false)
      says = "${demand.name} ${jsonencode(demand.measured)} is ${demand.sign > 0 ? "below" : "above"} ${demand.wanted} for [${join(", ", var.quasi_identifiers)}]"
    }],
    [for measure, demand in local.demanded : {
      ok   = try(demand.threshold * demand.sign >= demand.wanted * demand.sign, false)
      says = "${local.evidence} demanded only ${measure} = ${jsonencode(demand.stated)} where ${demand.wanted} is wanted"
    }],
    [
      {
        ok   = module.evidence.passed
        says = "the gate did not pass ${var.dataset}: ${coalesce(module.evidence.finding, "its verdict is not pass")}"
      },
    ],
  )
  problems = [for check in local.checks : check.says if !check.ok]
}

resource "terraform_data" "gate" {
  input = { path = var.dataset, sha256 = local.sha256 }

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
  input      = { tier = var.tier, k = var.k, l = var.l, t = var.t, max_age = var.max_age, attestation = local.attestation }
  depends_on = [terraform_data.gate]
}

# With `run`: measured again when the data or the question changed, or the last measurement has aged. The
# note beside the evidence remembers the last one that passed, so that a second plan has nothing to do.
locals {
  note    = "${local.report}.run"
  task    = sha256(jsonencode([local.sha256, local.words]))
  noted   = try(split(" ", trimspace(file(local.note))), ["", ""])
  is_good = var.run && try(local.noted[0] == local.task && timecmp(timeadd(local.noted[1], var.max_age), plantimestamp()) > 0, false)
  ticket  = local.is_good ? join(" ", local.noted) : "${local.task} ${plantimestamp()} ${uuid()}" # two plans may fall into one second

  # Positional parameters: no name is ever read as a command. A gate that closes is no failure of this
  # resource, which would stay behind tainted: the precondition above judges what was written.
  script = "note=$1 ticket=$2; shift 2; rm -f -- \"$note\"; if \"$@\"; then printf '%s\\n' \"$ticket\" > \"$note\"; fi; exit 0"
}

resource "terraform_data" "measured" {
  count            = var.run ? 1 : 0
  input            = local.report
  triggers_replace = local.ticket

  provisioner "local-exec" {
    interpreter = concat(["/bin/sh", "-c", local.script, "gate", local.note, local.ticket], slice(local.words, 0, length(local.words) - 1))
    command     = local.words[length(local.words) - 1]
  }
}
