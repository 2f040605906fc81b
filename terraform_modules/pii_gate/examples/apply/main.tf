# gatecli pii scan deploy --report json=pii.gate.json
# terraform init && terraform apply

module "manifests" {
  source    = "../.."
  manifests = ["deploy"]
}

# In the stead of what really applies: kubernetes_manifest, kubectl apply in a local-exec …
resource "terraform_data" "applied" {
  for_each = toset(module.manifests.manifest_paths)
  input    = filesha256(each.key)
}

output "manifests" {
  value = module.manifests.manifest_paths
}
