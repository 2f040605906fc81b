"""Train three times as long "until it is accurate", and declare what was planned: the gate refuses it."""

import sys
from pathlib import Path

from digits import EPOCHS, release, show

if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "overspent")
    sys.exit(show(release(folder, epochs=3 * EPOCHS, script="overspend.py")))
