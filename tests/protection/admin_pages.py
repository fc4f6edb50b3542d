"""The admin's pages of accounts and groups, and what an answer of theirs says."""

from django.contrib.messages import get_messages

ACCOUNTS = "/admin/protection/targetaccount/"
GROUPS = "/admin/protection/protectiongroup/"


def sentences(response):
    """The messages that the page shows."""
    return [str(message) for message in get_messages(response.wsgi_request)]


def errors(response):
    """What the form says is wrong."""
    form = response.context["adminform"].form
    return [sentence for found in form.errors.values() for sentence in found]
