"""The manifests of the webhook, and what turns them to an installation's own names."""
