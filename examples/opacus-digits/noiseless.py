"""The same training without its noise: every file says what it should, and the audit refutes it."""

import sys
from pathlib import Path

from audited import release
from digits import show

if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "noiseless")
    sys.exit(show(release(folder, "noiseless.py", adds_noise=False)))
