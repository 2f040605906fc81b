output "artifact_path" {
  description = "The artifact's path. It comes from the gate: nothing that uses it is planned or applied before the gate is open."
  value       = terraform_data.gate.output.path
}

output "artifact_sha256" {
  description = "The digest of the artifact's bytes, known at plan."
  value       = local.artifact_sha256
  depends_on  = [terraform_data.gate]
}

output "release" {
  description = "The release's name and version, such as `churn-classifier 2.3.0`."
  value       = terraform_data.gate.output.release
}

output "epsilon" {
  description = "The upper bound on the ε that was spent, as the gate recomputed it."
  value       = local.epsilon
  depends_on  = [terraform_data.gate]
}

output "evidence_sha256" {
  description = "The digest of the evidence's bytes."
  value       = module.evidence.sha256
  depends_on  = [terraform_data.gate]
}
