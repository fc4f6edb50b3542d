"""One line for each request: who, what, how long; and no secret, wherever it was sent."""

import json
import logging
from datetime import timedelta

import pytest
from django.utils import timezone

from drsorch.access.roles import Permission
from drsorch.access.tokens import issue_token
from drsorch.logs import JsonFormatter, about, note, without_secrets

pytestmark = pytest.mark.django_db
CANARY = "canary-7f3a9c51d2"


@pytest.fixture
def lines(caplog):
    """What was logged since, as it is written; with `about`, only the lines about requests."""
    caplog.set_level(logging.INFO)

    def read(logger=""):
        written = [json.loads(JsonFormatter().format(record)) for record in caplog.records]
        return [line for line in written if line["logger"].startswith(logger)]

    return read


@pytest.fixture
def token(ada):
    """The text of a token of Ada."""
    scopes, until = [Permission.VIEW_RESOURCES], timezone.now() + timedelta(days=1)
    return issue_token(owner=ada.user, actor=ada, name="t", scopes=scopes, expires_at=until)


def test_a_request_of_somebody_signed_in_has_their_name(client, ada, lines):
    client.force_login(ada.user)
    response = client.get("/plans/?search=x", headers={"X-Request-Id": "given-by-a-proxy"})

    [line] = lines("drsorch.requests")
    assert line["level"] == "INFO"
    assert (line["method"], line["path"], line["status"], line["actor"]) == ("GET", "/plans/", 200, "ada")
    assert line["request_id"] == "given-by-a-proxy" == response["X-Request-Id"]
    assert line["duration_ms"] >= 0
    assert line["address"] == "127.0.0.1"


def test_a_request_with_a_token_names_its_owner_and_the_token(client, token, lines):
    row, text = token
    client.get("/api/v1/accounts", headers={"Authorization": f"Bearer {text}"})

    [line] = lines("drsorch.requests")
    assert (line["actor"], line["token_id"], line["status"]) == ("ada", row.pk, 200)


def test_a_wrong_token_is_nobodys_whatever_cookie_comes_with_it(client, ada, lines):
    client.force_login(ada.user)
    client.get("/api/v1/accounts", headers={"Authorization": "Bearer drs_1_x"})

    [line] = lines("drsorch.requests")
    assert (line["actor"], line["status"]) == ("anonymous", 401)


def test_a_stranger_is_anonymous_and_what_is_refused_has_a_line(client, settings, lines):
    client.get("/plans/")
    client.get("/nowhere")
    settings.ALLOWED_CIDRS = ["10.0.0.0/8"]
    client.get("/plans/")

    assert [(line["status"], line["actor"]) for line in lines("drsorch.requests")] == [
        (302, "anonymous"),
        (404, "anonymous"),
        (403, "anonymous"),
    ]


def test_a_failure_is_an_error_and_both_lines_have_the_request_s_id(client, ada, lines, monkeypatch):
    monkeypatch.setattr("plans.views.policy.scope", None)
    client.force_login(ada.user)
    client.raise_request_exception = False
    client.get("/plans/", headers={"X-Request-Id": "a-failing-request"})

    failed = [line for line in lines() if line["level"] == "ERROR"]
    assert {line["logger"] for line in failed} == {"django.request", "drsorch.requests"}
    assert {line["request_id"] for line in failed} == {"a-failing-request"}


def test_a_path_cannot_forge_a_line(client, ada, lines, caplog):
    client.force_login(ada.user)
    client.get("/plans/%0AERROR%20forged")

    assert lines("drsorch.requests")[-1]["path"] == "/plans/%0AERROR%20forged"
    assert all("\n" not in record.getMessage() for record in caplog.records if record.name == "drsorch.requests")


def test_no_secret_reaches_a_line_wherever_it_is_sent(client, ada, token, lines):
    secret = token[1]
    client.post("/account/sign-in", {"username": "ada", "password": CANARY})
    client.get(f"/account/sign-in?code={CANARY}&state={CANARY}&access_token={CANARY}")
    client.get("/api/v1/accounts", headers={"Authorization": f"Bearer {secret[:-1]}x", "Cookie": f"a={CANARY}"})
    client.get("/api/v1/accounts", headers={"Authorization": f"Bearer {secret}"})
    client.get(f"/{secret}")
    client.force_login(ada.user)
    client.post(
        "/api/v1/accounts",
        {"accountId": "1" * 12, "name": "x", "regions": ["us-east-1"], "externalId": CANARY},
        content_type="application/json",
    )
    cookie = client.cookies["drsorch_session"].value

    written = json.dumps(lines())
    assert len(lines("drsorch.requests")) == 6
    for hidden in (CANARY, secret.split("_", 2)[2][:30], cookie):
        assert hidden not in written


@pytest.mark.parametrize(
    "text",
    [
        f"token drs_17_{CANARY}-and-more was refused",
        f"Authorization: AWS4-HMAC-SHA256 Credential=AKIA/x, SignedHeaders=host, Signature={CANARY}",
        f"?X-Amz-Signature={CANARY}&x=1",
        f"?X-Amz-Security-Token={CANARY}&x=1",
        f"client_secret={CANARY}",
        f"'externalId': '{CANARY}'",
        f"ENCRYPTION_KEYS={CANARY}",
        f"postgres://drsorch:{CANARY}@db/drsorch",
        f"code_verifier={CANARY}",
        f"claims of eyJhbGciOi.{CANARY}.x",
        f"stored gAAAAABk{CANARY}==",
        f"sessionid={CANARY}; path=/",
        f'{{"password": "{CANARY}"}}',
    ],
)
def test_a_secret_is_known_by_its_name_or_its_shape(text):
    assert CANARY not in without_secrets(text)
    assert "[hidden]" in without_secrets(text)


def test_what_is_known_of_a_piece_of_work_is_in_the_lines_inside_it_only(lines):
    logger = logging.getLogger("a.b")
    with about(request_id="r-1"):
        note(actor="ada", secret=CANARY)
        with about(execution="e-1"):
            logger.info("inside", extra={"actor": "engine"})
        logger.info("between")
    note(actor="lost")
    logger.info("outside")

    inside, between, outside = lines("a.b")
    assert (inside["request_id"], inside["execution"], inside["actor"]) == ("r-1", "e-1", "engine")
    assert (between["request_id"], between["actor"], between["secret"]) == ("r-1", "ada", "[hidden]")
    assert "execution" not in between
    assert not {"request_id", "actor", "execution"} & outside.keys()
