"""A real HTTP server that answers as AWS does, or as the test says: the one fake of these tests."""

import json
import socket
import struct
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

HUB = "111111111111"
TARGET = "222222222222"
REGION = "us-east-1"
JOB = {"job": {"jobID": "drsjob-00000000000000001", "status": "PENDING"}}
XML_IDENTITY = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::{account}:user/hub</Arn><UserId>AIDA</UserId><Account>{account}</Account></GetCallerIdentityResult>
<ResponseMetadata><RequestId>sts-1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"""
XML_ROLE = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><AssumedRoleUser>
<Arn>arn:aws:sts::{account}:assumed-role/DrsOrch/x</Arn><AssumedRoleId>AROA:x</AssumedRoleId></AssumedRoleUser>
<Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>
<Expiration>{until}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""
XML_ERROR = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>{code}</Code>
<Message>{message}</Message></Error><RequestId>sts-2</RequestId></ErrorResponse>"""
EC2_ERROR = """<Response><Errors><Error><Code>{code}</Code><Message>no</Message></Error></Errors>
<RequestID>e</RequestID></Response>"""


@dataclass
class Reply:
    """An answer. `missing` bytes are cut off its end; `reset` drops the connection instead of answering."""

    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    reset: bool = False
    missing: int = 0


@dataclass
class Received:
    """A request that arrived."""

    operation: str
    region: str
    access_key: str
    params: dict
    headers: dict[str, str]
    peer: int


def says(answer: object, **more) -> Reply:
    return Reply(json.dumps(answer).encode(), headers={"x-amzn-requestid": "req-1"}, **more)


def refuses(code: str, status: int = 400, message: str = "AWS says why") -> Reply:
    headers = {"x-amzn-ErrorType": code, "x-amzn-requestid": "req-9"}
    return Reply(json.dumps({"message": message, "code": code}).encode(), status, headers)


def xml(text: str, status: int = 200) -> Reply:
    return Reply(text.encode(), status, {"Content-Type": "text/xml"})


def _asked(path: str, target: str, body: bytes) -> tuple[str, dict]:
    """Operation and input, as each of AWS's protocols writes them: JSON 1.1, query, REST with JSON."""
    if target:
        return target.rpartition(".")[2], json.loads(body or b"{}")
    if path == "/":
        params = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        return params["Action"], params
    return path.split("/")[1], json.loads(body or b"{}")


class ScriptedAws:
    """The server: what each operation answers, and what arrived."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self._replies: dict[str, list[Reply]] = {}
        self._lock = threading.Lock()
        self.role_account = TARGET
        self.role_until = "2999-01-01T00:00:00Z"
        self._roles = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def answers(self, operation: str, *replies: Reply) -> None:
        """Answer `operation` with these, the last one again and again."""
        self._replies[operation] = list(replies)

    def count(self, operation: str) -> int:
        return Counter(request.operation for request in self.received)[operation]

    def asked(self, operation: str) -> list[dict]:
        """What `operation` was asked with, each time."""
        return [request.params for request in self.received if request.operation == operation]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def reply_to(self, request: Received) -> Reply:
        with self._lock:
            self.received.append(request)
            queue = self._replies.get(request.operation, [])
            if queue:
                return queue.pop(0) if len(queue) > 1 else queue[0]
            self._roles += request.operation == "AssumeRole"
        return self._usual(request)

    def _usual(self, request: Received) -> Reply:
        if request.operation == "GetCallerIdentity":
            return xml(XML_IDENTITY.format(account=HUB))
        if request.operation == "AssumeRole":
            key = f"ASIA{self._roles:016d}"
            return xml(XML_ROLE.format(account=self.role_account, key=key, until=self.role_until))
        return says({"items": []})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        aws = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                reply = aws.reply_to(self._read())
                time.sleep(reply.seconds)
                if reply.reset:
                    # A zero linger makes the close a reset, so that the client sees a broken connection, not an end.
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()
                    self.close_connection = True
                    return
                self._write(reply)

            do_GET = do_DELETE = do_POST

            def _read(self) -> Received:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                scope = self.headers.get("Authorization", "").partition("Credential=")[2].split(",")[0].split("/")
                operation, params = _asked(self.path, self.headers.get("X-Amz-Target", ""), body)
                return Received(operation, scope[2], scope[0], params, dict(self.headers), self.client_address[1])

            def _write(self, reply: Reply) -> None:
                self.send_response(reply.status)
                for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                if "Content-Length" not in reply.headers:
                    self.send_header("Content-Length", str(len(reply.body)))
                if reply.missing or self.close_connection:
                    self.send_header("Connection", "close")  # also makes the server close
                self.end_headers()
                self.wfile.write(reply.body[: len(reply.body) - reply.missing])

            def log_message(self, *_: object) -> None:
                pass

        return Handler
