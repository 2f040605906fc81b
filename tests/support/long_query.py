"""`python -m tests.support.long_query URL`: a measurement without an end, which its user interrupts.

Writes `measuring` when it begins and `interrupted` when a second has passed and the signal is sent.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from threading import Timer

from gatecli.anonymity.measure import measure
from gatecli.anonymity.tables.opening import open_table
from gatecli.model.anonymity import AnonymityQuestion
from tests.support import spark
from tests.support.tables import endless


def interrupt() -> None:
    print("interrupted", flush=True)  # noqa: T201 - what its reader waits for
    os.kill(os.getpid(), signal.SIGINT)


def main(url: str) -> None:
    with open_table(url) as opened:
        table = opened.table
        huge = spark.endless(table.get_backend()) if opened.engine == "spark" else endless(table, "age")
        print("measuring", flush=True)  # noqa: T201 - what its reader waits for
        timer = Timer(1.0, interrupt)
        timer.daemon = True
        timer.start()
        try:
            measure(replace(opened, table=huge), AnonymityQuestion(("age",)))
        except KeyboardInterrupt:
            sys.exit(130)


if __name__ == "__main__":
    main(sys.argv[1])
