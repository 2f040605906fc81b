"""What the entry point of a job writes into the folder of its release."""

from __future__ import annotations

DECLARATION = "privacy.json"
"""The declaration with what the job made: its artifacts, and the digests of its evidence."""
UNCOMMITTED = "uncommitted.json"
"""What the declaration is called until the ledger has it: a job that is killed before leaves no release."""
RECORD = "job.json"
"""What the job was, and from what it was made."""
RETURN = "lease-return.jsonl"
"""What a job leaves of a ledger that was lent to it."""

WRITTEN = frozenset({DECLARATION, UNCOMMITTED, RECORD, RETURN})
