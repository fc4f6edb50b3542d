"""Keys: what is kept, for how long, and what is not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from drsorch.access.grants import grant, revoke_grant
from drsorch.access.roles import Permission, Role
from drsorch.access.tokens import issue_token
from drsorch.api import idempotency
from drsorch.api.docs import document
from drsorch.api.models import KeptAnswer
from drsorch.api.tasks import forget_old_answers
from protection.models import ProtectionGroup, TargetAccount
from tests import factories
from tests.access.estate import estate
from tests.api.routes import ROUTES

pytestmark = pytest.mark.django_db
ACCOUNT = {"accountId": factories.HUB, "name": "Hub", "regions": ["us-east-1"]}


def test_every_post_takes_a_key_and_answers_the_same_again(calling, ada):
    ask = calling(ada)

    first, again = (ask.ask("POST", "/accounts", ACCOUNT, key="k") for _ in range(2))

    assert (first.status_code, again.status_code, again["ETag"]) == (201, 201, '"1"')
    assert first.json() == again.json()
    assert TargetAccount.objects.count() == 1
    other = ask.refusal("POST", "/accounts", ACCOUNT | {"name": "x"}, status=409, key="k")
    assert other["code"] == "IDEMPOTENCY_MISMATCH"


def test_an_answer_is_not_given_again_to_a_token_that_may_see_less(calling, ada):
    calling(ada).data("POST", "/accounts", ACCOUNT, status=201, key="k")
    tomorrow = timezone.now() + timedelta(days=1)
    _, narrow = issue_token(
        owner=ada.user,
        actor=ada,
        name="Target",
        scopes=list(Permission),
        expires_at=tomorrow,
        account_ids=[factories.TARGET],
    )

    headers = {"Authorization": f"Bearer {narrow}"}
    error = calling().refusal("POST", "/accounts", ACCOUNT, status=409, key="k", headers=headers)
    assert error["code"] == "IDEMPOTENCY_MISMATCH"


def test_after_a_refusal_the_key_is_free(calling, ada, place):
    ask = calling(ada)
    body = {"name": "G", "accountId": factories.TARGET, "region": "eu-north-1", "serverIds": ["s-00000000000000bad"]}
    right = body | {
        "region": factories.REGION,
        "serverIds": [factories.servers(place)[0].source_server_id],
    }

    ask.refusal("POST", "/protection-groups", body, status=400, key="k")
    assert ask.data("POST", "/protection-groups", right, status=201, key="k")["name"] == "G"
    assert ProtectionGroup.objects.count() == KeptAnswer.objects.count() == 1


def test_what_only_looks_and_what_is_secret_is_not_kept_and_takes_no_key(calling, aws, ada, place):
    plan = factories.plan(ada, factories.group(ada, place), name="Billing")
    soon = f"{timezone.now() + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    asked = {
        f"/recovery-plans/{plan.pk}/readiness": {},
        "/protection-groups/resolve": {"accountId": factories.TARGET, "region": factories.REGION, "tags": {"a": "b"}},
        "/users/tokens": {"name": "x", "scopes": ["drs:ViewResources"], "expiresAt": soon},
    }
    for path, body in asked.items():
        assert calling(ada).ask("POST", path, body, key="k").status_code in (200, 201), path

    assert not KeptAnswer.objects.exists()
    unkept = {f"/api/v1{route.pattern}" for route in ROUTES if not route.spec.keeps_answer}
    assert len(unkept) == len(asked)
    for path, methods in document()["paths"].items():
        names = {each["name"] for each in methods.get("post", {}).get("parameters", ())}
        assert ("Idempotency-Key" in names) == ("post" in methods and path not in unkept), path


def test_a_key_whose_answer_is_lost_is_taken_over_after_a_while(calling, ada):
    ask = calling(ada)
    ask.ask("POST", "/accounts", ACCOUNT, key="k")
    KeptAnswer.objects.update(status=None)

    busy = ask.ask("POST", "/accounts", ACCOUNT, key="k")
    assert (busy.status_code, busy["Retry-After"]) == (409, "1")
    assert busy.json()["error"]["code"] == "IDEMPOTENCY_IN_PROGRESS"
    TargetAccount.objects.all().delete()
    KeptAnswer.objects.update(claimed_at=timezone.now() - idempotency.ANSWERED_WITHIN * 2)
    assert ask.ask("POST", "/accounts", ACCOUNT, key="k").status_code == 201


def test_an_answer_is_kept_for_a_day(calling, ada):
    ask = calling(ada)
    ask.ask("POST", "/accounts", ACCOUNT, key="k")
    KeptAnswer.objects.update(claimed_at=timezone.now() - timedelta(hours=23))
    forget_old_answers()
    assert ask.ask("POST", "/accounts", ACCOUNT, key="k")["Idempotent-Replayed"] == "true"

    KeptAnswer.objects.update(claimed_at=timezone.now() - timedelta(hours=25))
    assert ask.refusal("POST", "/accounts", ACCOUNT, status=409, key="k")["code"] == "ACCOUNT_TAKEN"
    forget_old_answers()
    assert not KeptAnswer.objects.exists()


@pytest.mark.parametrize("key", ["", "a b", "x" * 65, "kö"])
def test_what_is_no_key_is_refused(calling, ada, key):
    error = calling(ada).refusal("POST", "/accounts", ACCOUNT, status=400, key=key.encode().decode("latin-1"))

    assert (error["code"], error["details"]["fields"].keys()) == ("VALIDATION_FAILED", {"Idempotency-Key"})
    assert not TargetAccount.objects.exists()
    assert not KeptAnswer.objects.exists()


def test_an_answer_about_what_was_taken_from_the_caller_is_not_given_again(calling, ada):
    world, gina = estate(), factories.person("gina", Role.PLAN_MANAGER, everywhere=False)
    grant(to=gina.user, obj=world.north, level="manage", actor=ada)
    ask, path, copy = calling(gina), f"/recovery-plans/{world.north_plan.pk}/copy", {"name": "Copy"}
    made = ask.data("POST", path, copy, status=201, key="k")
    assert ask.ask("POST", path, copy, key="k")["Idempotent-Replayed"] == "true"

    revoke_grant(to=gina.user, obj=world.north, actor=ada)
    error = ask.refusal("POST", path, copy, status=404, key="k")
    assert "Copy" not in error["message"]
    missing = ask.refusal("GET", "/recovery-plans/999999", status=404)
    assert (error["code"], error["message"]) == (missing["code"], missing["message"])

    grant(to=gina.user, obj=world.north, level="view", actor=ada)
    again = ask.ask("POST", path, copy, key="k")
    assert (again.status_code, again.json()["data"]) == (201, made)
