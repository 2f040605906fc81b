"""Terraform and OpenTofu: plans and states as values, made by the real program or read from a file."""
