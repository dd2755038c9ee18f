"""The bridge between a session and its browser, as a Panel component; what the browser does with it is in screen.js."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent


class View(JSComponent):
    """Takes messages out and lets messages in, in order. `screen_url`: where the browser finds screen.js."""

    screen_url = param.String()

    _esm = Path(__file__).with_name("view.js")

    def __init__(self, answer: Callable[[dict[str, Any]], None], **params: Any) -> None:
        super().__init__(**params)  # type: ignore[no-untyped-call]
        self._answer = answer

    def send(self, kind: str, **message: Any) -> None:
        """To the browser."""
        self._send_msg({"kind": kind, **message})

    def _handle_msg(self, data: Any) -> None:
        if isinstance(data, dict) and isinstance(data.get("do"), str):
            self._answer(data)
