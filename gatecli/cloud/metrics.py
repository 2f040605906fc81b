"""What is left of a budget, as a line of a job's log that CloudWatch turns into a metric.

The embedded metric format needs no call of an API, so a job without a network publishes too. Source: the
specification of the embedded metric format in the Amazon CloudWatch user guide.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from fractions import Fraction

from gatecli.model.ledger import Account
from gatecli.model.portfolio import held_share

NAMESPACE = "gatecli"
REMAINING = "BudgetRemaining"
HELD = "BudgetHeld"


def remaining_share(account: Account) -> Fraction:
    """The share of a dataset's budget that no release holds, by the member that decides; never below 0."""
    held = held_share(account.held, account.terms.limits, account.terms.admission)
    return max(Fraction(0), 1 - held)


def embedded_metrics(accounts: Sequence[Account], now: datetime) -> Iterator[str]:
    """A line for each dataset, in percent of its budget; what remains is rounded down."""
    for account in sorted(accounts, key=lambda each: each.terms.name):
        remaining = int(remaining_share(account) * 10_000) / 100
        metrics = [{"Name": name, "Unit": "Percent"} for name in (REMAINING, HELD)]
        described = {"Namespace": NAMESPACE, "Dimensions": [["Dataset"]], "Metrics": metrics}
        line = {
            "_aws": {"Timestamp": int(now.timestamp() * 1000), "CloudWatchMetrics": [described]},
            "Dataset": account.terms.name,
            REMAINING: remaining,
            HELD: round(100 - remaining, 2),
        }
        yield json.dumps(line, ensure_ascii=False)
