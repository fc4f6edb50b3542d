"""Every endpoint with tokens that leave less than their owner's rights; and faults planted there are all caught."""

from dataclasses import replace

import pytest

from drsorch.access import policy, tokens
from drsorch.access.models import ApiToken
from drsorch.access.oidc import bearer
from drsorch.access.reach import Level
from drsorch.access.roles import PERMISSIONS, Permission, Role
from executions.models import Execution, Job
from plans.models import RecoveryPlan
from protection.models import ProtectionGroup, SourceServer, TargetAccount
from tests.security.everything import TOKEN_ROWS
from tests.security.test_matrix import bearing
from tests.security.verdicts import Person, deviations

pytestmark = [pytest.mark.django_db, pytest.mark.access]
OWNER = Person("owner", Role.RECOVERY_MANAGER, "manage")
NOBODY = Person("nobody", "", "manage")
LEFT = Person("left", Role.RECOVERY_MANAGER, "manage", can_sign_in=False)
VIEWING = {"scopes": [Permission.VIEW_RESOURCES]}
# What is left of an owner who manages the north, and who is as able as the token then.
NARROWED = {
    "to another account": ({"account_ids": ["333333333333"]}, Person("", Role.RECOVERY_MANAGER, "elsewhere")),
    "to looking": (VIEWING, Person("", Role.READ_ONLY, "manage")),
    "to an operator's": ({"scopes": sorted(PERMISSIONS[Role.OPERATOR])}, Person("", Role.OPERATOR, "manage")),
}


@pytest.mark.parametrize(("narrowed", "like"), NARROWED.values(), ids=NARROWED)
def test_a_token_that_is_narrowed_is_as_good_as_somebody_with_less(enter, papers, names, narrowed, like):
    client = enter(OWNER)
    client = bearing(client, papers(OWNER, **narrowed)["token"])

    assert list(deviations(client, like, TOKEN_ROWS, names)) == []


# ---- Planted faults


def first_deviation(enter, papers, names, like, *, kind="token", owner=OWNER, **narrowed):
    client = enter(owner)
    return next(deviations(bearing(client, papers(owner, **narrowed)[kind]), like, TOKEN_ROWS, names), "")


@pytest.mark.parametrize("member", ["scopes", "account_ids"])
def test_what_a_token_leaves_and_is_not_asked_is_caught(enter, papers, names, monkeypatch, member):
    whole = {"scopes": frozenset(Permission), "account_ids": None}
    real = ApiToken.right.fget
    fault = property(lambda token: replace(real(token), **{member: whole[member]}))
    monkeypatch.setattr(ApiToken, "right", fault)

    narrowed, like = NARROWED["to looking" if member == "scopes" else "to another account"]
    assert first_deviation(enter, papers, names, like, **narrowed)


def test_permissions_that_are_not_asked_are_caught_at_every_endpoint(enter, papers, names, monkeypatch):
    client = enter(NOBODY)
    client = bearing(client, papers(NOBODY)["token"])
    asked = [row for row in TOKEN_ROWS if row.first and row.needs in PERMISSIONS[Role.ADMIN] and not row.is_untried]
    monkeypatch.setattr(policy, "require", lambda *_: None)

    missed = [row for row in asked if not list(deviations(client, NOBODY, [row], names))]

    assert len(asked) > 30
    assert [f"{row.method} {row.path}" for row in missed] == []


OBJECTS = {
    TargetAccount: "{north_number}",
    ProtectionGroup: "{north_group}",
    SourceServer: "{north_server_id}",
    RecoveryPlan: "{north_plan}",
    Execution: "{north_run}",
    Job: "{north_job_id}",
}


@pytest.mark.parametrize("model", OBJECTS, ids=lambda model: model.__name__)
def test_a_scope_that_no_endpoint_asks_is_caught(enter, papers, names, monkeypatch, model):
    real = policy.scope
    rows = [row for row in TOKEN_ROWS if OBJECTS[model] in row.path]

    def unscoped(actor, queryset, level=Level.VIEW):
        return queryset if queryset.model is model else real(actor, queryset, level)

    monkeypatch.setattr(policy, "scope", unscoped)
    stranger = Person("stranger", Role.RECOVERY_MANAGER, "elsewhere")
    client = enter(stranger)
    assert next(deviations(bearing(client, papers(stranger)["token"]), stranger, rows, names), "")


def test_a_token_that_outlives_its_owner_is_caught(enter, papers, names, monkeypatch):
    monkeypatch.setattr(tokens, "_problem", lambda *_: "")
    assert first_deviation(enter, papers, names, LEFT, owner=LEFT)


def test_an_access_token_that_outlives_its_person_is_caught(enter, papers, names, monkeypatch):
    real = bearer.find_person

    def find(issuer, subject):
        found = real(issuer, subject)
        found.is_active = True
        return found

    monkeypatch.setattr(bearer, "find_person", find)
    assert first_deviation(enter, papers, names, LEFT, kind="JWT", owner=LEFT)


def test_a_secret_that_is_not_asked_is_caught(enter, papers, names, monkeypatch):
    anonymous = Person("anonymous", can_sign_in=False)
    monkeypatch.setattr(tokens.hmac, "compare_digest", lambda *_: True)
    assert first_deviation(enter, papers, names, anonymous, owner=anonymous)
