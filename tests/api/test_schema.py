"""The OpenAPI document tells the truth, and Swagger's page shows it."""

import re

import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema

from drsorch.api.docs import document as made
from drsorch.api.endpoint import Endpoint
from tests.api.routes import ROUTES, SHOWN
from tests.api.test_guide import GUIDE

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


KINDS = {"string": str, "boolean": bool, "integer": int, "number": (int, float), "object": dict}


def fits(value, schema, components):
    """Say whether an example has exactly the members, and the kinds of values, that its schema has."""
    if "$ref" in schema:
        return fits(value, components[schema["$ref"].rpartition("/")[2]], components)
    if value is None:
        return schema.get("nullable", False)
    if "allOf" in schema:
        return all(fits(value, each, components) for each in schema["allOf"])
    if "properties" in schema:
        parts = schema["properties"]
        return value.keys() == parts.keys() and all(fits(value[name], parts[name], components) for name in parts)
    if "items" in schema:
        return isinstance(value, list) and all(fits(each, schema["items"], components) for each in value)
    return value in schema.get("enum", [value]) and isinstance(value, KINDS.get(schema.get("type"), object))


def test_every_operation_with_an_answer_has_an_example_of_it_member_by_member(document):
    for name, operation in operations(document).items():
        for status, answer in operation["responses"].items():
            if status.startswith("2") and status != "204":
                content = answer["content"]["application/json"]
                examples = [example["value"] for example in content["examples"].values()]
                assert examples, name
                for example in examples:
                    assert fits(example, content["schema"], document["components"]["schemas"]), name


def test_every_error_has_examples_and_a_conflict_one_for_each_of_its_codes(document):
    specs = {f"{route.method} /api/v1{route.pattern}": route.spec for route in ROUTES}
    codes = set()
    for name, operation in operations(document).items():
        spec = specs[re.sub(r"{\w+_id}", lambda found: "{" + SHOWN[found[0][1:-1]] + "}", name)]
        for status, answer in operation["responses"].items():
            if status.startswith(("4", "5")):
                examples = answer["content"]["application/json"]["examples"].values()
                found = [example["value"]["error"] for example in examples]
                assert found, (name, status)
                assert all(error.keys() == {"code", "message", "details", "requestId"} for error in found), name
                if status == "409" and spec.conflicts:
                    assert {error["code"] for error in found} == set(spec.conflicts), name
                codes |= {error["code"] for error in found}
    assert codes <= documented_codes()


def documented_codes():
    """The codes that the guide lists."""
    table = GUIDE.read_text(encoding="utf-8").partition("| status | codes |")[2].partition("\n\n")[0]
    return set(re.findall(r"`([A-Z_]{5,})`", table))


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
