"""Evidence of what a run spent, written from the object in which its library keeps it.

    gatecli.evidence.write(privacy_engine, "accountant.json")

The file is what the gate reads (docs/evidence.md). No training library is imported: an object is known by
the names of its classes.
"""

from gatecli.evidence.writing import write

__all__ = ["write"]
