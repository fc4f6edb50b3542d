"""Access tokens of the provider at the API: whose they are, and which are none of ours."""

import base64
import re
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from drsorch.access import policy
from drsorch.access.models import User
from drsorch.access.oidc.asking import ProviderFailed
from drsorch.access.oidc.bearer import authenticate_jwt
from drsorch.access.requests import actor_with_jwt
from drsorch.access.roles import Permission, Role
from drsorch.access.tokens import issue_token
from drsorch.audit.models import AuditEvent
from drsorch.errors import Denied, Unauthenticated
from tests.access.provider_fixtures import API

pytestmark = pytest.mark.django_db
SUBJECT = "vera-at-the-provider"


@pytest.fixture
def vera_there(op, client):
    """Somebody who has signed in to the console before."""
    op.sign_in(client)
    return User.objects.get()


@pytest.fixture
def token(op, vera_there):
    """Make an access token; named claims replace what is in it, None removes one."""

    def make(how=None, header=None, **claims):
        now = int(time.time())
        usual = {"iss": op.issuer, "sub": SUBJECT, "aud": API, "client_id": "cli", "iat": now, "exp": now + 300}
        return op.sign(usual | claims, header, **(how or {}))

    return make


def test_it_is_the_person_s_and_costs_no_request_once_the_keys_are_known(op, token, vera_there):
    text = token()
    op.tell()

    assert authenticate_jwt(text).owner == vera_there
    assert op.asked() == {}


HOURS = 3600
REFUSED = {
    "of another provider": ({"iss": "https://evil.example.com"}, "issuer"),
    "for another API": ({"aud": "https://another.example.com"}, "audience"),
    "for the console, an ID token": ({"aud": "drsorch"}, "audience"),
    "for nobody in particular": ({"aud": None}, "incomplete"),
    "that has expired": ({"iat": 1_700_000_000, "exp": 1_700_003_600}, "expired"),
    "that never expires": ({"exp": None}, "incomplete"),
    "without subject": ({"sub": None}, "incomplete"),
    "by a foreign key": ({"how": {"key": "foreign"}}, "signature"),
    "by an unknown key": ({"how": {"key": "foreign"}, "header": {"kid": "theirs"}}, "key"),
    "that is not signed": ({"how": {"alg": "none"}}, "algorithm"),
    "that was changed": ({"how": {"tamper": {"sub": "ada"}}}, "signature"),
    "with an id that is no name": ({"jti": 7}, "malformed"),
    "with groups that are no list": ({"groups": "DRSOrchestrationAdmin"}, "groups malformed"),
}


@pytest.mark.parametrize(("changes", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_token_is_refused(token, changes, reason):
    with pytest.raises(Unauthenticated, match=rf"\({reason}\)"):
        authenticate_jwt(token(**changes))


NESTED = base64.urlsafe_b64encode(b'{"kid":' + b"[" * 5000).decode()


@pytest.mark.parametrize("text", ["", "nonsense", "a.b.c", "e30.e30.e30", "é" * 10, "." * 5000, f"{NESTED}.e30.x"])
def test_what_is_no_token_is_refused(op, text):
    with pytest.raises(Unauthenticated, match="is not accepted"):
        authenticate_jwt(text)


def test_only_listed_clients_may_ask_when_any_are(token, settings, vera_there):
    settings.OIDC_API_CLIENTS = ["cli"]
    assert authenticate_jwt(token()).owner == vera_there
    assert authenticate_jwt(token(client_id=None, azp="cli")).owner == vera_there
    for other in ({"client_id": "another"}, {"client_id": None}):
        with pytest.raises(Unauthenticated, match=r"\(client\)"):
            authenticate_jwt(token(**other))


@pytest.mark.parametrize("audience", [API, ""])
def test_without_an_audience_of_the_api_none_is_accepted(token, settings, audience):
    settings.OIDC_API_AUDIENCE = ""
    with pytest.raises(Unauthenticated, match=r"\(audience\)"):
        authenticate_jwt(token(aud=audience))


def test_without_a_provider_none_is_accepted(token, settings):
    text = token()
    settings.OIDC_ISSUER = ""
    with pytest.raises(Unauthenticated, match="has no identity provider"):
        authenticate_jwt(text)


def test_somebody_who_never_signed_in_is_unknown_and_not_added(token):
    with pytest.raises(Unauthenticated, match="Sign in to the console once"):
        authenticate_jwt(token(sub="somebody-else"))
    assert User.objects.count() == 1


def test_somebody_who_was_made_inactive_is_refused(token, vera_there):
    User.objects.update(is_active=False)
    with pytest.raises(Unauthenticated, match="not active"):
        authenticate_jwt(token())


def test_a_newer_word_about_groups_counts_and_an_older_one_does_not(token, vera_there):
    now = int(time.time())
    authenticate_jwt(token(iat=now + 5, groups=["DRSOperator"]), address="192.0.2.7")
    assert policy.verbs(User.objects.get()) == {Permission.EXECUTE_RECOVERY, Permission.VIEW_RESOURCES}
    event = AuditEvent.objects.get(action="map_groups", source="API")
    assert (event.actor, event.address) == ("vera@example.com", "192.0.2.7")

    authenticate_jwt(token(iat=now + 4, groups=["DRSOrchestrationAdmin"]))
    authenticate_jwt(token(iat=now + 6))
    assert set(vera_there.groups.values_list("name", flat=True)) == {Role.OPERATOR}

    authenticate_jwt(token(iat=now + 7, groups=[]))
    assert policy.verbs(User.objects.get()) == set()


def test_where_groups_have_to_be_confirmed_a_token_that_names_them_does(token, vera_there, settings):
    settings.OIDC_GROUPS_DAYS = 7
    User.objects.update(groups_as_of=timezone.now() - timedelta(days=8))

    with pytest.raises(Unauthenticated, match="has not named your groups for 7 days"):
        authenticate_jwt(token())
    assert authenticate_jwt(token(groups=["DRSReadOnly"])).owner == vera_there
    assert authenticate_jwt(token()).owner == vera_there


def test_it_makes_no_api_tokens(token):
    accepted = authenticate_jwt(token())
    actor = actor_with_jwt(accepted.owner, accepted.token_id)
    with pytest.raises(Denied, match="A token cannot make tokens"):
        issue_token(owner=actor.user, actor=actor, name="more", scopes=["drs:ViewResources"], expires_at=None)


@pytest.mark.parametrize("jti", ["abc-1", "x" * 60])
def test_the_evidence_knows_it_by_the_provider_s_id(token, jti):
    accepted = authenticate_jwt(token(jti=jti))

    assert actor_with_jwt(accepted.owner, accepted.token_id).token == f"jwt:{jti}"


MARK = "jwt-sha256:[0-9A-Za-z_-]{43}"  # all 256 bits


def test_ids_that_are_too_long_for_the_evidence_and_begin_alike_are_two(token):
    one, other, same = (authenticate_jwt(token(jti="x" * 60 + end)).token_id for end in ("1", "2", "1"))

    assert re.fullmatch(MARK, one)
    assert one == same != other
    assert len(one) <= AuditEvent._meta.get_field("token").max_length


def test_an_id_with_letters_that_take_several_bytes_is_kept_and_hashed_alike(token):
    assert authenticate_jwt(token(jti="é" * 60)).token_id == f"jwt:{'é' * 60}"
    assert re.fullmatch(MARK, authenticate_jwt(token(jti="é" * 61)).token_id)


@pytest.mark.parametrize("jti", [None, ""])
def test_one_without_an_id_is_known_by_a_mark_that_does_not_tell_it(token, jti):
    text = token(jti=jti)
    mark = authenticate_jwt(text).token_id

    assert re.fullmatch(MARK, mark)
    assert mark == authenticate_jwt(text).token_id != authenticate_jwt(token(jti=jti, more="1")).token_id


def test_unknown_keys_are_looked_for_at_most_twice_a_minute(op, token):
    unknown = token(how={"key": "foreign"}, header={"kid": "theirs"})
    op.tell()

    for _ in range(5):
        with pytest.raises(Unauthenticated, match=r"\(key\)"):
            authenticate_jwt(unknown)

    assert op.asked().get("/jwks", 0) <= 1


def test_keys_that_are_known_are_enough_while_the_provider_is_down(op, token, vera_there, later):
    text = token(exp=int(time.time()) + 2 * HOURS)
    op.tell(answer={path: {"status": 503, "body": {}} for path in ("/jwks", "/.well-known/openid-configuration")})
    later(1.5 * HOURS)
    assert authenticate_jwt(text).owner == vera_there

    later(25 * HOURS)
    with pytest.raises(ProviderFailed):
        authenticate_jwt(text)


@pytest.fixture
def later(monkeypatch):
    """Let the clock by which keys age go on."""
    real = time.monotonic

    def go_on(seconds):
        monkeypatch.setattr("drsorch.access.oidc.kept.monotonic", lambda: real() + seconds)

    return go_on
