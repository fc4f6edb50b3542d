"""Bad input, for every endpoint there is: the documented code, and nothing is changed."""

import json
from urllib.parse import quote, unquote

import pytest
from django.urls import Resolver404, resolve

from drsorch.api import throttles
from drsorch.api.envelope import LARGEST_BODY
from drsorch.audit.models import AuditEvent
from protection.models import ProtectionGroup, TargetAccount
from protection.serializers.events import EventInput
from tests import factories
from tests.api.routes import ROUTES

pytestmark = pytest.mark.django_db
SIGNED_IN = [route for route in ROUTES if not route.spec.is_public]
WRITES = [route for route in SIGNED_IN if route.is_write]
# Events are checked by their service, which asks for a token before it looks at them: see test_events.
SHAPED = [route for route in WRITES if route.spec.body is not EventInput]
KEY = {"Idempotency-Key": "k"}


def send(ask, route, text, kind="application/json", *, path=None):
    """Send a raw body."""
    headers = {"If-Match": '"1"'} if route.spec.takes_version else {}
    address = f"/api/v1{path or route.path}"
    return ask.client.generic(route.method, address, text, kind, headers=headers | KEY)


def check(answer, route, *, status, code):
    """The answer is that error, in its envelope."""
    assert answer.status_code == status, (str(route), answer.content)
    whole = answer.json()
    assert (whole["success"], whole["error"]["code"]) == (False, code), (str(route), whole)
    assert whole["error"]["message"]
    return whole["error"]


def changes():
    """What would be different if something had been done."""
    return AuditEvent.objects.exclude(outcome="DENIED").count(), TargetAccount.objects.count()


def test_an_unknown_parameter_is_refused_by_every_endpoint_and_named(calling, ada):
    ask, before = calling(ada), changes()

    for route in ROUTES:
        answer = send(ask, route, "{}" if route.is_write else "", path=f"{route.path}?colour=red")
        error = check(answer, route, status=400, code="VALIDATION_FAILED")
        assert error["details"]["fields"].keys() == {"colour"}, str(route)
    assert changes() == before


def test_a_parameter_given_twice_is_refused(calling, ada):
    ask, lists = calling(ada), [route for route in ROUTES if route.spec.is_list]
    assert len(lists) >= 17

    for route in lists:
        answer = send(ask, route, "", path=f"{route.path}?pageSize=1&pageSize=2")
        error = check(answer, route, status=400, code="VALIDATION_FAILED")
        assert error["details"]["fields"] == {"pageSize": ["Give this parameter once."]}, str(route)


BODIES = [
    ("not JSON", "{'a': 1}"),
    ("cut off", '{"a": '),
    ("a list", "[]"),
    ("a word", '"text"'),
    ("NaN", '{"a": NaN}'),
    ("twice the same member", '{"a": 1, "a": 2}'),
    ("an unknown member", '{"colour": "red"}'),
    ("a lone surrogate", r'{"\ud800": "\udfff"}'),
    ("not UTF-8", b'{"a": "\xff"}'),
    ("too deep", "[" * 100_000 + "]" * 100_000),
    ("too large", json.dumps({"name": "x" * LARGEST_BODY})),
]


@pytest.mark.parametrize(("what", "text"), BODIES, ids=[what for what, _ in BODIES])
def test_a_body_that_cannot_be_right_is_refused_by_every_endpoint(calling, ada, what, text):
    ask, before = calling(ada), changes()
    assert len(SHAPED) == len(WRITES) - 1

    for route in SHAPED:
        check(send(ask, route, text), route, status=400, code="VALIDATION_FAILED")
    assert changes() == before


def test_another_content_type_is_refused_by_every_endpoint(calling, ada):
    ask, before = calling(ada), changes()
    assert len(WRITES) >= 35

    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/yaml"):
        throttles.forget()  # so many that ask AWS are more than anybody sends at once
        for route in WRITES:
            error = check(send(ask, route, "name=x", kind), route, status=415, code="UNSUPPORTED_MEDIA_TYPE")
            assert "application/json" in error["message"], (str(route), kind)
    assert changes() == before


def test_a_missing_or_unreadable_version_is_refused_by_every_endpoint_that_needs_one(calling, ada):
    versioned = [route for route in WRITES if route.spec.takes_version]
    assert len(versioned) == 9
    client = calling(ada).client

    for route in versioned:
        address = f"/api/v1{route.path}"
        answer = client.generic(route.method, address, "{}", "application/json")
        check(answer, route, status=428, code="PRECONDITION_REQUIRED")
        for wrong in ("1", '"x"', "*", 'W/"1"', '"1", "2"', '"-1"'):
            headers = {"If-Match": wrong}
            answer = client.generic(route.method, address, "{}", "application/json", headers=headers)
            check(answer, route, status=400, code="VALIDATION_FAILED")


# The least that each write takes, so that it looks for the object.
LEAST = {
    "accounts": {"name": "x", "regions": []},
    "protection-groups": {"name": "x", "serverIds": ["s-00000000000000bad"]},
    "recovery-plans": {"name": "x", "waves": []},
    "copy": {"name": "x"},
    "execute": {"executionType": "DRILL"},
    "retry": {"waveNumber": 1},
    "decide": {"gateId": "1", "answer": "RESUME"},
}


def least(route):
    """Return a body that is right for `route`."""
    parts = route.path.strip("/").split("/")
    known = LEAST.get(parts[-1]) or (LEAST.get(parts[0]) if len(parts) == 2 else None)
    return json.dumps(known or {}) if route.method != "DELETE" else ""


def test_an_id_of_nobody_is_not_found_by_every_endpoint(calling, ada):
    ask, before = calling(ada), changes()

    for route in (route for route in SIGNED_IN if route.has_id):
        check(send(ask, route, least(route) if route.is_write else ""), route, status=404, code="NOT_FOUND")
    assert changes() == before


@pytest.mark.parametrize("text", ["\0", "s-1\0", "ä", " ", "x" * 65, "..", "'", "1/2"])
def test_what_can_be_no_id_is_not_found_before_anything_is_asked(calling, ada, text):
    ask = calling(ada)

    for route in (route for route in SIGNED_IN if route.has_id):
        before, _, after = route.pattern.partition("{")
        path = f"{before}{quote(text)}{after.partition('}')[2]}"
        with pytest.raises(Resolver404):
            resolve(unquote(f"/api/v1{path}"))
        check(send(ask, route, "", path=path), route, status=404, code="NOT_FOUND")


def test_strangers_and_those_without_a_role_get_nothing_from_any_endpoint(calling, sam):
    anonymous, stranger = calling(), calling(sam)

    for route in SIGNED_IN:
        check(send(anonymous, route, least(route)), route, status=401, code="UNAUTHENTICATED")
    for route in (route for route in SIGNED_IN if route.spec.permission):
        error = check(send(stranger, route, least(route)), route, status=403, code="INSUFFICIENT_PERMISSIONS")
        assert error["details"]["permission"] == route.spec.permission, str(route)


def test_every_endpoint_refuses_a_write_without_the_csrf_token_of_the_session(calling, ada):
    ask, before = calling(ada), changes()
    ask.client.handler.enforce_csrf_checks = True
    assert len(WRITES) >= 35

    for route in WRITES:
        error = check(send(ask, route, least(route)), route, status=403, code="CSRF_FAILED")
        assert "X-CSRFToken" in error["message"], str(route)
    assert changes() == before


WRONG_QUERIES = [
    "pageSize=0",
    "pageSize=201",
    "pageSize=x",
    "pageToken=",
    "pageToken=nonsense",
    "ordering=secret",
    "ordering=--name",
    "pageSize=1%00",
]


def test_a_wrong_parameter_is_refused_by_every_list(calling, ada, place):
    lists = [route for route in SIGNED_IN if route.spec.is_list and not route.has_id]
    assert len(lists) >= 9
    ask = calling(ada)

    for query in WRONG_QUERIES:
        for route in lists:
            answer = send(ask, route, "", path=f"{route.path}?{query}")
            check(answer, route, status=400, code="VALIDATION_FAILED")


FILTERS = [
    ("/protection-groups", "accountId=1"),
    ("/protection-groups", "search=%00"),
    ("/executions", "active=yes"),
    ("/executions", "planId=x"),
    ("/executions", "startedAfter=yesterday"),
    ("/executions", "status=RUNNING"),
    ("/executions", "tag.a%00=b"),
    ("/executions", "tag.=b"),
    ("/recovery-plans", "conflict=1"),
    ("/recovery-plans", "conflict=True"),
    ("/drs/source-servers", "replicationState=FINE"),
    ("/drs/source-servers", "assigned=maybe"),
    ("/drs/jobs", "executionId=7"),
]


def test_a_filter_of_the_wrong_type_is_refused(calling, ada):
    for path, query in FILTERS:
        error = calling(ada).refusal("GET", f"{path}?{query}", status=400)
        assert error["code"] == "VALIDATION_FAILED"
        assert error["details"]["fields"].keys() == {unquote(query.partition("=")[0])}, (path, query)


MEMBERS = [
    ("name", 5),
    ("name", ""),
    ("name", "x" * 101),
    ("name", "a\0b"),
    ("name", "\ud800"),
    ("name", None),
    ("name", ["x"]),
    ("rtoMinutes", "5"),
    ("rtoMinutes", -1),
    ("rtoMinutes", 2**31),
    ("rtoMinutes", True),
    ("rtoMinutes", 1.5),
    ("accountId", 222222222222),
    ("accountId", "0x2222222222"),
    ("accountId", "٢٢٢٢٢٢٢٢٢٢٢٢"),
    ("region", "../etc"),
    ("serverIds", "s-1"),
    ("serverIds", ["'; drop table"]),
    ("serverIds", {}),
    ("serverIds", [None]),
]


def test_a_member_of_the_wrong_type_is_named(calling, ada, place):
    server = factories.servers(place)[0].source_server_id
    right = {"name": "G", "accountId": factories.TARGET, "region": factories.REGION, "serverIds": [server]}
    ask = calling(ada)

    for member, value in MEMBERS:
        error = ask.refusal("POST", "/protection-groups", right | {member: value}, status=400)
        assert error["code"] == "VALIDATION_FAILED"
        assert next(iter(error["details"]["fields"])).startswith(member), (member, value)
        assert not ProtectionGroup.objects.exists()
    ask.refusal("POST", "/protection-groups", right | {"serverIds": []}, status=400)


def test_flags_are_true_or_false_and_not_words_for_them(calling, ada):
    for value in ("true", "False", 1, 0, None, []):
        error = calling(ada).refusal("POST", "/recovery-plans", {"name": "P", "parallelWaves": value}, status=400)
        assert "parallelWaves" in error["details"]["fields"], value


def test_of_many_wrong_members_some_are_said_and_all_are_named(calling, ada):
    error = calling(ada).refusal("POST", "/drs/sync", {f"colour{number:02}": 1 for number in range(20)}, status=400)

    assert error["message"].endswith("10 more members are wrong.")
    assert "colour09" in error["message"]
    assert "colour10" not in error["message"]
    assert len(error["details"]["fields"]) == 20


TAGS = [
    *([], {"": "x"}, {"a\0": "x"}, {"\ud800": "x"}, {"x" * 129: "x"}),
    *({"a": "\ud800"}, {"a": "x" * 257}, {"a": 1}, {"a": None}, {str(number): "" for number in range(51)}),
]


def test_tags_that_cannot_be_kept_are_refused(calling, ada):
    for tags in TAGS:
        body = {"planId": "1", "executionType": "DRILL", "tags": tags}
        error = calling(ada).refusal("POST", "/executions", body, status=400, key="k")
        assert next(iter(error["details"]["fields"])).startswith("tags"), tags
