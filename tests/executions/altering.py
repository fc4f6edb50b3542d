"""A DRS that says things a little differently: it hands requests on to the local endpoint and alters the answers.

For what the local endpoint does not do, and for what no model of the API allows.
"""

import http.client
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

Alteration = Callable[[dict], None]


class AlteringDrs:
    """Listens on a port of its own; an alteration changes the answers to one operation in place."""

    def __init__(self, endpoint: str) -> None:
        self.alterations: dict[str, Alteration] = {}
        self.own: dict[str, dict] = {}
        self.received: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, urlsplit(endpoint).netloc))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def alter(self, operation: str, alteration: Alteration) -> None:
        """Change the answers to `operation` from now on."""
        self.alterations[operation] = alteration

    def answer(self, operation: str, answer: dict) -> None:
        """Answer `operation` itself from now on."""
        self.own[operation] = answer

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def _handler(drs: AlteringDrs, behind: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            drs.received.append(self.path.strip("/"))
            own = drs.own.get(self.path.strip("/"))
            if own is not None:
                self._write(200, [("Content-Type", "application/json")], json.dumps(own).encode())
                return
            connection = http.client.HTTPConnection(behind)
            connection.request(self.command, self.path, sent, dict(self.headers))  # signed, its Host included
            answer = connection.getresponse()
            body = self._altered(answer.read(), answer.status)
            self._write(answer.status, answer.getheaders(), body)
            connection.close()

        do_GET = do_DELETE = do_POST

        def _write(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers:
                if name.lower() not in {"content-length", "connection", "date", "server"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _altered(self, body: bytes, status: int) -> bytes:
            alteration = drs.alterations.get(self.path.strip("/"))
            if alteration is None or status >= 300:
                return body
            answer = json.loads(body)
            alteration(answer)
            return json.dumps(answer).encode()

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def jobs(answer):
    """The jobs of an answer to DescribeJobs."""
    return answer["items"]


def servers(answer):
    """The servers of all jobs of an answer to DescribeJobs."""
    return [server for job in jobs(answer) for server in job.get("participatingServers", [])]


def servers_are(status, server_id=None):
    """An alteration: DRS calls this server, or all, `status`."""

    def alter(answer):
        for server in servers(answer):
            if server_id in (None, server["sourceServerID"]):
                server["launchStatus"] = status

    return alter


def jobs_live(answer):
    """An alteration: the jobs have not ended."""
    for job in jobs(answer):
        job["status"] = "STARTED"
        job.pop("endDateTime", None)
