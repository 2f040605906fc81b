"""What a table does not answer, and why: a public name of a pandas frame has a place here or is a question.

The refusal is a PermissionError, so that code that expects a frame stops at once. It is a guard rail, not a
boundary: whoever runs the program can read the file (`open_table(…, isolated=True)` keeps rows elsewhere).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from gatecli.errors import GatecliError, UsageError
from gatecli.model.number import show

ASK = (
    "ask with a budget instead: count, sum, mean, var, std, quantile, median, describe, histogram, "
    "groupby(…).agg(…), standardise"
)


class RefusedError(GatecliError, PermissionError):
    """A caller asked for rows, or for something that has no private answer. Nothing was read or spent."""

    exit_code = 1


class BudgetUsedUpError(GatecliError, PermissionError):
    """A question does not fit into what is left. Nothing was read or spent."""

    exit_code = 1

    def __init__(self, dataset: str, left: Fraction, *, needs_delta: bool = False) -> None:
        """`left` is the largest ε of one more question with Laplace noise."""
        room = f"ask with at most epsilon={show(left)}" if left else "nothing is left for another question"
        if needs_delta and left:
            room = (
                "too little delta is left: give less of it, or ask with Laplace noise and at most "
                f"epsilon={show(left)}"
            )
        super().__init__(
            f"the question does not fit into what is left of the budget of {dataset}", advice=room
        )
        self.dataset, self.left, self.needs_delta = dataset, left, needs_delta


def require_own_process(process: int) -> None:
    """Raises UsageError in another process than the one that opened a table: a fork has its own memory."""
    if os.getpid() != process:
        raise UsageError(
            "the table was opened in another process, and a budget is not copied with it",
            advice="open it again in this process",
        )


def require_open(*, is_closed: bool) -> None:
    """Raises UsageError for a table that is closed."""
    if is_closed:
        raise UsageError("the table is closed", advice="ask before it is closed, or open it again")


class Reason(StrEnum):
    """Why a name of a frame is not answered."""

    ROWS = "it shows rows"
    SIZE = "how many rows there are is itself a question"
    EXTREME = "the least or the greatest value is one person's"
    SHAPE = "it rearranges rows, and rows are never seen"
    WRITES = "it writes rows"
    CODE = "it runs code on rows, and what that does cannot be accounted for"
    CHANGES = "it changes rows or labels, and a table is only read"
    UNANSWERED = "nothing here answers it within a budget"


_NAMES: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.ROWS: """T array asof at at_time attrs axes between_time boxplot cat dt first flags get head
            first_valid_index iat idxmax idxmin iloc index info isetitem items iterrows itertuples last list
            last_valid_index loc nlargest nsmallest plot pop sample sparse str style tail take truncate values
            xs""",
        Reason.SIZE: "empty memory_usage ndim shape size",
        Reason.EXTREME: "cummax cummin max min mode nunique rank",
        Reason.SHAPE: """align asfreq combine combine_first compare convert_dtypes corrwith dot droplevel ewm
            expanding explode infer_objects insert join melt merge pivot pivot_table reindex reindex_like
            reorder_levels resample reset_index rolling set_axis set_index shift sort_index sort_values
            squeeze stack swapaxes swaplevel transpose tz_convert tz_localize unstack""",
        Reason.CODE: "apply applymap eval map pipe query transform",
        Reason.CHANGES: """abs add add_prefix add_suffix assign astype backfill bfill diff div divide drop eq
            drop_duplicates dropna duplicated ffill fillna floordiv ge gt interpolate isin isna isnull le lt
            mask mod mul multiply ne notna notnull pad pct_change pow radd rdiv rename rename_axis replace
            rfloordiv rmod rmul round rpow rsub rtruediv set_flags sub subtract truediv update where""",
        Reason.UNANSWERED: """all any bool corr cov cumprod cumsum equals kurt kurtosis prod product
            select_dtypes sem skew value_counts""",
    }
)

_OPERATIONS: Mapping[str, Reason] = MappingProxyType(
    {"[…]": Reason.ROWS, "[…] = …": Reason.CHANGES, "pickle": Reason.WRITES}
)
"""What is refused and has no name of its own."""

REFUSED: Mapping[str, Reason] = MappingProxyType(
    {name: reason for reason, names in _NAMES.items() for name in names.split()}
)
"""The names of a pandas frame that are refused, each with its reason; `to_…` and `from_…` besides."""


def is_refused(name: str) -> bool:
    """Whether a frame of pandas has the name, and a table behind a budget does not."""
    return name in REFUSED or name.startswith(("to_", "from_"))


def reason_of(name: str) -> Reason:
    """Why a name is refused; a name that nobody knows is refused too."""
    if name.startswith(("to_", "from_")):
        return Reason.WRITES
    return _OPERATIONS.get(name) or REFUSED.get(name, Reason.UNANSWERED)


def refusal(name: str) -> RefusedError:
    """The refusal of a name."""
    return RefusedError(f"{name} is refused: {reason_of(name)}", advice=ASK)
