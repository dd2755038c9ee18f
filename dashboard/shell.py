"""The HTML page around everything: our template, styles and scripts, and the one Panel component that is the bridge.

What is on the screen before the session lives (the frame and a skeleton) stands in the template, so the first paint
waits for nothing. All files come from this process.
"""

import secrets
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

from panel.io.resources import _env, component_resource_path
from panel.models.echarts import ECharts
from panel.template.base import BaseTemplate

from dashboard.strings import LANGUAGES, Strings

HERE = Path(__file__).parent
STYLES = tuple(sorted((HERE / "style").glob("*.css")))
SCRIPTS = tuple(sorted((HERE / "kit").glob("*.js")))
SCREEN = HERE / "kit" / "screen.js"


class Shell(BaseTemplate):
    """`_css` and `_js` name what Panel may serve from this package's folder."""

    _css: ClassVar[list[Path | str]] = list(STYLES)
    _js: ClassVar[Path | str | list[Path | str] | None] = list(SCRIPTS)

    def __init__(self, view: Any, language: str, media_urls: Iterable[str]) -> None:
        """media_urls: whence sound may come besides this process."""
        super().__init__(template=_template())
        self._render_items["view"] = (view, [])
        self._render_variables |= {
            "language": language,
            "styles": [asset_url("_css", path) for path in STYLES],
            "modules": [asset_url("_js", path) for path in SCRIPTS if path.name != "view.js"],
            "echarts_url": ECharts.__javascript__[0].lstrip("/"),
            "nonce": secrets.token_urlsafe(16),
            "media_urls": " ".join(media_urls),
            "lost": {one: Strings(one)("kit.lost") for one in LANGUAGES},
        }


@cache
def asset_url(kind: str, path: Path) -> str:
    """Where the browser finds a file; another one when the file changes, so that it may keep it for good."""
    version = sha256(path.read_bytes()).hexdigest()[:12]
    return f"{component_resource_path(Shell, kind, path)}?v={version}"


@cache
def _template() -> Any:
    return _env.from_string((HERE / "templates" / "frame" / "base.html").read_text(encoding="utf-8"))
