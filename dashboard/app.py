"""The dashboard: `panel serve dashboard/app.py`. Wires a session for every browser tab.

SALESCONTROL_API_URL and SALESCONTROL_API_PUBLIC_URL say which api it speaks to (apis.py). A person's token lives in
their tab and in their session only; every query is authorised by the api.
"""

import os

import panel as pn

from dashboard.apis import apis_of
from dashboard.session import Session
from dashboard.shell import SCREEN, Shell, asset_url
from dashboard.strings import preferred_language


def serve_session() -> None:
    """Puts one session's page on the current document."""
    apis = pn.state.as_cached("apis", lambda: apis_of(os.environ))
    language = preferred_language(str(pn.state.headers.get("Accept-Language", "")))
    session = Session(apis.seen_from(_visitor()), language, asset_url("_js", SCREEN))
    pn.state.on_session_destroyed(lambda _: session.end())
    Shell(session.view, language, apis.public_urls.values()).servable(title="SalesControl")


def _visitor() -> str:
    """The browser's address; behind a proxy the one that it tells (--use-xheaders)."""
    context = pn.state.curdoc.session_context if pn.state.curdoc else None
    return str(getattr(getattr(context, "request", None), "remote_ip", ""))


if pn.state.curdoc is not None:  # `pn.state.served` walks the whole stack for the same answer, at every tab
    serve_session()
