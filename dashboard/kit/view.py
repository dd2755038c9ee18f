"""The bridge between a session and its browser, as a Panel component; what the browser does with it is in screen.js."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import param
from panel.custom import JSComponent
from panel.models.esm import ESMEvent


class View(JSComponent):
    """Takes messages out and lets messages in, in order. `screen_url`: where the browser finds screen.js."""

    screen_url = param.String()

    _esm = Path(__file__).with_name("view.js")

    def __init__(self, answer: Callable[[dict[str, Any]], None], **params: Any) -> None:
        super().__init__(**params)  # type: ignore[no-untyped-call]
        self._answer = answer

    def send(self, kind: str, **message: Any) -> None:
        """To the browser, in the order of the calls.

        Always as the document's next callback, under its lock. Panel's own `_send_msg` writes at once where it finds
        itself in the document's context, beside a write that may be under way, and now and then such a message is lost.
        """
        for model in {id(model): model for model, _ in self._models.values()}.values():  # a template knows it twice
            document = model.document
            if document is not None:
                event = ESMEvent(model=model, data={"kind": kind, **message})  # type: ignore[no-untyped-call]
                document.add_next_tick_callback(partial(document.callbacks.send_event, event))

    def _handle_msg(self, data: Any) -> None:
        if isinstance(data, dict) and isinstance(data.get("do"), str):
            self._answer(data)
