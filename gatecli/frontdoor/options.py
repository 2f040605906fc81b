"""The options that commands share, each with its `GATECLI_…` variable.

Together with `admission/settings.py` the only reader of the environment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from gatecli.model.finding import Severity
from gatecli.reports.registry import ReportFormat as ReportFormat  # noqa: PLC0414 - also for the webhook's commands

OUTPUT = "Output"
GATE = "Gate"


class Listing(StrEnum):
    """The formats of a command that lists or computes, and judges nothing."""

    TEXT = "text"
    JSON = "json"
    YAML = "yaml"


class Changes(StrEnum):
    """The formats of a comparison."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class Colour(StrEnum):
    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def option(*names: str, panel: str, help: str, variable: str = "", **more: Any) -> Any:  # noqa: A002 - typer's own word
    """A typer option whose variable is `GATECLI_` and `variable`, else its first long name."""
    long_name = next(name for name in names if name.startswith("--")).split("/")[0]
    name = variable or long_name.removeprefix("--").replace("-", "_").upper()
    return typer.Option(*names, envvar=f"GATECLI_{name}", help=help, rich_help_panel=panel, **more)


PolicyFile = Annotated[
    Path | None,
    option(
        "--policy",
        panel=GATE,
        metavar="FILE",
        help="The policy (default: the nearest gatecli.yaml upward, else the shipped one).",
    ),
]
PolicyFrom = Annotated[
    str | None,
    option(
        "--policy-from",
        panel=GATE,
        metavar="REV",
        help="Judge by the policy, waivers, baseline and inline allowances of a git revision.",
    ),
]
WaiverFiles = Annotated[
    list[Path] | None,
    option("--waivers", panel=GATE, metavar="FILE", help="More PrivacyWaivers; repeatable."),
]
FailOn = Annotated[
    Severity, option("--fail-on", panel=GATE, help="The lowest severity that closes the gate.")
]
BaselineFile = Annotated[
    Path | None,
    option(
        "--baseline",
        panel=GATE,
        metavar="FILE",
        help="A baseline or a JSON report of known findings.",
    ),
]
EvidenceFiles = Annotated[
    list[Path] | None,
    option(
        "--evidence",
        panel=GATE,
        metavar="PATH",
        help="A report that passed, for `gatecli-evidence` tags; an attestation; or a folder; repeatable.",
    ),
]
LedgerUrl = Annotated[
    str | None,
    option(
        "--ledger",
        panel=GATE,
        metavar="URL",
        help="The budget ledger: a file, or postgresql://… (default for its own commands: ledger.db).",
    ),
]
KeyFile = Annotated[
    Path | None,
    option(
        "--key",
        panel=GATE,
        variable="LEDGER_KEY",
        metavar="FILE",
        help="The key that signs for the ledger (gatecli ledger key new).",
    ),
]
LedgerKey = Annotated[
    Path | None,
    option(
        "--ledger-key",
        panel=GATE,
        metavar="FILE",
        help="With --reserve: the key that signs the ledger's new entries.",
    ),
]
AllRows = Annotated[
    bool,
    option(
        "--all-rows",
        panel=GATE,
        help="Search every row of a table for personal data, not a sample of 10,000.",
    ),
]
ExitZero = Annotated[
    bool, option("--exit-zero", panel=GATE, help="Exit 0 instead of 1; nothing else changes.")
]
ListingFormat = Annotated[
    # Not GATECLI_FORMAT: a pipeline that sets that to sarif must still be able to list the rules.
    Listing, option("--format", "-f", panel=OUTPUT, variable="LISTING", help="The output format.")
]
OutputFormat = Annotated[ReportFormat, option("--format", "-f", panel=OUTPUT, help="The report on stdout.")]
ReportFiles = Annotated[
    list[str] | None,
    option(
        "--report",
        panel=OUTPUT,
        metavar="FORMAT=FILE",
        help="Also write a report to a file, atomically; repeatable.",
    ),
]
ColourMode = Annotated[
    Colour, option("--color", panel=OUTPUT, help="Colour; auto means on a terminal, and honours NO_COLOR.")
]
Verbose = Annotated[
    int,
    option("--verbose", "-v", panel=OUTPUT, count=True, help="Also show measures and suppressed findings."),
]
Quiet = Annotated[bool, option("--quiet", "-q", panel=OUTPUT, help="Show findings only.")]


def no_colour_wanted() -> bool:
    """Whether NO_COLOR is set to anything (https://no-color.org) or the terminal is dumb."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def source_date_epoch() -> int | None:
    """The time that a reproducible build fixes (https://reproducible-builds.org), in seconds."""
    text = os.environ.get("SOURCE_DATE_EPOCH", "")
    return int(text) if text.isdecimal() and len(text) < 12 else None


def run_task_key() -> str:
    """The key that is shared with HCP Terraform; "" without one. No option: arguments are seen by others."""
    return os.environ.get("GATECLI_RUN_TASK_HMAC_KEY", "")


def ledger_token() -> str:
    """The token of the ledger's page; "" without one. No option: arguments are seen by others."""
    return os.environ.get("GATECLI_LEDGER_TOKEN", "")


def key_passphrase() -> bytes | None:
    """The passphrase of an encrypted key; None without one. No option: arguments are seen by others."""
    text = os.environ.get("GATECLI_KEY_PASSPHRASE", "")
    return text.encode() if text else None


def named_variable(name: str) -> str:
    """The value of a variable that a user names to hold a key; "" where it is not set."""
    return os.environ.get(name, "")


_CI = ("CI", "TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION", "CODEBUILD_BUILD_ID")


def in_continuous_integration() -> bool:
    """Whether a service runs this, as the common ones say by a variable."""
    return any(os.environ.get(name, "").lower() not in {"", "0", "false"} for name in _CI)


def user_caches() -> Path | None:
    """Where this user's programs keep what they can do without, by the platform's own convention.

    On Linux the XDG Base Directory Specification. None where neither it nor a home is known.
    """
    if sys.platform == "win32":
        named = os.environ.get("LOCALAPPDATA", "")
    else:
        named = os.environ.get("XDG_CACHE_HOME", "") if sys.platform != "darwin" else ""
    if named and os.path.isabs(named):  # noqa: PTH117 - the text of a variable
        return Path(named)
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home raises where there is none
    if not os.path.isabs(home):  # noqa: PTH117 - as above
        return None
    return Path(home, {"darwin": "Library/Caches", "win32": "AppData/Local"}.get(sys.platform, ".cache"))


def whole_environment() -> Mapping[str, str]:
    """What a program that is started inherits."""
    return dict(os.environ)
