"""Who may come at all: networks, origins, and the true address behind proxies."""

import pytest

from drsorch.api.middleware import is_allowed
from drsorch.audit.models import AuditEvent
from tests import factories

pytestmark = pytest.mark.django_db
PAGE = "https://portal.example"


def test_networks_that_are_not_allowed_get_nothing_of_the_whole_site(client, settings):
    settings.ALLOWED_CIDRS = ["10.0.0.0/8"]

    api, page = client.get("/api/v1/health"), client.get("/account/sign-in")

    assert (api.status_code, api.json()["error"]["code"]) == (403, "FORBIDDEN")
    assert page.status_code == 403
    assert client.get("/api/v1/health", REMOTE_ADDR="10.1.2.3").status_code == 200
    assert client.get("/api/v1/health", REMOTE_ADDR="::ffff:10.1.2.3").status_code == 200
    assert client.get("/api/v1/health", REMOTE_ADDR="nonsense").status_code == 403


def test_what_a_client_says_of_its_address_counts_only_behind_our_own_proxies(client, settings):
    settings.ALLOWED_CIDRS = ["10.0.0.0/8"]
    forged = {"X-Forwarded-For": "10.0.0.1"}

    assert client.get("/api/v1/health", headers=forged).status_code == 403
    settings.TRUSTED_PROXIES = 1
    assert client.get("/api/v1/health", headers=forged).status_code == 200
    through = {"X-Forwarded-For": "10.0.0.1, 203.0.113.9"}
    assert client.get("/api/v1/health", headers=through).status_code == 403


def test_the_true_address_is_in_the_audit_trail(calling, ada, place, settings):
    settings.TRUSTED_PROXIES = 1

    calling(ada).data("POST", "/drs/sync", status=202, headers={"X-Forwarded-For": "198.51.100.7"})

    assert AuditEvent.objects.get(action="request_sync").address == "198.51.100.7"


@pytest.mark.parametrize(("address", "is_in"), [("2001:db8::1", True), ("2001:db9::1", False), ("10.0.0.1", False)])
def test_networks_of_both_families(address, is_in):
    assert is_allowed(address, ("2001:db8::/32",)) is is_in


def test_a_page_of_an_allowed_origin_may_read_answers_with_a_token(calling, settings):
    settings.API_ALLOWED_ORIGINS = [PAGE]
    asked = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}

    first = calling().ask("OPTIONS", "/executions", headers=asked)
    answer = calling().ask("GET", "/executions", headers={"Origin": PAGE})

    assert (first.status_code, first["Access-Control-Allow-Origin"]) == (204, PAGE)
    assert "Authorization" in first["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in first
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (401, PAGE)
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Origin" in answer["Vary"]


def test_other_origins_and_other_paths_stay_closed(calling, client, settings):
    settings.API_ALLOWED_ORIGINS = [PAGE]
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}

    assert "Access-Control-Allow-Origin" not in calling().ask("OPTIONS", "/executions", headers=asked)
    assert "Access-Control-Allow-Origin" not in calling().ask("GET", "/health", headers={"Origin": "null"})
    assert "Access-Control-Allow-Origin" not in client.get("/account/sign-in", headers={"Origin": PAGE})


def test_everything_of_one_request_has_its_id(calling, ada, place):
    answer = calling(ada).ask("POST", "/drs/sync", {"accountId": factories.TARGET})

    assert answer.json()["data"] == {"regions": 2}
    assert AuditEvent.objects.get(action="request_sync").request_id == answer["X-Request-Id"]
