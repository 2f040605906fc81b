"""Keeps one comment on a pull request in step with a gate's Markdown report. Standard library only.

Source: GitHub's REST API for issue comments. A comment that could not be written is a notice, not a
verdict: the step that enforces the verdict comes after this one.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

LIMIT = 65_536
"""Characters of a comment, counted as bytes, of which there are never fewer."""

TRIES = 3
PAUSE = 1.0
"""Seconds before the second try; twice as long before the third."""
LONGEST_PAUSE = 30.0
TRANSIENT = frozenset({429, 500, 502, 503, 504})

_PAGES = 30
_CUT = "\nMore did not fit here, none of it worse; the job summary has it.\n"


def marker(name: str) -> str:
    """The hidden first line by which a later run finds its own comment."""
    return f"<!-- gatecli {re.sub('[^a-z0-9]+', '-', name.lower())[:64]} -->"


def within_limit(head: str, report: str, limit: int = LIMIT) -> str:
    """The first whole lines of the report, which come worst first, that fit below the marker."""
    whole = f"{head}\n{report}"
    if len(whole.encode()) <= limit:
        return whole
    kept, room = [head + "\n"], limit - len(head.encode()) - 1 - len(_CUT.encode())
    for line in re.findall(r"[^\n]*\n?", report):
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


def call(method: str, url: str, token: str, body: str | None = None) -> Any:
    """One request, and its answer as JSON."""
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
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - as above
        return json.load(answer)


def own(base: str, number: int, head: str, token: str) -> dict[str, Any] | None:
    """The comment that an earlier run left: by a bot, and with our marker in front."""
    for page in range(1, _PAGES + 1):
        found = call("GET", f"{base}/issues/{number}/comments?per_page=100&page={page}", token)
        if not isinstance(found, list):
            raise ValueError("no list of comments")  # noqa: TRY004 - a stranger's answer, no caller's mistake
        for comment in found:
            body = comment.get("body") or ""
            if (comment.get("user") or {}).get("type") == "Bot" and body.splitlines()[:1] == [head]:
                return dict(comment)
        if len(found) < 100:
            return None
    raise OSError(f"more than {_PAGES * 100} comments")


def publish(base: str, number: int, head: str, report: str, token: str) -> str:
    """Create, update or leave alone; says which."""
    body = within_limit(head, report)
    there = own(base, number, head, token)
    if there is None:
        call("POST", f"{base}/issues/{number}/comments", token, body)
        return "created"
    if (there["body"] or "").replace("\r\n", "\n").rstrip() == body.rstrip():
        return "unchanged"
    call("PATCH", f"{base}/issues/comments/{int(there['id'])}", token, body)
    return "updated"


def pause(error: Exception, attempt: int) -> float | None:
    """Seconds until the next try; None where the request, not the server, is at fault, or tries are spent.

    A server that asks for patience (RFC 9110, section 10.2.3) gets it, within bounds.
    """
    if attempt >= TRIES - 1 or not isinstance(error, OSError):
        return None
    if not isinstance(error, urllib.error.HTTPError):
        return PAUSE * (1 << attempt)
    asked = error.headers.get("Retry-After", "")
    if error.code not in TRANSIENT and not (error.code == 403 and asked):
        return None
    return min(float(asked), LONGEST_PAUSE) if asked.isdecimal() else PAUSE * (1 << attempt)


def persist(publish_once: Callable[[], str]) -> str:
    """Publish, again where the server failed: each try looks first, so that no comment is repeated."""
    for attempt in range(TRIES):
        try:
            return publish_once()
        except (OSError, ValueError, http.client.HTTPException) as error:
            seconds = pause(error, attempt)
            if seconds is None:
                raise
            time.sleep(seconds)
    raise AssertionError("unreachable")


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
        head, token = marker(os.environ["COMMENT_ID"]), os.environ["GITHUB_TOKEN"]
        done = persist(lambda: publish(base, number, head, report, token))
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "code", type(error).__name__)
        say(f"::warning title=gatecli::no comment ({reason}): does the job have pull-requests: write?")
        return 0
    say(f"comment {done}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
