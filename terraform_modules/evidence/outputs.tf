output "checked" {
  description = "What was judged: the report's `checked` items, or what an attestation states of them; empty where there is neither."
  value       = [try([for item in local.report.checked : item], []), local.attested[var.gate]][var.is_attestation ? 1 : 0]
}

output "sha256" {
  description = "The digest of the report's bytes; null where there is none."
  value       = try(filesha256(var.path), null)
}

output "expires" {
  description = "Until when the report may be relied on, RFC 3339; null where there is none."
  value       = local.expires
}

output "passed" {
  description = "Whether the gate was open: verdict `pass`, and exit code 0 in a report."
  value       = try(local.report.verdict == "pass" && (var.is_attestation ? true : local.report.exit_code == 0), false)
}

output "finding" {
  description = "The first finding that counts, in the gate's own words; empty where there is none."
  value       = try(local.findings[0], "")
}

output "problems" {
  description = "Why the report cannot be relied on, most basic first; empty where it can be. Says nothing of the verdict."
  value       = [for check in local.checks : check.says if !check.ok]
}
