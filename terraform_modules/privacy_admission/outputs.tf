output "selector" {
  description = "The label selector of everything that was applied; it comes after the webhook is in place."
  value       = "${local.label}=${terraform_data.applied.output}"
}

output "manifests" {
  description = "The kustomization folder that was applied."
  value       = local.manifests
  depends_on  = [terraform_data.applied]
}
