"""The pages by their paths: GET and HEAD alone, each decided by who asks before anything is read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import hdrs, web

from gatecli.dashboard.access import RequestHead, may_read, names_page
from gatecli.dashboard.cards import read_index
from gatecli.dashboard.dataset_page import Memory, read_dataset
from gatecli.dashboard.entry_page import read_entry_page
from gatecli.dashboard.figures import VerificationResult, last_checkpoint, read_figures
from gatecli.dashboard.filters import (
    BadQuery,
    EntryFilter,
    dataset_filter,
    dataset_name,
    entry_filter,
    whole_number,
)
from gatecli.dashboard.headers import SECURITY_HEADERS
from gatecli.dashboard.metrics import CONTENT_TYPE, exposition
from gatecli.dashboard.rendering import render, shipped_file, style_sheet
from gatecli.dashboard.settings import PageSettings
from gatecli.ledger.history import Level
from gatecli.ledger.interface import LedgerUnavailable, Store
from gatecli.ledger.ledger_thread import LedgerBusy, LedgerThread

HEALTH = "/healthz"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_REASONS = {
    400: ("Not understood", "The address of this page says something that it cannot mean."),
    401: ("A token is needed", "Give the token as the password, with any name, or as a bearer token."),
    403: ("Not for you", "This page is read through its proxy."),
    404: ("Not found", "There is no such page, dataset or entry."),
    405: ("Only for reading", "This page answers GET and HEAD."),
    421: ("Another host", "This page is not known by that name; --allow-host NAME makes it known."),
    500: ("A bug", "This page could not be made. The log of the service says where."),
    503: ("Not now", "The ledger cannot be read now. Try again soon."),
}


@dataclass(slots=True)
class Site:
    """The handlers, and what they know from one request to the next.

    `pages` and `scrapes` read the ledger by connections of their own, so that no page waits for a scrape.
    """

    settings: PageSettings
    pages: LedgerThread
    scrapes: LedgerThread
    clock: Callable[[], datetime]
    report: Callable[[Exception], None]
    verification: VerificationResult | None = None
    memory: Memory = field(default_factory=Memory)
    begun: dict[str, Level] = field(default_factory=dict)
    """What scrapes remember."""

    def application(self) -> web.Application:
        """What a server is given."""
        application = web.Application(middlewares=[self.protect])
        application.add_routes(
            [
                web.get("/", self.show_index),
                web.get("/dataset", self.show_dataset),
                web.get("/entry", self.show_entry),
                web.get("/checkpoint", self.show_checkpoint),
                web.get("/metrics", self.show_metrics),
                web.get("/style.css", show_style),
                web.get("/icon.svg", show_icon),
                web.get("/alerts.yaml", show_alerts),
                web.get("/grafana.json", show_dashboard),
                web.get(HEALTH, show_health),
            ]
        )
        return application

    @web.middleware
    async def protect(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse who may not ask, turn failures into pages, and put the headers to all of them."""
        try:
            answer = self._turned_away(request) or await handler(request)
        except BadQuery as error:
            answer = problem_page(400, f"{error}.")
        except (LedgerUnavailable, LedgerBusy):
            answer = problem_page(503)
        except web.HTTPException as error:
            answer = problem_page(error.status)
            if hdrs.ALLOW in error.headers:
                answer.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
        except Exception as error:  # noqa: BLE001 - a bug in one page leaves the others as they are
            self.report(error)
            answer = problem_page(500)
        for name, value in SECURITY_HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer

    def _turned_away(self, request: web.Request) -> web.Response | None:
        if request.path == HEALTH:
            return None
        head = self._head(request)
        if not names_page(head, self.settings):
            return problem_page(421)
        if may_read(head, self.settings):
            return None
        if not self.settings.token:
            return problem_page(403)
        answer = problem_page(401)
        answer.headers[hdrs.WWW_AUTHENTICATE] = 'Basic realm="gatecli ledger", charset="UTF-8"'
        return answer

    def _head(self, request: web.Request) -> RequestHead:
        headers, user = request.headers, self.settings.proxy_header
        return RequestHead(
            _peer(request),
            headers.getall(hdrs.HOST, []),
            headers.getall(hdrs.AUTHORIZATION, []),
            headers.getall(user, []) if user else (),
        )

    async def show_index(self, request: web.Request) -> web.Response:
        """The datasets."""
        wanted, now = dataset_filter(request.query), self.clock()
        verification = self.verification

        def page(store: Store) -> str:
            index = read_index(store, wanted, now, self.memory.begun)
            return render("index.html", index=index, verification=verification)

        return html(await self.pages.ask(page))

    async def show_dataset(self, request: web.Request) -> web.Response:
        """One of them."""
        name, now = dataset_name(request.query, "name"), self.clock()
        try:
            wanted, problem = entry_filter(request.query), ""
        except BadQuery as error:
            wanted, problem = EntryFilter(), f"{error}: nothing is left out."

        def page(store: Store) -> str | None:
            shown = read_dataset(store, name, wanted, now, self.memory)
            return None if shown is None else render("dataset.html", page=shown, problem=problem)

        return _page_or_not_found(await self.pages.ask(page), 400 if problem else 200)

    async def show_entry(self, request: web.Request) -> web.Response:
        """One entry."""
        dataset, number = dataset_name(request.query, "dataset"), whole_number(request.query, "number")

        def page(store: Store) -> str | None:
            shown = None if number is None else read_entry_page(store, dataset, number)
            return None if shown is None else render("entry.html", page=shown)

        return _page_or_not_found(await self.pages.ask(page))

    async def show_checkpoint(self, _request: web.Request) -> web.Response:
        """The last checkpoint as a signed note, to keep elsewhere."""
        checkpoint = await self.pages.ask(last_checkpoint)
        if checkpoint is None:
            raise web.HTTPNotFound
        return web.Response(text=checkpoint.note, content_type="text/plain", charset="utf-8")

    async def show_metrics(self, _request: web.Request) -> web.Response:
        """What Prometheus reads."""
        now, verification = self.clock(), self.verification
        text = await self.scrapes.ask(
            lambda store: exposition(read_figures(store, now, verification, self.begun))
        )
        return web.Response(body=text, headers={hdrs.CONTENT_TYPE: CONTENT_TYPE})


async def show_style(_request: web.Request) -> web.Response:
    """The style sheet; its address holds its digest."""
    return _with_long_life(web.Response(text=style_sheet(), content_type="text/css", charset="utf-8"))


async def show_icon(_request: web.Request) -> web.Response:
    """The icon."""
    return _with_long_life(web.Response(body=shipped_file("icon.svg"), content_type="image/svg+xml"))


async def show_alerts(_request: web.Request) -> web.Response:
    """The alert rules."""
    return web.Response(body=shipped_file("alerts.yaml"), content_type="application/yaml")


async def show_dashboard(_request: web.Request) -> web.Response:
    """The dashboard for Grafana."""
    return web.Response(body=shipped_file("grafana.json"), content_type="application/json")


async def show_health(_request: web.Request) -> web.Response:
    """That the service runs; nothing of the ledger."""
    return web.Response(text="ok\n")


def html(text: str, status: int = 200) -> web.Response:
    """A page."""
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")


def problem_page(status: int, sentence: str = "") -> web.Response:
    """A page that says why there is no other."""
    title, usual = _REASONS.get(status, ("Not possible", "This cannot be answered."))
    return html(render("error.html", title=title, sentence=sentence or usual), status)


def _page_or_not_found(page: str | None, status: int = 200) -> web.Response:
    if page is None:
        raise web.HTTPNotFound
    return html(page, status)


def _with_long_life(answer: web.Response) -> web.Response:
    answer.headers[hdrs.CACHE_CONTROL] = "private, max-age=86400"
    return answer


def _peer(request: web.Request) -> str:
    """The address of the other end of the connection, which no header can change."""
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return str(peer[0]) if peer else ""
