variable "k" {
  type = number
  validation {
    condition     = var.k > 0
    error_message = "k is positive"
  }
}

variable "token" {
  type = string
}

module "inner" {
  source = "./inner"
  k      = var.k
}

resource "terraform_data" "gate" {
  input = { k = var.k, token = var.token }
  lifecycle {
    precondition {
      condition     = var.k >= 3
      error_message = "k-anonymity ${var.k} is below 3"
    }
  }
}

output "released" {
  value      = terraform_data.gate.input.k
  depends_on = [module.inner]
}
