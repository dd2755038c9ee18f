"""The dashboard: first page, memory over many navigations, and many people at once on one process.

    python benchmarks/dashboard.py [--sessions 50] [--navigations 100] [--for 30] [--save]

On the seeded shop, with its api in this process and the dashboard as `salescontrol up` starts it:
first page: from the address to the figures of Today in a fresh chromium profile (nothing cached), median of 7; then
with a warm cache. Memory: one tab walks through the pages; JavaScript heap and DOM nodes after garbage collection, and
the server's resident memory, after the second half of the walk over after the first. Sessions: that many websockets as
a browser's, each opening a page, thinking 1 to 3 s, opening the next; from the click to the server's last word.
"""

import argparse
import asyncio
import json
import random
import re
import shutil
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console
from rich.table import Table
from tornado.websocket import WebSocketClientConnection, websocket_connect

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.e2e.dashboard.rig import ADMIN_TOKEN, Panel  # noqa: E402
from tests.e2e.dashboard.standalone import running_shop  # noqa: E402

FIRST_PAGE_S = 1.5
INTERACTION_P95_S = 1.0
FLAT = 1.1
"""Heap, nodes and resident memory may grow so much over half a walk."""
PAGES = ("today", "overview", "dialogues", "places", "system", "review")
TOKEN = re.compile(r'"token":\s*"([^"]+)"')
ROOT_ID = re.compile(r'"roots":\s*\{"([^"]+)"')


def first_pages(browser: Browser, panel: Panel, times: int = 7) -> tuple[float, float]:
    """Seconds to the first page with nothing cached and, in another tab, with everything; medians."""
    cold, warm = [], []
    for _ in range(times):
        context = browser.new_context(locale="en-GB")
        for seconds in (cold, warm):
            page = _tab(context)
            start = time.perf_counter()
            page.goto(f"{panel.url}/app?page=today", wait_until="commit")
            page.wait_for_selector(".today-value")
            seconds.append(time.perf_counter() - start)
            page.close()
        context.close()
    return statistics.median(cold), statistics.median(warm)


def walk(browser: Browser, panel: Panel, navigations: int) -> dict[str, float]:
    """How much memory grew over the second half of a walk, as a ratio."""
    context = browser.new_context(locale="en-GB")
    page = _tab(context)
    page.goto(f"{panel.url}/app?page=today")
    page.wait_for_selector("h1")
    marks = []
    for half in range(3):  # the first one warms up
        for at in range(navigations // 2):
            _open(page, PAGES[at % len(PAGES)])
        _open(page, PAGES[0])
        marks.append(_memory(page, panel))
        assert half < 3
    context.close()
    _, before, after = marks
    return {name: after[name] / before[name] for name in before} | {"server_mb": after["server_rss"] / 1e6}


def _tab(context: Any) -> Page:
    page: Page = context.new_page()
    page.add_init_script(f"sessionStorage.token = {ADMIN_TOKEN!r}")
    return page


def _open(page: Page, name: str) -> None:
    page.locator(f'.menu a[href="?page={name}"]').first.click()
    page.wait_for_selector(f'body[data-page="{name}"]:not(.is-waiting) .menu a[href="?page={name}"][aria-current]')


def _memory(page: Page, panel: Panel) -> dict[str, float]:
    devtools = page.context.new_cdp_session(page)
    devtools.send("HeapProfiler.collectGarbage")
    devtools.send("Performance.enable")
    metrics = {m["name"]: m["value"] for m in devtools.send("Performance.getMetrics")["metrics"]}
    devtools.detach()
    rss = float(psutil.Process(panel.pid).memory_info().rss)
    return {"page_heap": metrics["JSHeapUsedSize"], "page_nodes": metrics["Nodes"], "server_rss": rss}


class Visitor:
    """A browser's websocket without the browser: Bokeh's protocol, and the kit's messages in it."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._count = 0
        self._socket: WebSocketClientConnection | None = None
        self._root = ""

    async def enter(self, http: httpx.AsyncClient) -> float:
        """Loads the document, connects and logs in; seconds."""
        start = time.perf_counter()
        html = (await http.get(f"{self._panel.url}/app?page=today")).text
        found, root = TOKEN.search(html), ROOT_ID.search(html)
        assert found is not None
        assert root is not None
        url = self._panel.url.replace("http", "ws", 1) + "/app/ws"
        self._socket = await websocket_connect(url, subprotocols=["bokeh", found[1]])
        await self._message()  # ACK
        await self._send("PULL-DOC-REQ", {})
        while (await self._message())[0]["msgtype"] != "PULL-DOC-REPLY":
            pass
        self._root = root[1]
        await self._tell("start", {"token": ADMIN_TOKEN, "api": "", "language": "en", "theme": "light"}, "?page=today")
        return time.perf_counter() - start

    async def open(self, name: str) -> float:
        """Goes to a page; seconds until everything has come."""
        start = time.perf_counter()
        await self._tell("go", {"search": f"?page={name}", "how": "link"}, "")
        return time.perf_counter() - start

    def leave(self) -> None:
        assert self._socket is not None
        self._socket.close()

    async def _tell(self, do: str, data: dict[str, str], search: str) -> None:
        self._count += 1
        said = {"id": self._count, "do": do, "value": "", "data": data, "form": [], "search": search}
        values = {"type": "map", "entries": [["model", {"id": self._root}], ["data", _mapped(said)]]}
        event = {"type": "event", "name": "data_event", "values": values}
        await self._send(
            "PATCH-DOC", {"events": [{"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": event}]}
        )
        done = f'[["kind","done"],["id",{self._count}]]'
        while done not in (await self._message())[1].replace(" ", ""):
            pass

    async def _send(self, kind: str, content: dict[str, Any]) -> None:
        assert self._socket is not None
        header = {"msgid": f"{id(self)}-{self._count}-{kind}", "msgtype": kind}
        for part in (header, {}, content):
            await self._socket.write_message(json.dumps(part))

    async def _message(self) -> tuple[dict[str, Any], str]:
        assert self._socket is not None
        parts = [await asyncio.wait_for(self._socket.read_message(), 60) for _ in range(3)]
        header = json.loads(parts[0] or "{}")
        for _ in range(int(header.get("num_buffers", 0)) * 2):
            await self._socket.read_message()
        return header, str(parts[2])


def _mapped(value: Any) -> Any:
    """As BokehJS writes plain objects."""
    if isinstance(value, dict):
        return {"type": "map", "entries": [[key, _mapped(one)] for key, one in value.items()]}
    return value


async def crowd(panel: Panel, sessions: int, for_s: float) -> tuple[list[float], list[float]]:
    """Seconds of every visitor's entry, and of every page that they opened while all were there."""
    visitors = [Visitor(panel) for _ in range(sessions)]
    async with httpx.AsyncClient(timeout=60) as http:
        entries = [await visitor.enter(http) for visitor in visitors]
        until = time.monotonic() + for_s
        opened = await asyncio.gather(*(_wander(visitor, until) for visitor in visitors))
    for visitor in visitors:
        visitor.leave()
    return entries, [seconds for one in opened for seconds in one]


async def _wander(visitor: Visitor, until: float) -> list[float]:
    seconds = []
    while time.monotonic() < until:
        await asyncio.sleep(random.uniform(1, 3))
        seconds.append(await visitor.open(random.choice(PAGES)))
    return seconds


def main() -> int:
    """Prints the table; exit 1 where an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--navigations", type=int, default=100)
    parser.add_argument("--for", dest="for_s", type=float, default=30)
    parser.add_argument("--save", action="store_true", help="append to benchmarks/results/dashboard.json")
    asked = parser.parse_args()
    with running_shop() as (panel, _):
        with sync_playwright() as playwright:
            path = shutil.which("chromium") or shutil.which("google-chrome")
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            cold_s, warm_s = first_pages(browser, panel)
            grown = walk(browser, panel, asked.navigations)
            browser.close()
        entries, opened = asyncio.run(crowd(panel, asked.sessions, asked.for_s))
        server_mb = psutil.Process(panel.pid).memory_info().rss / 1e6
    p95_s = statistics.quantiles(opened, n=20)[18]
    rows = [
        ("first page, nothing cached, s", cold_s, FIRST_PAGE_S),
        ("first page, cached, s", warm_s, FIRST_PAGE_S),
        *((f"{name} over {asked.navigations // 2} navigations", grown[name], FLAT) for name in _ratios(grown)),
        (f"{asked.sessions} sessions: opening a page, p95, s", p95_s, INTERACTION_P95_S),
    ]
    table = Table("figure", "measured", "at most")
    for name, value, limit in rows:
        table.add_row(name, f"{value:.2f}", f"{limit:g}")
    median_s, entry_s = statistics.median(opened), statistics.median(entries)
    table.add_row(f"  of {len(opened)}, median, s", f"{median_s:.2f}", "")
    table.add_row("  entry of a session, median, s", f"{entry_s:.2f}", "")
    table.add_row(
        "  server, MB, after the walk and with all sessions", f"{grown['server_mb']:.0f}, {server_mb:.0f}", ""
    )
    Console().print(table)
    if asked.save:
        results = ROOT / "benchmarks" / "results" / "dashboard.json"
        results.parent.mkdir(exist_ok=True)
        with results.open("a") as file:
            file.write(json.dumps({name: round(value, 3) for name, value, _ in rows}) + "\n")
    return 1 if any(value > limit for _, value, limit in rows) else 0


def _ratios(grown: dict[str, float]) -> Iterator[str]:
    return (name for name in grown if name != "server_mb")


if __name__ == "__main__":
    sys.exit(main())
