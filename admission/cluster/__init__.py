"""The Kubernetes API: a client, what collections hold, leader election, our own resources."""
