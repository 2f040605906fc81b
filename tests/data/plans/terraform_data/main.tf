# The configuration that plan.json, changed.json, errored.json and state.json were made from (Terraform
# 1.11.4, no provider). changed.json is the plan after an apply, with -var 'names=["b","c"]' and -var k=6.
variable "token" {
  type      = string
  sensitive = true
  default   = "canary-7d1f"
}

variable "names" {
  type    = list(string)
  default = ["a", "b"]
}

variable "k" {
  type    = number
  default = 5
}

locals {
  released = module.gate.released
}

module "gate" {
  source = "./gate"
  k      = var.k
  token  = var.token
}

module "many" {
  source     = "./gate"
  count      = 2
  k          = 3
  token      = terraform_data.local.id
  depends_on = [terraform_data.local]
}

resource "terraform_data" "local" {
  input = local.released
}

resource "terraform_data" "each" {
  for_each = toset(var.names)
  input = {
    path    = module.gate.released
    token   = var.token
    unknown = terraform_data.local.output
  }
  provisioner "local-exec" {
    command = "echo published"
  }
}

resource "terraform_data" "counted" {
  count      = 2
  depends_on = [module.gate]
  input      = [terraform_data.each["b"].output, var.token]
}

resource "terraform_data" "free" {
  input = "no gate"
}

output "released" {
  value = module.many[*].released
}

output "token" {
  value     = var.token
  sensitive = true
}

check "k" {
  assert {
    condition     = var.k >= 6
    error_message = "k is low"
  }
}
