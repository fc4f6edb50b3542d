"""Signing in through a real identity provider: who somebody is, what they may, and what stays as evidence."""

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.test import Client

from drsorch.access.models import Team, User
from drsorch.access.roles import Role
from drsorch.audit.models import AuditEvent, Outcome
from tests import factories
from tests.access.provider_fixtures import SIGN_IN, VERA

pytestmark = pytest.mark.django_db


def is_signed_in(client):
    return "_auth_user_id" in client.session


def roles(person):
    return set(person.groups.values_list("name", flat=True))


def test_the_browser_is_sent_with_state_nonce_and_a_challenge(op, client):
    asked = parse_qs(urlsplit(client.get("/account/oidc/begin").headers["Location"]).query)

    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["code_challenge"][0]) == 43
    assert len(asked["state"][0]) == len(asked["nonce"][0]) == 32
    assert asked["redirect_uri"] == ["http://testserver/account/oidc/callback"]


def test_whoever_comes_without_a_cookie_makes_only_so_many_sessions(op, client, settings):
    settings.API_STRANGERS_PER_5_MINUTES = 3
    client.get("/account/oidc/begin")

    others = [Client().get("/account/oidc/begin").status_code for _ in range(3)]

    assert others == [302, 302, 429]
    assert Session.objects.count() == 3
    assert client.get("/account/oidc/begin").status_code == 302  # a browser that has one makes no more


def test_who_the_provider_knows_is_signed_in_and_arrives_where_they_wanted(op, client):
    answer = op.sign_in(client)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/plans/")
    person = User.objects.get()
    assert (person.issuer, person.subject) == (op.issuer, "vera-at-the-provider")
    assert (person.username, person.email, person.first_name) == ("vera@example.com", "vera@example.com", "Vera")
    assert roles(person) == {Role.READ_ONLY}
    assert (person.is_staff, person.is_superuser, person.has_usable_password()) == (False, False, False)
    assert client.get("/plans/").status_code == 200


def test_the_sign_in_and_the_roles_that_came_with_it_are_evidence(op, client):
    op.sign_in(client)

    mapped, signed_in = AuditEvent.objects.order_by("pk")
    assert (signed_in.action, signed_in.actor, signed_in.outcome) == ("sign_in", "vera@example.com", Outcome.ALLOWED)
    assert signed_in.detail == {"how": "provider", "subject": "vera-at-the-provider"}
    assert (mapped.action, mapped.actor, mapped.object_name) == ("map_groups", "vera@example.com", "vera@example.com")


def test_the_session_gets_a_new_key_and_nothing_of_the_provider_s_tokens_is_kept(op, client):
    client.get("/account/oidc/begin")
    before = client.session.session_key

    op.sign_in(client)

    assert client.session.session_key != before
    assert set(client.session.keys()) == {
        "_auth_user_id",
        "_auth_user_backend",
        "_auth_user_hash",
        "begun_at",
        "seen_at",
    }


def test_nobody_is_led_to_another_site(op, client):
    assert op.sign_in(client, wanted="https://evil.example/").headers["Location"] == "/"


def test_the_second_sign_in_is_the_same_person_with_a_new_address_and_the_name_they_had(op, client):
    op.sign_in(client)
    op.tell(claims=VERA | {"email": "Vera.Smith@example.com", "family_name": "Smith"})

    op.sign_in(client)

    person = User.objects.get()
    assert (person.username, person.email) == ("vera@example.com", "vera.smith@example.com")
    assert person.get_full_name() == "Vera Smith"


def test_another_subject_with_the_same_address_is_somebody_else(op, client):
    op.sign_in(client)
    vera = User.objects.get()
    op.tell(account="an-impostor", claims=VERA | {"groups": ["DRSOperator"]})

    op.sign_in(client)

    impostor = User.objects.get(subject="an-impostor")
    assert impostor != vera
    assert impostor.username.startswith("vera@example.com-")
    assert int(client.session["_auth_user_id"]) == impostor.pk
    assert (roles(vera), roles(impostor)) == ({Role.READ_ONLY}, {Role.OPERATOR})


def test_a_local_person_is_never_taken_over_by_their_address_or_their_name(op, client):
    local = factories.person("vera@example.com", Role.ADMIN).user
    local.email = "vera@example.com"
    local.save()

    op.sign_in(client)

    assert int(client.session["_auth_user_id"]) != local.pk
    local.refresh_from_db()
    assert (local.subject, roles(local)) == ("", {Role.ADMIN})


def test_roles_are_given_and_taken_at_every_sign_in_and_teams_stay(op, client):
    op.tell(claims=VERA | {"groups": ["DRSOperator", "DRSReadOnly", "Cooks"]})
    op.sign_in(client)
    person = User.objects.get()
    assert roles(person) == {Role.OPERATOR, Role.READ_ONLY}

    person.groups.add(Team.objects.create(name="Payments"), Group.objects.get_or_create(name=Role.AUDITOR)[0])
    op.tell(claims=VERA | {"groups": ["DRSPlanManager"]})
    op.sign_in(client)

    assert roles(person) == {Role.PLAN_MANAGER, "Payments", Role.AUDITOR}


def test_what_the_provider_said_before_changes_no_role(op, client):
    op.sign_in(client)
    earlier = {"iat": int(time.time()) - 60}
    op.tell(claims=VERA | {"groups": ["DRSOrchestrationAdmin"]}, idToken={"claims": earlier})

    op.sign_in(client)

    assert roles(User.objects.get()) == {Role.READ_ONLY}


def test_an_administrator_is_staff_as_long_as_they_are_one_and_nobody_is_a_superuser(op, client):
    op.tell(claims=VERA | {"groups": ["DRSOrchestrationAdmin"], "is_superuser": True, "is_staff": True})
    op.sign_in(client)
    person = User.objects.get()
    assert (person.is_staff, person.is_superuser) == (True, False)
    assert client.get("/admin/").status_code == 200

    User.objects.update(is_superuser=True)
    op.tell()
    op.sign_in(client)

    person.refresh_from_db()
    assert (person.is_staff, person.is_superuser) == (False, False)


def test_groups_of_other_names_give_roles_when_the_settings_say_which(op, client, settings):
    settings.OIDC_GROUP_ROLES = {"dr-people": "DRSRecoveryManager", "revision": "DRSAuditor"}
    op.tell(claims=VERA | {"groups": ["dr-people", "revision", "DRSOrchestrationAdmin"]})

    op.sign_in(client)

    assert roles(User.objects.get()) == {Role.RECOVERY_MANAGER, Role.AUDITOR}


def test_who_lost_every_role_is_refused_and_keeps_none(op, client):
    op.sign_in(client)
    client.post("/account/sign-out")
    op.tell(claims=VERA | {"groups": []})

    answer = op.sign_in(client)

    assert answer.status_code == 401
    assert not is_signed_in(client)
    assert roles(User.objects.get()) == set()


def test_who_was_made_inactive_is_refused_and_loses_the_session_that_was_open(op, client):
    op.sign_in(client)
    User.objects.update(is_active=False)

    assert client.get("/plans/").headers["Location"].startswith(SIGN_IN)
    assert op.sign_in(client).status_code == 401

    assert client.get("/plans/").headers["Location"].startswith(SIGN_IN)
    refusal = AuditEvent.objects.filter(outcome=Outcome.DENIED).get()
    assert (refusal.object_name, refusal.detail["reason"]) == ("vera@example.com", "inactive")


def test_sessions_of_another_provider_than_today_s_are_over(op, client, settings):
    op.sign_in(client)
    settings.OIDC_ISSUER = "https://another.example.com"

    assert client.get("/plans/").headers["Location"].startswith(SIGN_IN)


def test_signing_out_leads_on_to_the_provider_by_a_page(op, client):
    op.sign_in(client)

    answer = client.post("/account/sign-out")

    onward = f"{op.issuer}/session/end?client_id=drsorch&amp;post_logout_redirect_uri="
    assert answer.status_code == 200
    assert f'content="0; url={onward}http%3A%2F%2Ftestserver%2Faccount%2Fsign-in"' in answer.content.decode()
    assert not is_signed_in(client)
    assert AuditEvent.objects.filter(action="sign_out").get().actor == "vera@example.com"


def test_the_sign_in_page_offers_the_provider_and_keeps_where_one_wanted_to_go(op, client):
    page = client.get(SIGN_IN, {"next": "/plans/?a=1&b=2"}).content.decode()

    assert "Sign in with your organisation" in page
    assert 'href="/account/oidc/begin?next=%2Fplans%2F%3Fa%3D1%26b%3D2"' in page


def test_the_description_and_the_keys_are_asked_for_once(op, client):
    op.sign_in(client)
    op.sign_in(client)

    asked = op.asked()
    assert (asked["/.well-known/openid-configuration"], asked["/jwks"], asked["/token"]) == (1, 1, 2)
