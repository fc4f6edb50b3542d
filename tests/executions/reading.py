"""Read the pages of an execution: as a browser gets them, and as the read model behind them."""

from html import unescape

from django.db import connection
from django.test.utils import CaptureQueriesContext

from executions.models import Execution
from executions.page import ExecutionPage


def sign_in(client, actor):
    """The client, with `actor` signed in."""
    client.force_login(actor.user)
    return client


def text_of(client, actor, execution):
    """The execution page as text, as a browser would show it to `actor` in one line."""
    html = sign_in(client, actor).get(execution.get_absolute_url()).content.decode()
    return " ".join(unescape(html).split())


def page(execution, actor):
    """What the execution page shows to `actor`."""
    return ExecutionPage(Execution.objects.for_detail().get(pk=execution.pk), actor)


def queries_of(client, address, **headers):
    """How many queries a request takes."""
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(address, headers=headers)
    assert answer.status_code == 200
    return len(captured)
