"""A real HTTP server before the API that fails as scripted, then passes requests on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx


class Fault(StrEnum):
    """Ways to fail that are no answer."""

    DROP = "drop"  # the request is not passed on, and the connection closed
    LOSE = "lose"  # the request is passed on, and its answer lost
    STALL = "stall"  # nothing happens for long


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that arrived."""

    method: str
    path: str
    key: str | None
    body: bytes


@dataclass(slots=True)
class Front:
    """The server before the API.

    Attributes:
        url: Where it listens.
        faults: What happens to the next requests, first one first; later ones are passed on.
        retry_after: Header of answers that are faults, or none.
        seen: The requests so far.
    """

    url: str
    faults: list[Fault | int] = field(default_factory=list)
    retry_after: str | None = None
    seen: list[Seen] = field(default_factory=list)


@contextmanager
def flaky_front(api: str) -> Iterator[Front]:
    """Serve a front of an API for the length of the block."""
    done = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            front.seen.append(
                Seen(self.command, self.path, self.headers.get("Idempotency-Key"), body)
            )
            fault = front.faults.pop(0) if front.faults else None
            if isinstance(fault, int):
                self._answer(fault, b"away", front.retry_after)
                return
            if fault is Fault.STALL:
                done.wait(10)
            if fault in (None, Fault.LOSE):
                headers = {k: v for k, v in self.headers.items() if k != "Host"}
                answer = httpx.request(
                    self.command,
                    f"{api}{self.path}",
                    content=body,
                    headers=headers,
                    trust_env=False,
                )
                if fault is None:
                    self._answer(answer.status_code, answer.content, None)
                    return
            self.close_connection = True

        do_POST = do_GET

        def _answer(self, status: int, content: bytes, retry_after: str | None) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            if retry_after is not None:
                self.send_header("Retry-After", retry_after)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        front = Front(f"http://127.0.0.1:{server.server_port}")
        server.daemon_threads = True  # a kept connection would hold the server's end up
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield front
        finally:
            done.set()
            server.shutdown()
            thread.join()
