"""Privacy gates for machine-learning delivery: no release ships a promise it does not keep."""

__version__ = "0.1.0"
