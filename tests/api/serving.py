"""The product behind a real web server, for scripts that ask it over HTTP."""

import threading
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection


class Server(ThreadingMixIn, WSGIServer):
    """A web server with a thread, and so a database connection, for each request."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Writes no line for each request."""

    def log_message(self, *_):
        """Say nothing."""


def application(environ, start_response):
    """The product, which gives its connection back after each request."""
    try:
        return list(WSGIHandler()(environ, start_response))
    finally:
        connection.close()


@contextmanager
def serving():
    """The product on a port of its own."""
    server = make_server("127.0.0.1", 0, application, Server, Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
