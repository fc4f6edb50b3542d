"""Local passwords: only while they are allowed, and only so many wrong ones."""

from datetime import timedelta
from io import StringIO

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db.models import F

from drsorch.access.models import User
from drsorch.audit.models import AuditEvent, Outcome

pytestmark = pytest.mark.django_db
PAGE = "/account/sign-in"
RIGHT = {"username": "olga", "password": "a-long-password"}
WRONG = RIGHT | {"password": "wrong"}


@pytest.fixture
def production(settings):
    """What counts in production without the emergency."""
    settings.LOCAL_SIGN_IN = False


@pytest.fixture
def emergency(settings):
    """Production while BREAK_GLASS=1."""
    settings.LOCAL_SIGN_IN = settings.BREAK_GLASS = True


def try_wrong(client, times, **extra):
    return [client.post(PAGE, WRONG, **extra).status_code for _ in range(times)]


def test_in_production_passwords_are_neither_asked_for_nor_accepted(production, olga, client):
    page = client.get(PAGE).content.decode()
    assert 'type="password"' not in page
    assert "Nobody can sign in: this installation has no identity provider." in page

    assert client.post(PAGE, RIGHT).status_code == 403

    assert "_auth_user_id" not in client.session
    event = AuditEvent.objects.get()
    assert (event.action, event.outcome, event.detail["reason"]) == ("sign_in", Outcome.DENIED, "passwords are off")


def test_in_production_no_other_door_finds_a_password_right(production, olga, rf, settings):
    request = rf.post("/another/door")
    assert authenticate(request, username="olga", password="a-long-password") is None

    settings.LOCAL_SIGN_IN = True
    assert authenticate(request, username="olga", password="a-long-password") == olga.user


def test_in_an_emergency_they_are_and_the_evidence_says_so(emergency, olga, client):
    assert "because BREAK_GLASS=1" in client.get(PAGE).content.decode()

    assert client.post(PAGE, RIGHT).status_code == 302

    event = AuditEvent.objects.get()
    assert (event.action, event.actor, event.object_name) == ("sign_in", "olga", "olga")
    assert event.detail == {"how": "password", "break_glass": True}


def test_when_the_emergency_is_over_its_sessions_are(emergency, olga, client, settings):
    client.post(PAGE, RIGHT)
    settings.LOCAL_SIGN_IN = False

    assert client.get("/plans/").headers["Location"].startswith(PAGE)


def test_a_sign_in_gives_the_session_a_new_key(olga, client):
    session = client.session
    session["before"] = "kept"
    session.save()

    client.post(PAGE, RIGHT)

    assert client.session.session_key != session.session_key
    assert not type(session)(session.session_key).exists(session.session_key)


def test_after_five_wrong_passwords_the_right_one_is_refused_too(olga, client):
    assert try_wrong(client, 5) == [200, 200, 200, 200, 429]

    answer = client.post(PAGE, RIGHT)

    assert answer.status_code == 429
    assert "5 wrong passwords came from your address. Wait 15 minutes." in answer.content.decode()
    reasons = AuditEvent.objects.order_by("pk").values_list("detail__reason", flat=True)
    assert list(reasons) == ["wrong"] * 4 + ["locked out"] * 2


def test_changing_the_name_does_not_help_and_others_are_not_locked_out(olga, client):
    for number in range(5):
        client.post(PAGE, {"username": f"guess-{number}", "password": "wrong"})

    assert client.post(PAGE, RIGHT).status_code == 429
    assert client.post(PAGE, RIGHT, REMOTE_ADDR="192.0.2.7").status_code == 302


def test_the_lock_ends_after_a_quarter_of_an_hour_or_by_command(olga, client):
    try_wrong(client, 5)
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=16))
    assert client.post(PAGE, RIGHT).status_code == 302

    client.logout()
    try_wrong(client, 5)
    call_command("axes_reset", stdout=StringIO())
    assert client.post(PAGE, RIGHT).status_code == 302


def test_whoever_ends_a_lock_is_in_the_evidence(olga, client):
    for address in ("192.0.2.7", "2001:db8::7"):
        try_wrong(client, 5, REMOTE_ADDR=address)
    events = AuditEvent.objects.filter(action="lift_lockouts")

    assert ended("192.0.2.8") == "Nobody is locked out.\n"
    assert not events.exists()
    assert ended("2001:db8::99") == "Passwords may be tried again from 2001:db8::.\n"
    assert client.post(PAGE, RIGHT, REMOTE_ADDR="192.0.2.7").status_code == 429
    assert ended() == "Passwords may be tried again from 192.0.2.7.\n"
    assert client.post(PAGE, RIGHT, REMOTE_ADDR="192.0.2.7").status_code == 302

    assert [event.before for event in events] == [
        {"addresses": ["192.0.2.7"], "failures": 6},
        {"addresses": ["2001:db8::"], "failures": 5},
    ]
    assert events[0].actor.endswith(" on the host")
    with pytest.raises(CommandError, match="'olga' is no address"):
        ended("olga")


def ended(*addresses):
    """What the command says."""
    out = StringIO()
    call_command("axes_reset", *addresses, stdout=out)
    return out.getvalue()


REFUSED = {
    "createsuperuser": ["--noinput", "--username", "root"],
    "changepassword": ["olga"],
    "axes_reset_ip": ["192.0.2.7"],
    "axes_reset_username": ["olga"],
    "axes_reset_ip_username": ["192.0.2.7", "olga"],
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_change_people_or_locks_without_evidence_is_refused(olga, client, name):
    try_wrong(client, 1)
    before = list(User.objects.values_list("pk", "password"))

    with pytest.raises(CommandError, match=r"manage\.py (create_administrator|axes_reset)"):
        call_command(name, *REFUSED[name])

    assert list(User.objects.values_list("pk", "password")) == before
    assert AccessAttempt.objects.count() == 1


def test_the_address_behind_trusted_proxies_counts_and_nothing_that_was_made_up(olga, client, settings):
    settings.TRUSTED_PROXIES = 1
    forged = [f"198.51.100.{number}, 192.0.2.7" for number in range(5)]
    for forwarded in forged:
        client.post(PAGE, WRONG, HTTP_X_FORWARDED_FOR=forwarded)

    assert client.post(PAGE, RIGHT, HTTP_X_FORWARDED_FOR="198.51.100.9, 192.0.2.7").status_code == 429
    assert client.post(PAGE, RIGHT, HTTP_X_FORWARDED_FOR="192.0.2.8").status_code == 302


def test_what_was_typed_is_kept_nowhere(olga, client):
    client.post(PAGE, {"username": "canary-password-as-name", "password": "canary-password"})
    client.post(PAGE, WRONG)

    kept = [*AccessAttempt.objects.values(), *AuditEvent.objects.values()]
    assert "canary" not in str(kept)
    assert list(AuditEvent.objects.order_by("pk").values_list("object_name", flat=True)) == ["", "olga"]


def test_signing_out_is_evidence(olga, client):
    client.post(PAGE, RIGHT)
    client.post("/account/sign-out")

    event = AuditEvent.objects.order_by("pk").last()
    assert (event.action, event.actor, event.detail) == ("sign_out", "olga", {"why": "asked"})
