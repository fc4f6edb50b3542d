"""The OpenAPI document tells the truth, and Swagger's page shows it."""

import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema

from drsorch.api.docs import document as made
from drsorch.api.endpoint import Endpoint
from tests.api.routes import ROUTES

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def document():
    """The document."""
    GENERATOR_STATS.reset()
    return made()


def operations(document):
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_it_is_valid_and_made_without_a_warning(document):
    validate_schema(document)
    assert not GENERATOR_STATS._warn_cache
    assert not GENERATOR_STATS._error_cache


def test_every_endpoint_is_declared_and_documented_with_its_answers(document):
    assert all(isinstance(route.spec, Endpoint) for route in ROUTES)
    found = operations(document)
    assert len(found) == len(ROUTES)
    for name, operation in found.items():
        assert operation["summary"], name
        assert operation["tags"], name
        answers = operation["responses"]
        assert {"400", "429", "500"} <= answers.keys(), name
        for status, answer in answers.items():
            if status != "204":
                schema = answer["content"]["application/json"]["schema"]
                assert schema["properties"]["success"]["enum"] == [int(status) < 400], (name, status)


def test_it_names_what_a_change_needs(document):
    found = operations(document)

    def needed(name):
        return {each["name"]: each.get("required", False) for each in found[name]["parameters"]}

    assert needed("PATCH /api/v1/protection-groups/{id}")["If-Match"] is True
    assert needed("POST /api/v1/executions")["Idempotency-Key"] is True
    assert needed("POST /api/v1/protection-groups")["Idempotency-Key"] is False
    assert needed("GET /api/v1/executions")["tag.KEY"] is False
    assert {"412", "428"} <= found["DELETE /api/v1/accounts/{account_id}"]["responses"].keys()


def test_its_examples_have_the_members_of_the_answers(document):
    examples = 0
    for name, operation in operations(document).items():
        for answer in operation["responses"].values():
            content = answer.get("content", {}).get("application/json", {})
            for example in content.get("examples", {}).values():
                examples += 1
                data = example["value"]["data"]
                schema = content["schema"]["properties"]["data"]
                if "items" in data:
                    data, schema = data["items"][0], schema["properties"]["items"]["items"]
                component = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
                assert data.keys() == component["properties"].keys(), name
    assert examples > 10


def test_the_document_is_for_those_who_are_signed_in(client, vera):
    refused = client.get("/api/v1/schema")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "UNAUTHENTICATED")

    client.force_login(vera.user)
    assert client.get("/api/v1/schema").json()["openapi"].startswith("3.")


def test_the_page_of_the_documentation_needs_nothing_that_the_policy_forbids(client, vera):
    assert client.get("/api/v1/docs").status_code == 302
    client.force_login(vera.user)

    page = client.get("/api/v1/docs")

    assert "script-src 'self'" in page["Content-Security-Policy"]
    assert "unsafe" not in page["Content-Security-Policy"]
    html = page.content.decode()
    assert html.count("<script src=") == html.count("<script") == 2
    assert "<style" not in html
