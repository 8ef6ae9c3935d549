"""A part of the server that is made when it is first asked, for it takes seconds to import."""

import threading
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send


class Later:
    """An ASGI application made by ``build``, once, in a thread: the server goes on answering meanwhile."""

    def __init__(self, build: Callable[[], ASGIApp]) -> None:
        self._build = build
        self._built: ASGIApp | None = None
        self._lock = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, after it was made."""
        application = await run_in_threadpool(self._once) if self._built is None else self._built
        await application(scope, receive, send)

    def _once(self) -> ASGIApp:
        with self._lock:
            if self._built is None:
                self._built = self._build()
            return self._built
