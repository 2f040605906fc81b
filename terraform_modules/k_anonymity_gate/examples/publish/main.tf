# gatecli anonymity check patients.csv --quasi-identifier age,zip,sex --sensitive diagnosis --k 5 --l 2 --missing own-value --report json=patients.csv.gate.json
# terraform init && terraform apply

module "anonymity" {
  source            = "../.."
  dataset           = "patients.csv"
  quasi_identifiers = ["age", "zip", "sex"]
  sensitive         = ["diagnosis"]
  k                 = 5
  l                 = 2
}

# In the stead of what really publishes: aws_s3_object { source = module.anonymity.released_path … }
resource "terraform_data" "published" {
  input = module.anonymity.released_path
}

output "k" {
  value = module.anonymity.k
}
