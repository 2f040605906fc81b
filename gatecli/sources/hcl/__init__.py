"""HCL's native syntax, as far as Terraform's files need it: tokens, expressions, bodies."""
