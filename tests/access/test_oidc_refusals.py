"""Whatever is wrong with an answer of the provider: a page that says so, nobody signed in, and evidence of it."""

import logging
import time

import pytest
from django.test import Client

from drsorch.access.models import User
from drsorch.access.oidc import provider as oidc_provider
from drsorch.audit.models import AuditEvent, Outcome
from tests.access.provider_fixtures import CALLBACK, VERA

pytestmark = pytest.mark.django_db
HOUR = 3600
LONG_AGO = {"iat": 1_700_000_000, "exp": 1_700_003_600}


def assert_refused(client, answer, reason, *, status=401, outcome=Outcome.DENIED):
    assert answer.status_code == status
    assert "You are not signed in" in answer.content.decode()
    assert "_auth_user_id" not in client.session
    event = AuditEvent.objects.exclude(outcome=Outcome.ALLOWED).get()
    assert (event.action, event.object_name) == ("sign_in", "")
    assert (event.outcome, event.detail["how"]) == (outcome, "provider")
    assert event.detail["reason"] == reason


# What the provider is told to do, and the reason that is written down.
TOKENS = {
    "of another provider": ({"claims": {"iss": "https://evil.example.com"}}, "ID token: issuer"),
    "without issuer": ({"claims": {"iss": None}}, "ID token: incomplete"),
    "for another client": ({"claims": {"aud": "another"}}, "ID token: audience"),
    "for nobody in particular": ({"claims": {"aud": None}}, "ID token: incomplete"),
    "for several, asked for by another": (
        {"claims": {"aud": ["drsorch", "another"], "azp": "another"}},
        "ID token: authorized party",
    ),
    "for several, asked for by nobody": ({"claims": {"aud": ["drsorch", "another"]}}, "ID token: authorized party"),
    "that has expired": ({"claims": LONG_AGO}, "ID token: expired"),
    "that never expires": ({"claims": {"exp": None}}, "ID token: incomplete"),
    "of tomorrow": ({"claims": {"iat": 32_503_680_000, "exp": 32_503_683_600}}, "ID token: not valid yet"),
    "with another nonce": ({"claims": {"nonce": "x" * 32}}, "ID token: nonce"),
    "without nonce": ({"claims": {"nonce": None}}, "ID token: nonce"),
    "that is an access token": ({"claims": {"token_use": "access"}}, "ID token: use"),
    "without subject": ({"claims": {"sub": None}}, "ID token: incomplete"),
    "with an empty subject": ({"claims": {"sub": ""}}, "ID token: subject"),
    "by a foreign key of a known name": ({"key": "foreign"}, "ID token: signature"),
    "by a key that is not published": ({"key": "foreign", "kid": "theirs"}, "ID token: key"),
    "that is not signed": ({"alg": "none"}, "ID token: algorithm"),
    "that is signed with a shared secret": ({"alg": "HS256"}, "ID token: algorithm"),
    "that was changed after it was signed": ({"tamper": {"email": "ada@example.com"}}, "ID token: signature"),
}


@pytest.mark.parametrize(("token", "reason"), TOKENS.values(), ids=TOKENS)
def test_an_id_token_is_refused(op, client, token, reason):
    op.tell(idToken=token)

    assert_refused(client, op.sign_in(client), reason)


PEOPLE = {
    "without address": ({"email": None}, "no e-mail"),
    "with something that is no address": ({"email": "vera"}, "no e-mail"),
    "whose address is not verified": ({"email_verified": False}, "e-mail not verified"),
    "of whose address nothing is said": ({"email_verified": None}, "e-mail not verified"),
    "without groups": ({"groups": None}, "no role"),
    "with an empty list of groups": ({"groups": []}, "no role"),
    "with unknown groups": ({"groups": ["Cooks", "drsreadonly", "DRSAuditor"]}, "no role"),
    "with groups that are no list": ({"groups": "DRSReadOnly"}, "groups malformed"),
    "with groups that are no names": ({"groups": [{"name": "DRSReadOnly"}]}, "groups malformed"),
}


@pytest.mark.parametrize(("claims", "reason"), PEOPLE.values(), ids=PEOPLE)
def test_somebody_is_refused_and_not_added(op, client, claims, reason):
    op.tell(claims={name: value for name, value in (VERA | claims).items() if value is not None})

    assert_refused(client, op.sign_in(client), reason)
    assert not User.objects.exists()


def test_what_is_told_about_another_subject_is_refused(op, client):
    op.tell(userinfo={"sub": "somebody-else"})

    assert_refused(client, op.sign_in(client), "userinfo: subject")


ANSWERS = {
    "with another state": ({"state": "x" * 32}, "state"),
    "without state": ({"state": None}, "state"),
    "without code": ({"code": None}, "no code"),
    "with an empty code": ({"code": ""}, "no code"),
    "with a code that the provider never gave": ({"code": "x" * 43}, "code"),
    "of another provider": ({"iss": "https://evil.example.com"}, "issuer of the answer"),
    "that is an error": ({"error": "access_denied"}, "provider: access_denied"),
    "that is an error nobody knows": ({"error": "<b>Call 555</b>"}, "provider: an error"),
}


@pytest.mark.parametrize(("changes", "reason"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_is_refused(op, client, changes, reason):
    answer = op.sign_in(client, **changes)

    assert_refused(client, answer, reason)
    assert "555" not in answer.content.decode()


def test_the_provider_s_own_refusal_is_shown(op, client):
    op.tell(refuses="access_denied")

    assert_refused(client, op.sign_in(client), "provider: access_denied")


def test_an_answer_is_good_once(op, client):
    begun = client.get("/account/oidc/begin")
    answer = op.visit(begun.headers["Location"])
    assert client.get(CALLBACK, answer).status_code == 302
    client.logout()

    assert_refused(client, client.get(CALLBACK, answer), "state")


def test_an_answer_that_was_refused_is_good_no_more(op, client):
    answer = op.visit(client.get("/account/oidc/begin").headers["Location"])

    for changes in ({"iss": "https://evil.example.com"}, {}):
        assert client.get(CALLBACK, answer | changes).status_code == 401

    reasons = AuditEvent.objects.order_by("pk").values_list("detail__reason", flat=True)
    assert list(reasons) == ["issuer of the answer", "state"]
    assert "_auth_user_id" not in client.session


def test_a_code_is_good_once_also_with_another_state(op, client):
    first = op.visit(client.get("/account/oidc/begin").headers["Location"])
    assert client.get(CALLBACK, first).status_code == 302
    client.logout()

    assert_refused(client, op.sign_in(client, code=first["code"]), "code")


def test_an_answer_that_was_meant_for_another_browser_is_refused(op, client):
    theirs = op.visit(Client().get("/account/oidc/begin").headers["Location"])

    assert_refused(client, client.get(CALLBACK, theirs), "state")


def test_the_provider_refuses_a_code_without_its_verifier(op, client):
    begun = client.get("/account/oidc/begin")
    session = client.session
    for state in session["oidc_states"].values():
        state["code_verifier"] = "x" * 64
    session.save()

    assert_refused(client, client.get(CALLBACK, op.visit(begun.headers["Location"])), "code")


def test_a_sign_in_that_took_too_long_is_refused(op, client):
    begun = client.get("/account/oidc/begin")
    session = client.session
    for state in session["oidc_states"].values():
        state["added_on"] = time.time() - HOUR
    session.save()

    assert_refused(client, client.get(CALLBACK, op.visit(begun.headers["Location"])), "late")


# What the provider is told to do, and what of it is written down.
FAILURES = {
    "answers 500": ({"answer": {"/token": {"status": 500, "body": {"error": "server_error"}}}}, "answered 500"),
    "answers with a page": (
        {"answer": {"/token": {"status": 200, "body": "<html>"}}},
        "answered 200 without a JSON object",
    ),
    "answers with a list": ({"answer": {"/token": {"status": 200, "body": [1]}}}, "answered 200 without a JSON object"),
    "does not know us": ({"answer": {"/token": {"status": 401, "body": {"error": "invalid_client"}}}}, "this client"),
    "redirects the code elsewhere": (
        {"answer": {"/token": {"status": 307, "body": {}, "headers": {"Location": "/elsewhere"}}}},
        "answered 307",
    ),
    "answers without end": ({"answer": {"/token": {"status": 200, "body": {"x": "y" * 400_000}}}}, "too much"),
    "does not tell about the person": ({"answer": {"/me": {"status": 503, "body": {}}}}, "answered 503"),
    "has keys that are no list": ({"answer": {"/jwks": {"status": 200, "body": {"keys": 1}}}}, "list of keys"),
    "publishes no keys": ({"answer": {"/jwks": {"status": 404, "body": {}}}}, "answered 404"),
}


@pytest.mark.parametrize(("told", "what"), FAILURES.values(), ids=FAILURES)
def test_a_provider_that_fails_gives_a_page(op, client, told, what):
    op.tell(**told)

    answer = op.sign_in(client)

    reason = AuditEvent.objects.get().detail["reason"]
    assert what in reason
    assert_refused(client, answer, reason, status=503, outcome=Outcome.FAILED)
    assert not User.objects.exists()


def test_a_provider_that_answers_too_slowly_gives_a_page(op, client, settings):
    answer = op.visit(client.get("/account/oidc/begin").headers["Location"])
    settings.OIDC_TIMEOUT_SECONDS = 0.3
    op.tell(slow="/token")

    assert_refused(client, client.get(CALLBACK, answer), "ReadTimeout", status=503, outcome=Outcome.FAILED)


def test_a_provider_that_answers_drop_by_drop_gives_a_page(op, client, settings):
    answer = op.visit(client.get("/account/oidc/begin").headers["Location"])
    settings.OIDC_TIMEOUT_SECONDS = 0.3
    op.tell(drips="/token")

    assert_refused(client, client.get(CALLBACK, answer), "answered too slowly", status=503, outcome=Outcome.FAILED)


def test_a_provider_without_an_id_token_signs_nobody_in(op, client):
    op.tell(noIdToken=True)

    assert_refused(client, op.sign_in(client), "ID token: missing")


def test_a_provider_that_is_down_gives_a_page_at_the_beginning(op, client, settings):
    settings.OIDC_ISSUER = "http://127.0.0.1:9"
    settings.OIDC_DISCOVERY_URL = "http://127.0.0.1:9/.well-known/openid-configuration"

    answer = client.get("/account/oidc/begin")

    assert_refused(client, answer, "ConnectionError", status=503, outcome=Outcome.FAILED)


def test_a_provider_that_went_down_on_the_way_gives_a_page(op, client):
    begun = client.get("/account/oidc/begin")
    answer = op.visit(begun.headers["Location"])
    oidc_provider.forget()
    op.tell(answer={"/.well-known/openid-configuration": {"status": 502, "body": "down"}})

    assert_refused(
        client, client.get(CALLBACK, answer), "answered 502 without a JSON object", status=503, outcome=Outcome.FAILED
    )


DESCRIPTIONS = {
    "is somebody else": ({"issuer": "https://evil.example.com"}, {}),
    "has an endpoint that is no address": ({"token_endpoint": "ftp://files"}, {}),
    "has an endpoint without TLS, in production": ({}, {"PRACTICE": False}),
}


@pytest.mark.parametrize(("said", "changes"), DESCRIPTIONS.values(), ids=DESCRIPTIONS)
def test_a_provider_is_not_believed_that(op, client, settings, said, changes):
    op.tell(description=said)
    for name, value in changes.items():
        setattr(settings, name, value)

    assert client.get("/account/oidc/begin").status_code == 503


def test_without_a_provider_there_is_nothing_to_begin(client):
    assert client.get("/account/oidc/begin").status_code == 401
    assert client.get(CALLBACK, {"code": "x", "state": "y"}).status_code == 401


def test_neither_code_nor_state_get_into_the_log(op, client, caplog):
    with caplog.at_level(logging.INFO):
        op.sign_in(client, iss="https://evil.example.com", code="a-code-that-is-secret")

    assert "A sign-in was refused: issuer of the answer" in caplog.text
    assert "a-code-that-is-secret" not in caplog.text
