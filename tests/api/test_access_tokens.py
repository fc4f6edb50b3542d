"""Access tokens of the identity provider at the API: as good as their person, and each one known as itself."""

import pytest
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from drsorch.access.models import User
from drsorch.access.oidc import provider as oidc_provider
from drsorch.access.oidc.asking import ProviderFailed
from drsorch.api import paths  # noqa: F401 - the kinds of ids in the API's addresses
from drsorch.audit.models import AuditEvent, Outcome
from protection import urls as protection_urls
from protection.models import TargetAccount
from tests import factories

pytestmark = pytest.mark.django_db
ACCOUNT = {"accountId": factories.HUB, "name": "Hub", "regions": ["us-east-1"]}


@pytest.fixture
def program(calling, access_token):
    """Ask with an access token of somebody, each time a new one, or with a text that is none."""

    def make(actor=None, text="", **claims):
        caller = calling()
        sent = text or access_token(actor and actor.user, **claims)
        caller.client = APIClient(HTTP_AUTHORIZATION=f"Bearer {sent}")
        return caller

    return make


def test_one_asks_as_its_person_with_all_of_their_rights(program, ada, sam):
    made = program(ada, jti="one").ask("POST", "/accounts", ACCOUNT, headers={"X-Invocation-Source": "SSM"})

    assert made.status_code == 201
    event = AuditEvent.objects.get(action="register_account")
    assert (event.actor, event.token, event.source) == ("ada", "jwt:one", "API")  # it may name none
    assert program(sam).refusal("GET", "/accounts", status=403)["details"]["permission"] == "drs:ViewResources"


def test_what_is_not_accepted_is_a_401_that_says_how_to_come(program, ada, vera):
    stale, stranger = program(ada, exp=1), program(None)
    left = program(vera)
    User.objects.filter(pk=vera.user.pk).update(is_active=False)

    for caller in (stale, stranger, left, program(text="a.b.c")):
        answer = caller.ask("POST", "/accounts", ACCOUNT)
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
        assert answer.json()["error"]["code"] == "UNAUTHENTICATED"
    assert "(expired)" in stale.refusal("GET", "/accounts", status=401)["message"]
    assert not TargetAccount.objects.exists()


def test_without_a_provider_the_sentence_is_that_of_a_wrong_token(program, ada, settings):
    ask = program(ada)
    settings.OIDC_ISSUER = ""

    assert ask.refusal("GET", "/accounts", status=401)["message"].startswith("This is not a valid API token.")


def test_while_the_provider_s_keys_cannot_be_read_it_is_a_503_and_evidence_of_a_failure(program, ada, monkeypatch):
    def down(_, address):
        raise ProviderFailed("ConnectionError", address)

    ask = program(ada)
    monkeypatch.setattr(oidc_provider, "ask", down)

    assert ask.refusal("GET", "/accounts", status=503)["code"] == "PROVIDER_FAILED"
    assert ask.refusal("POST", "/accounts", ACCOUNT, status=503)["code"] == "PROVIDER_FAILED"
    (event,) = AuditEvent.objects.exclude(outcome=Outcome.ALLOWED)
    assert (event.actor, event.action, event.outcome) == ("anonymous", "register_account", Outcome.FAILED)


@pytest.mark.parametrize("issuer", ["", "https://people.example.com"])
def test_where_there_is_a_provider_that_answer_is_documented_and_else_it_is_not(settings, issuer):
    settings.OIDC_ISSUER = issuer
    document = SchemaGenerator(patterns=protection_urls.api).get_schema(request=None, public=True)

    listed = document["paths"]["/accounts"]["get"]["responses"]
    assert ("503" in listed) == bool(issuer)


def test_an_answer_is_kept_for_the_token_that_asked_and_for_no_other_of_its_person(program, calling, ada):
    first = program(ada, jti="one").ask("POST", "/accounts", ACCOUNT, key="k")
    again = program(ada, jti="one").ask("POST", "/accounts", ACCOUNT, key="k")

    assert (first.status_code, again["Idempotent-Replayed"]) == (201, "true")
    for other in (program(ada, jti="two"), calling(ada)):
        assert other.refusal("POST", "/accounts", ACCOUNT, status=409, key="k")["code"] == "IDEMPOTENCY_MISMATCH"


def test_all_of_a_person_s_have_one_bucket_for_new_ones_cost_nothing(program, settings, olga, vera):
    settings.API_PRINCIPAL_BURST, settings.API_PRINCIPAL_PER_SECOND = 2, 0.1

    assert [program(olga).ask("GET", "/users/profile").status_code for _ in range(3)] == [200, 200, 429]
    assert program(vera).ask("GET", "/users/profile").status_code == 200
