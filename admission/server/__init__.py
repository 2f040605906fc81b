"""The webhook as a server: HTTP, kopf, reviews in threads, health and metrics."""
