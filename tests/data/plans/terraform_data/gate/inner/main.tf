variable "k" {
  type = number
}

resource "terraform_data" "inner" {
  input = var.k
}
