# gatecli release check privacy.yaml --report json=privacy.yaml.gate.json
# terraform init && terraform apply

module "model" {
  source          = "../.."
  declaration     = "privacy.yaml"
  artifact        = "model.bin"
  release_name    = "visit-counts"
  release_version = "1.0.0"
  max_epsilon     = 1
}

# In the stead of what really serves: aws_s3_object, aws_sagemaker_model, a Kubernetes workload …
resource "terraform_data" "endpoint" {
  input = module.model.artifact_path
}

output "epsilon" {
  value = module.model.epsilon
}
