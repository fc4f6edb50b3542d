"""Amazon Cognito: tokens as the local endpoint's user pool makes them, and its own way of signing out."""

import boto3
import jwt
import pytest

from drsorch.access.models import User
from drsorch.access.oidc import provider as oidc_provider
from drsorch.access.oidc.asking import ProviderFailed
from drsorch.access.oidc.bearer import authenticate_jwt
from drsorch.access.oidc.claims import BadToken, id_token_claims
from drsorch.access.oidc.provider import Provider, provider
from drsorch.access.roles import Role
from drsorch.errors import Unauthenticated

pytestmark = pytest.mark.django_db
PASSWORD = "Correct-horse-battery-1"


@pytest.fixture
def pool(aws, simulator_server, settings):
    """A user pool with vera in the group DRSReadOnly, as the provider of this installation. Returns vera's tokens."""
    cognito = boto3.client("cognito-idp")
    pool_id = cognito.create_user_pool(PoolName="people")["UserPool"]["Id"]
    flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    made = cognito.create_user_pool_client(UserPoolId=pool_id, ClientName="drsorch", ExplicitAuthFlows=flows)
    client_id = made["UserPoolClient"]["ClientId"]
    attributes = [{"Name": "email", "Value": "vera@example.com"}, {"Name": "email_verified", "Value": "true"}]
    cognito.admin_create_user(UserPoolId=pool_id, Username="vera", UserAttributes=attributes)
    cognito.admin_set_user_password(UserPoolId=pool_id, Username="vera", Password=PASSWORD, Permanent=True)
    cognito.create_group(UserPoolId=pool_id, GroupName=Role.READ_ONLY)
    cognito.admin_add_user_to_group(UserPoolId=pool_id, Username="vera", GroupName=Role.READ_ONLY)
    settings.OIDC_ISSUER = f"https://cognito-idp.us-east-1.amazonaws.com/{pool_id}"
    settings.OIDC_DISCOVERY_URL = f"{simulator_server.url}/{pool_id}/.well-known/openid-configuration"
    settings.OIDC_RP_CLIENT_ID = client_id
    settings.OIDC_API_CLIENTS = [client_id]
    settings.OIDC_GROUPS_CLAIM = "cognito:groups"
    oidc_provider.forget()
    yield cognito.admin_initiate_auth(
        UserPoolId=pool_id,
        ClientId=client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "vera", "PASSWORD": PASSWORD},
    )["AuthenticationResult"]
    oidc_provider.forget()


@pytest.fixture
def known(pool, settings):
    """Vera, who has signed in before."""
    subject = jwt.decode(pool["AccessToken"], options={"verify_signature": False})["sub"]
    return User.objects.create_user("vera", issuer=settings.OIDC_ISSUER, subject=subject)


def test_an_access_token_is_the_person_s_with_the_roles_of_its_groups(pool, known):
    assert authenticate_jwt(pool["AccessToken"]).owner == known
    assert set(known.groups.values_list("name", flat=True)) == {Role.READ_ONLY}


def test_an_id_token_does_not_open_the_api(pool, known):
    with pytest.raises(Unauthenticated, match=r"\(use\)"):
        authenticate_jwt(pool["IdToken"])


def test_an_access_token_of_another_client_is_refused(pool, known, settings):
    settings.OIDC_API_CLIENTS = ["another"]
    with pytest.raises(Unauthenticated, match=r"\(client\)"):
        authenticate_jwt(pool["AccessToken"])


def test_without_a_list_of_clients_none_is_accepted(pool, known, settings):
    settings.OIDC_API_CLIENTS = []
    with pytest.raises(Unauthenticated, match=r"\(client\)"):
        authenticate_jwt(pool["AccessToken"])


def test_a_token_of_another_pool_is_refused(pool, known, settings):
    other = boto3.client("cognito-idp").create_user_pool(PoolName="others")["UserPool"]["Id"]
    mine = settings.OIDC_ISSUER.rpartition("/")[2]
    settings.OIDC_ISSUER = settings.OIDC_ISSUER.replace(mine, other)
    settings.OIDC_DISCOVERY_URL = settings.OIDC_DISCOVERY_URL.replace(mine, other)
    with pytest.raises(Unauthenticated, match=r"\(issuer\)"):
        authenticate_jwt(pool["AccessToken"])


def test_a_description_of_another_pool_is_not_believed(pool, known, settings):
    settings.OIDC_ISSUER += "x"
    oidc_provider.forget()
    with pytest.raises(ProviderFailed):
        authenticate_jwt(pool["AccessToken"])


def test_an_access_token_signs_nobody_in(pool):
    with pytest.raises(BadToken, match="incomplete"):
        id_token_claims(pool["AccessToken"], provider(), nonce="x")


def test_an_id_token_passes_every_check_up_to_the_nonce_of_the_sign_in(pool):
    """No page of a pool is at the local endpoint, so its ID tokens are of no sign-in that was begun here."""
    with pytest.raises(BadToken, match="nonce"):
        id_token_claims(pool["IdToken"], provider(), nonce="x")


def described(issuer, **endpoints):
    names = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "end_session_endpoint", "jwks_uri")
    return Provider(issuer=issuer, accepts_secret_in_form=True, **dict.fromkeys(names, "") | endpoints)


def test_one_signs_out_at_the_domain_of_the_pool_in_its_own_form(settings):
    settings.OIDC_RP_CLIENT_ID = "the client"
    pool = described(
        "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc",
        authorization_endpoint="https://people.auth.eu-west-1.amazoncognito.com/oauth2/authorize",
        end_session_endpoint="https://people.auth.eu-west-1.amazoncognito.com/logout",
    )

    assert pool.sign_out_address("https://drs.example.com/account/sign-in") == (
        "https://people.auth.eu-west-1.amazoncognito.com/logout?client_id=the+client"
        "&logout_uri=https%3A%2F%2Fdrs.example.com%2Faccount%2Fsign-in"
    )


def test_a_provider_without_a_page_for_signing_out_has_none():
    assert described("https://people.example.com").sign_out_address("https://drs.example.com/") == ""


@pytest.mark.parametrize(
    ("issuer", "is_cognito"),
    [
        ("https://cognito-idp.us-gov-west-1.amazonaws.com/us-gov-west-1_A", True),
        ("https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_A", True),
        ("https://cognito-idp.us-east-1.amazonaws.com.evil.example/x", False),
        ("https://evil.example/https://cognito-idp.us-east-1.amazonaws.com/x", False),
    ],
)
def test_cognito_is_known_by_its_whole_name(issuer, is_cognito):
    assert described(issuer).is_cognito is is_cognito
