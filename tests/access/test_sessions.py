"""How long a session lasts, and what keeps it alive."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from drsorch.access.sessions import BEGUN, SEEN
from drsorch.access.tasks import forget_ended_sessions
from drsorch.audit.models import AuditEvent

pytestmark = pytest.mark.django_db
MINUTE, HOUR = 60, 3600
HTMX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_CURRENT_URL": "http://testserver/plans/?q=a"}
POLL = "/account/session"


@pytest.fixture
def signed_in(olga, client):
    client.force_login(olga.user)
    return client


def pass_time(client, seconds, *names):
    """Let the session be older."""
    session = client.session
    for name in names or (BEGUN, SEEN):
        session[name] -= seconds
    session.save()


def left(answer):
    return [int(seconds) for seconds in answer.headers["X-Session-Seconds"].split()]


def test_a_page_says_how_long_the_session_lasts(signed_in):
    pass_time(signed_in, 10 * MINUTE)

    idle, longest = left(signed_in.get("/plans/"))

    assert 45 * MINUTE - 5 <= idle <= 45 * MINUTE
    assert 12 * HOUR - 10 * MINUTE - 5 <= longest <= 12 * HOUR - 10 * MINUTE


def test_it_ends_after_45_minutes_without_activity(signed_in):
    pass_time(signed_in, 44 * MINUTE)
    assert signed_in.get("/plans/").status_code == 200
    pass_time(signed_in, 45 * MINUTE)

    answer = signed_in.get("/plans/", follow=True)

    assert answer.redirect_chain == [("/account/sign-in?next=/plans/", 302)]
    assert "You were signed out, because nothing was done for 45 minutes." in answer.content.decode()
    assert "X-Session-Seconds" not in answer.headers


def test_it_ends_after_12_hours_whatever_was_done(signed_in):
    pass_time(signed_in, 12 * HOUR, BEGUN)

    answer = signed_in.get("/plans/", follow=True)

    assert "You were signed out, because a session lasts 12 hours." in answer.content.decode()


def test_its_end_is_evidence_and_leaves_nothing_behind(signed_in):
    key = signed_in.session.session_key
    pass_time(signed_in, HOUR)
    signed_in.get("/plans/")

    event = AuditEvent.objects.get()
    assert (event.action, event.actor, event.detail) == ("sign_out", "olga", {"why": "idle"})
    assert not Session.objects.filter(session_key=key).exists()


def test_what_pages_ask_on_their_own_keeps_nobody_signed_in(signed_in):
    pass_time(signed_in, 30 * MINUTE)

    assert left(signed_in.get(POLL))[0] <= 15 * MINUTE
    pass_time(signed_in, 15 * MINUTE)

    answer = signed_in.get(POLL, **HTMX)
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"] == "/account/sign-in?next=/plans/%3Fq%3Da"


def test_the_live_page_of_an_execution_is_such_a_poll(signed_in):
    pass_time(signed_in, 30 * MINUTE)

    answer = signed_in.get("/executions/00000000-0000-0000-0000-000000000000/live", **HTMX)

    assert answer.status_code == 404
    assert left(answer)[0] <= 15 * MINUTE


def test_asking_to_stay_is_activity(signed_in):
    pass_time(signed_in, 44 * MINUTE)

    assert signed_in.get("/account/session/stay").status_code == 204

    assert left(signed_in.get(POLL))[0] > 44 * MINUTE


def test_a_form_that_comes_after_the_end_changes_nothing(signed_in):
    pass_time(signed_in, HOUR)

    answer = signed_in.post("/account/tokens", {"name": "late", "scopes": ["drs:ViewResources"], "days": 1})

    assert answer.headers["Location"].startswith("/account/sign-in")
    assert not AuditEvent.objects.filter(action="issue_token").exists()


def test_not_every_page_writes_the_session(signed_in, django_assert_num_queries):
    signed_in.get(POLL)
    with django_assert_num_queries(2):  # the session and the person
        signed_in.get("/account/session/stay")


def test_signing_in_again_begins_the_time_anew(signed_in, olga):
    pass_time(signed_in, 11 * HOUR)
    signed_in.force_login(olga.user)

    assert min(left(signed_in.get(POLL))) > 44 * MINUTE


def test_a_session_of_unknown_age_is_over(signed_in):
    session = signed_in.session
    del session[BEGUN]
    session.save()

    assert signed_in.get("/plans/").status_code == 302


def test_who_is_not_signed_in_is_told_nothing(client, db):
    assert "X-Session-Seconds" not in client.get("/account/sign-in").headers


def test_ended_sessions_are_deleted(signed_in):
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))

    forget_ended_sessions()

    assert not Session.objects.exists()
