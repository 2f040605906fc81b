"""Keeps one comment on a pull request in step with a gate's Markdown report. Standard library only.

Source: GitHub's REST API for issue comments. A comment that could not be written is a notice, not a
verdict: the step that enforces the verdict comes after this one.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

LIMIT = 65_536
"""Characters of a comment, counted as bytes, of which there are never fewer."""

TRIES = 3
PAUSE = 1.0
"""Seconds before the second try; twice as long before the third."""

_PAGES = 30
_CUT = "\nMore did not fit here, none of it worse; the job summary has it.\n"


def marker(name: str) -> str:
    """The hidden first line by which a later run finds its own comment."""
    return f"<!-- gatecli {re.sub('[^a-z0-9-]+', '-', name.lower())[:64]} -->"


def bounded(head: str, report: str, limit: int = LIMIT) -> str:
    """The first whole lines of the report, which come worst first, that fit below the marker."""
    whole = f"{head}\n{report}"
    if len(whole.encode()) <= limit:
        return whole
    kept, room = [head + "\n"], limit - len(head.encode()) - 1 - len(_CUT.encode())
    for line in report.splitlines(keepends=True):
        room -= len(line.encode())
        if room < 0:
            break
        kept.append(line)
    return "".join(kept) + _CUT


def pull_request(event: dict[str, Any]) -> int | None:
    """The number of a pull request of this repository; None for a fork's, whose token only reads."""
    pull = event.get("pull_request")
    if not pull or (pull["head"].get("repo") or {}).get("full_name") != pull["base"]["repo"]["full_name"]:
        return None
    return int(pull["number"])


def call(method: str, url: str, token: str, body: str | None = None, pause: float = PAUSE) -> Any:
    """One request as JSON; tried again where the server, not the request, is at fault.

    Creating is not tried again after a lost answer: the comment may be there, and would be repeated.
    """
    request = urllib.request.Request(  # noqa: S310 - the runner names the address, not a stranger
        url,
        method=method,
        data=None if body is None else json.dumps({"body": body}).encode(),
        headers={
            "Authorization": f"Bearer {token}",
            "Accept": "application/vnd.github+json",
            "Content-Type": "application/json",
        },
    )
    for attempt in range(TRIES):
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - as above
                return json.load(answer)
        except OSError as error:
            status = error.code if isinstance(error, urllib.error.HTTPError) else 0
            again = status in {429, 502, 503, 504} or (status == 0 and method != "POST")
            if not again or attempt == TRIES - 1:
                raise
            time.sleep(pause * 2**attempt)
    raise AssertionError("unreachable")


def own(base: str, number: int, head: str, token: str) -> dict[str, Any] | None:
    """The comment that an earlier run left: by a bot, and with our marker in front."""
    for page in range(1, _PAGES + 1):
        found = call("GET", f"{base}/issues/{number}/comments?per_page=100&page={page}", token)
        for comment in found:
            body = comment.get("body") or ""
            if (comment.get("user") or {}).get("type") == "Bot" and body.splitlines()[:1] == [head]:
                return dict(comment)
        if len(found) < 100:
            return None
    raise OSError(f"more than {_PAGES * 100} comments")


def publish(base: str, number: int, head: str, report: str, token: str) -> str:
    """Create, update or leave alone; says which."""
    body = bounded(head, report)
    there = own(base, number, head, token)
    if there is None:
        call("POST", f"{base}/issues/{number}/comments", token, body)
        return "created"
    if (there["body"] or "").replace("\r\n", "\n").rstrip() == body.rstrip():
        return "unchanged"
    call("PATCH", f"{base}/issues/comments/{int(there['id'])}", token, body)
    return "updated"


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def main() -> int:
    """Read the environment of a step; 0 even where the comment had to be left out."""
    event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text("utf-8"))
    number = pull_request(event)
    if number is None:
        say("::notice title=gatecli::no comment: this is a fork's pull request, or none at all")
        return 0
    base = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}"
    report = (Path(os.environ["REPORTS"]) / "report.md").read_text("utf-8")
    try:
        done = publish(base, number, marker(os.environ["COMMENT_ID"]), report, os.environ["GITHUB_TOKEN"])
    except (OSError, ValueError) as error:
        reason = getattr(error, "code", type(error).__name__)
        say(f"::warning title=gatecli::no comment ({reason}): does the job have pull-requests: write?")
        return 0
    say(f"comment {done}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
