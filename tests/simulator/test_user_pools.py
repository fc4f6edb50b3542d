"""What a Cognito user pool tells everybody, without a signature."""

import json
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
import pytest

pytestmark = pytest.mark.usefixtures("simulator")


def read(url, method="GET"):
    with urlopen(Request(url, method=method), timeout=10) as answer:  # noqa: S310 (loopback)
        return json.load(answer)


def test_its_description_and_its_keys_are_public(simulator_server):
    pool = boto3.client("cognito-idp").create_user_pool(PoolName="people")["UserPool"]["Id"]

    described = read(f"{simulator_server.url}/{pool}/.well-known/openid-configuration")

    assert described["issuer"] == f"https://cognito-idp.us-east-1.amazonaws.com/{pool}"
    assert described["jwks_uri"].startswith(simulator_server.url)
    assert [key["kty"] for key in read(described["jwks_uri"])["keys"]] == ["RSA"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/us-east-1_Abc/.well-known/jwks.json"),
        ("GET", "/us-east-1_Abc/.well-known/other"),
        ("GET", "/us-east-1_Abc"),
        ("GET", "/a/b_c/.well-known/jwks.json"),
    ],
)
def test_everything_else_needs_one(simulator_server, method, path):
    with pytest.raises(HTTPError) as refusal:
        read(f"{simulator_server.url}{path}", method)
    with refusal.value as answer:
        assert answer.code == 403
