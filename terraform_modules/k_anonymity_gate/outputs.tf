output "released_path" {
  description = "The dataset's path. It comes from the gate: nothing that uses it is planned or applied before the gate is open."
  value       = terraform_data.gate.output.path
}

output "released_files" {
  description = "The files that were measured, known at plan: the dataset, or the Parquet files of the folder (for `for_each`)."
  value       = local.released
  depends_on  = [terraform_data.gate]
}

output "sha256" {
  description = "The digest of the released data: of the bytes, or for a folder of the names and bytes of its files."
  value       = local.sha256
  depends_on  = [terraform_data.gate]
}

output "evidence_sha256" {
  description = "The digest of the evidence's bytes."
  value       = module.evidence.sha256
  depends_on  = [terraform_data.gate]
}

output "k" {
  description = "The measured k: the size of the smallest class."
  value       = try(local.demanded["k"].measured, null)
  depends_on  = [terraform_data.gate]
}

output "measures" {
  description = "All that was measured, by its names in a report."
  value       = try(local.item.measures, null)
  depends_on  = [terraform_data.gate]
}
