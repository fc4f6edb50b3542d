"""Refusals, redirects and services run from pages."""

import pytest
from django.contrib.messages import get_messages

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.console.urls_for_tests")]


@pytest.mark.parametrize(
    ("what", "status", "sentence"),
    [
        ("404", 404, "There is no such plan."),
        ("403", 403, "This needs the permission drs:ExecuteRecovery."),
        ("409", 409, "Finance ledger is already running."),
    ],
)
def test_a_refusal_that_no_page_expected_is_a_page_with_its_sentence(client, what, status, sentence):
    response = client.get(f"/refuse/{what}")
    assert response.status_code == status
    assert sentence in response.content.decode()


def test_a_refusal_lists_its_problems(client):
    page = client.get("/refuse/problems").content.decode()
    assert "<li>redis-01 is stalled</li><li>mq-01 is gone</li>" in page


def test_an_error_that_is_no_refusal_is_not_hidden(client):
    with pytest.raises(KeyError):
        client.get("/refuse/unknown")


def test_a_service_that_succeeds_is_flashed_and_followed(client):
    response = client.post("/act/well")
    assert response.status_code == 302
    assert response["Location"] == "/done"
    assert [(str(m), m.level_tag) for m in get_messages(response.wsgi_request)] == [("Ledger started.", "success")]


def test_a_service_that_refuses_is_flashed_and_the_person_comes_back(client):
    response = client.post("/act/409")
    assert response["Location"] == "/act/409"
    messages = [(str(m), m.level_tag) for m in get_messages(response.wsgi_request)]
    assert messages == [("Finance ledger is already running.", "error")]


def test_htmx_is_told_where_to_go_by_header(client):
    response = client.get("/go", headers={"HX-Request": "true"})
    assert (response.status_code, response["HX-Redirect"]) == (204, "/elsewhere")


def test_a_poll_after_the_session_ended_leads_to_sign_in_and_back_to_the_page_not_to_its_fragment(client):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/executions/7/"}
    response = client.get("/private", headers=headers)
    assert response["HX-Redirect"] == "/account/sign-in?next=/executions/7/"


def test_a_poll_without_news_says_what_was_never_heard(client):
    response = client.get("/poll")
    assert (response.status_code, response["X-Asked-At"], response["X-Worker-Beat-At"]) == (204, "", "")
    assert response["X-Server-Now"]


def test_the_style_guide_is_for_staff(client, django_user_model):
    vera = django_user_model.objects.create_user("vera")
    client.force_login(vera)
    assert client.get("/styleguide/").status_code == 403
    vera.is_staff = True
    vera.save()
    assert client.get("/styleguide/").status_code == 200
