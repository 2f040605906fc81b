"""The scan of what a cluster already holds: listed, judged as the webhook would, reported."""
