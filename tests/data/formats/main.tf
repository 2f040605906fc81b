# id-0001
resource "aws_instance" "id-0002" {
  user_data = "id-0003 ${var.names["id-0004"]} \u0069d-0005"
  tags = {
    Owner = "id-0006"
    "k"   : 110101199003070000
  }
  list = [
    "id-0007",
    "id-0008",
  ]
  script = <<-EOT
    body id-0009
  EOT
  call = format("id-0010", 3) // id-0011
}
/* id-0012
   id-0013 */
