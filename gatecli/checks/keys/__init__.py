"""The rules about KeyPolicies, and about what was sealed under one."""
