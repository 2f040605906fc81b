"""A webhook that is no gate: it denies what is labelled `deny: "true"`. `python -m tests.e2e.stub_webhook`.

It holds to the real one's promises towards its surroundings: port and certificate from the environment,
/readyz on the webhook's own port, and on SIGTERM it serves on, unready, until endpoints are removed.
SIGUSR1 makes it unready, SIGUSR2 ready again.
"""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
from pathlib import Path
from typing import Any

from aiohttp import web

DRAIN = 0.5
"""Seconds from SIGTERM to the end."""


def judge(review: dict[str, Any], name: str, asker: str = "") -> dict[str, Any]:
    """The answer to an AdmissionReview; `asker` is the common name in the client's certificate."""
    request = review["request"]
    labels = (request.get("object") or {}).get("metadata", {}).get("labels") or {}
    response: dict[str, Any] = {"uid": request["uid"], "allowed": labels.get("deny") != "true"}
    if not response["allowed"]:
        response["status"] = {
            "code": 403,
            "message": f"denied by {name}" + (f" for {asker}" if asker else ""),
        }
    return {"apiVersion": review["apiVersion"], "kind": "AdmissionReview", "response": response}


def common_name(request: web.Request) -> str:
    """Who asks, by certificate; "" without one."""
    shown = request.get_extra_info("peercert") or {}
    return next(
        (value for part in shown.get("subject", ()) for key, value in part if key == "commonName"), ""
    )


def context_of(certificates: Path, client_ca: str) -> ssl.SSLContext:
    """TLS that takes a client's certificate where an authority is given, and does not insist on one."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=client_ca or None)
    context.verify_mode = ssl.CERT_OPTIONAL if client_ca else ssl.CERT_NONE
    context.load_cert_chain(certificates / "tls.crt", certificates / "tls.key")
    return context


async def serve(port: int, context: ssl.SSLContext, name: str) -> None:
    """Serve until SIGTERM, and a moment longer."""
    ready, ended = asyncio.Event(), asyncio.Event()
    ready.set()

    async def probe(_: web.Request) -> web.Response:
        return web.Response(status=200 if ready.is_set() else 503)

    async def review(request: web.Request) -> web.Response:
        return web.json_response(judge(await request.json(), name, common_name(request)))

    app = web.Application()
    app.add_routes([web.get("/readyz", probe), web.post("/{path:.*}", review)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context).start()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, ready.clear)
    loop.add_signal_handler(signal.SIGUSR2, ready.set)
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    print(f"{name} serves", flush=True)  # noqa: T201 - its log
    await ended.wait()
    ready.clear()
    await asyncio.sleep(DRAIN)
    await runner.cleanup()


def main() -> None:
    """As the environment says."""
    given = os.environ
    certificates = Path(given["GATECLI_ADMISSION_CERTIFICATES"])
    context = context_of(certificates, given.get("GATECLI_ADMISSION_CLIENT_CA", ""))
    asyncio.run(serve(int(given["GATECLI_ADMISSION_PORT"]), context, given.get("STUB_NAME", "stub")))


if __name__ == "__main__":
    main()
