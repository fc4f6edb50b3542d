"""The first administrator: one command, recorded, and nobody by default."""

import sys
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from drsorch.access import policy
from drsorch.access.models import User
from drsorch.access.requests import actor_named
from drsorch.audit.models import AuditEvent

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def create(monkeypatch):
    """Run the command with a password on standard input."""

    def run(*arguments, password=PASSWORD):
        monkeypatch.setattr(sys, "stdin", StringIO(f"{password}\n"))
        out = StringIO()
        call_command("create_administrator", *arguments, stdout=out)
        return out.getvalue()

    return run


def test_nobody_exists_in_a_new_installation():
    assert not User.objects.exists()


def test_the_administrator_can_sign_in_and_do_everything_and_it_is_recorded(create, client):
    assert create("ada", "--email", "ada@example.com") == "ada is an administrator and can sign in.\n"

    person = User.objects.get()
    assert (person.email, person.is_staff, person.is_superuser) == ("ada@example.com", True, False)
    assert policy.is_administrator(actor_named("ada"))
    answer = client.post("/account/sign-in", {"username": "ada", "password": PASSWORD, "next": "/admin/"}, follow=True)
    assert answer.status_code == 200
    event = AuditEvent.objects.get(action="create_administrator")
    assert (event.source, event.object_name, event.detail) == ("CLI", "ada", {"another": False})
    assert event.actor.endswith(" on the host")


def test_a_second_one_has_to_be_asked_for(create):
    create("ada")
    with pytest.raises(CommandError, match="There is an administrator already: ada"):
        create("eve")
    create("bea", "--another")

    assert set(User.objects.values_list("username", flat=True)) == {"ada", "bea"}


def test_an_administrator_who_left_does_not_count(create):
    create("ada")
    User.objects.update(is_active=False)

    assert create("bea") == "bea is an administrator and can sign in.\n"
    assert list(User.objects.order_by("pk").values_list("username", "is_active")) == [("ada", False), ("bea", True)]
    assert policy.is_administrator(actor_named("bea"))


@pytest.mark.parametrize(
    ("arguments", "password", "sentence"),
    [
        (("ada",), "short", "The password is refused"),
        (("ada",), "", "The password is refused"),
        (("no spaces allowed",), PASSWORD, "Username"),
        (("ada", "--email", "nonsense"), PASSWORD, "valid email"),
    ],
)
def test_what_is_wrong_is_a_sentence_and_creates_nobody(create, arguments, password, sentence):
    with pytest.raises(CommandError, match=sentence):
        create(*arguments, password=password)
    assert not User.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_name_that_is_taken_is_refused_even_when_another_is_asked_for(create):
    create("ada")
    with pytest.raises(CommandError, match="There is a person named ada already"):
        create("ada", "--another")
