"""Fixtures of the API's tests."""

import botocore.loaders
import pytest
from rest_framework.test import APIClient

from drsorch.access.roles import Role
from drsorch.aws import sessions
from tests import factories

MODELS = botocore.loaders.create_loader()


@pytest.fixture
def aws(aws):
    """The local endpoint; AWS's API models are read from disk once for all tests."""
    core = sessions._process.hub_session()._session
    core.register_component("data_loader", MODELS)
    return aws


class Caller:
    """A person who asks the API, signed in to the console."""

    def __init__(self, actor=None):
        self.client = APIClient()
        if actor is not None:
            self.client.force_login(actor.user)

    def ask(self, method, path, body=None, *, version=None, key=None, headers=None):
        """Send a request to a path under /api/v1 and return the answer."""
        sent = dict(headers or {})
        if version is not None:
            sent["If-Match"] = f'"{version}"'
        if key is not None:
            sent["Idempotency-Key"] = key
        send = getattr(self.client, method.lower())
        address = f"/api/v1{path}"
        return send(address, headers=sent) if method in {"GET", "HEAD"} else send(address, body, "json", headers=sent)

    def data(self, method, path, body=None, *, status=200, **more):
        """Ask, and return the data of an answer with `status`."""
        answer = self.ask(method, path, body, **more)
        assert answer.status_code == status, answer.content
        whole = answer.json()
        assert whole["success"] is True
        return whole["data"]

    def refusal(self, method, path, body=None, *, status, **more):
        """Ask, and return the error of an answer with `status`."""
        answer = self.ask(method, path, body, **more)
        assert answer.status_code == status, answer.content
        whole = answer.json()
        assert whole["success"] is False
        assert whole["error"]["requestId"] == answer["X-Request-Id"]
        return whole["error"]


@pytest.fixture
def calling():
    """Ask as somebody."""
    return Caller


@pytest.fixture
def oscar(db):
    """Starts executions, and controls only his own."""
    return factories.person("oscar", Role.OPERATOR)
