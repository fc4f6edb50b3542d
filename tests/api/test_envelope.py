"""Every answer under /api/ has the envelope, also those that no view gives."""

import pytest
from django.test import Client
from django.urls import path

from drsorch.urls import urlpatterns as real

pytestmark = pytest.mark.django_db


def broken(request):
    raise RuntimeError("secret detail")


urlpatterns = [path("api/v1/broken", broken), *real]


def test_an_address_that_does_not_exist_is_a_404_in_the_envelope(client):
    for address in ("/api/v1/nowhere", "/api/", "/api/v2/executions", "/api/v1/executions/7", "/api/v1/executions/"):
        answer = client.get(address)
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "NOT_FOUND"
        assert answer["Content-Security-Policy"]


def test_what_nobody_expected_is_a_500_in_the_envelope_without_a_detail(settings, ada):
    settings.ROOT_URLCONF = __name__
    client = Client(raise_request_exception=False)
    client.force_login(ada.user)

    answer = client.get("/api/v1/broken")

    assert answer.status_code == 500
    error = answer.json()["error"]
    assert (error["code"], error["requestId"]) == ("INTERNAL_ERROR", answer["X-Request-Id"])
    assert "secret detail" not in answer.content.decode()


def test_a_host_that_is_not_ours_is_refused_in_the_envelope(client):
    answer = client.get("/api/v1/health", headers={"Host": "evil.example"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "VALIDATION_FAILED")


def test_a_method_that_the_address_does_not_take_is_a_405_that_names_the_others(calling, ada):
    answer = calling(ada).ask("PATCH", "/executions", {})

    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert set(answer["Allow"].split(", ")) >= {"GET", "POST", "DELETE"}


def test_pages_keep_their_own_errors(client):
    answer = client.get("/nowhere/")

    assert answer["Content-Type"].startswith("text/html")


def test_a_head_has_the_headers_of_a_get(calling, ada):
    answer = calling(ada).ask("HEAD", "/accounts")

    assert (answer.status_code, answer.content) == (200, b"")


def test_a_request_id_of_the_caller_is_kept_and_one_that_could_harm_is_not(client):
    kept = client.get("/api/v1/health", headers={"X-Request-Id": "caller-1234"})
    made = client.get("/api/v1/health", headers={"X-Request-Id": "<script>alert(1)</script>"})

    assert kept["X-Request-Id"] == "caller-1234"
    assert len(made["X-Request-Id"]) == 32
