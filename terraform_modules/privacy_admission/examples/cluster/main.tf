# terraform init && terraform apply -var kubeconfig=~/.kube/config

variable "kubeconfig" {
  description = "The cluster's kubeconfig."
  type        = string
}

variable "timeout" {
  description = "How long to wait for the webhook."
  type        = string
  default     = "5m"
}

module "admission" {
  source     = "../.."
  kubeconfig = var.kubeconfig
  image      = "gatecli-admission:1.0.0"
  timeout    = var.timeout
}

output "selector" {
  value = module.admission.selector
}
