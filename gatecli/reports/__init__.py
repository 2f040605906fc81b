"""One file per format; each shows a Verdict and decides nothing."""
