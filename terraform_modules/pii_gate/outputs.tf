output "manifests" {
  description = "The files and folders. They come from the gate: nothing that uses them is planned or applied before the gate is open."
  value       = terraform_data.gate.output.manifests
}

output "manifest_paths" {
  description = "Every file that was scanned, known at plan (for `for_each`)."
  value       = local.paths
  depends_on  = [terraform_data.gate]
}

output "sha256" {
  description = "One digest of all manifests, their paths and bytes, known at plan."
  value       = sha256(jsonencode(local.digests))
  depends_on  = [terraform_data.gate]
}

output "evidence_sha256" {
  description = "The digest of the evidence's bytes."
  value       = module.evidence.sha256
  depends_on  = [terraform_data.gate]
}
