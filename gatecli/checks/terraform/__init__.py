"""Checks of Terraform plans: what they publish, serve and write down."""
