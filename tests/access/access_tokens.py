"""Access tokens of an identity provider whose key is the tests' own, so that no provider has to run for them."""

import json
import time
import uuid

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drsorch.access.models import User
from drsorch.access.oidc import provider as oidc_provider

ISSUER = "https://people.example.com"
AUDIENCE = "https://drsorch.example.com/api"
KEY = Ed25519PrivateKey.generate()
PUBLISHED = {
    f"{ISSUER}/.well-known/openid-configuration": {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"},
    f"{ISSUER}/keys": {"keys": [{"kid": "own", **json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(KEY.public_key()))}]},
}


@pytest.fixture
def access_token(settings, monkeypatch):
    """Make an access token of a user, None for somebody unknown here; named claims replace what is in it."""
    settings.OIDC_ISSUER, settings.OIDC_API_AUDIENCE = ISSUER, AUDIENCE
    settings.OIDC_DISCOVERY_URL = f"{ISSUER}/.well-known/openid-configuration"
    monkeypatch.setattr(oidc_provider, "ask", lambda _, address: PUBLISHED[address])
    oidc_provider.forget()

    def make(user, **claims):
        subject = uuid.uuid4().hex if user is None else f"subject of {user.pk}"
        if user is not None:
            User.objects.filter(pk=user.pk).update(issuer=ISSUER, subject=subject)
        now = int(time.time())
        usual = {"iss": ISSUER, "sub": subject, "aud": AUDIENCE, "iat": now, "exp": now + 300, "jti": uuid.uuid4().hex}
        return jwt.encode(usual | claims, KEY, algorithm="EdDSA", headers={"kid": "own"})

    yield make
    oidc_provider.forget()
