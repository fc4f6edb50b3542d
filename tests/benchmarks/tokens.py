"""What it costs this process to check who a program acts for: by a token of the provider, and by one of ours."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from drsorch.access.oidc import provider as oidc_provider
from drsorch.access.oidc.claims import access_token_claims
from drsorch.access.roles import Permission
from drsorch.access.tokens import authenticate, issue_token
from tests.benchmarks.estate import Estate
from tests.benchmarks.suites import Options
from tests.benchmarks.table import Row
from tests.torture.installation import Installation

CHECKS, ROUNDS = 2000, 5
GOAL = 100e-6  # seconds of CPU
ADDRESS = "198.51.100.7"
ISSUER, AUDIENCE = "https://people.example.com", "https://drsorch.example.com/api"
DISCOVERY = f"{ISSUER}/.well-known/openid-configuration"


def measure(estate: Estate, _installation: Installation, _options: Options) -> Iterator[Row]:
    """Check each kind of token again and again: the best round is what other work did not disturb."""
    with signed_by_provider() as text:
        known = oidc_provider.provider()
        best = _best(lambda: access_token_claims(text, known))
    yield Row(
        f"CPU of one check of a token of the provider (RS256, cached keys), best of {ROUNDS} rounds of {CHECKS}",
        f"{best * 1e6:.0f} µs",
        f"under {GOAL * 1e6:.0f} µs",
        best < GOAL,
    )
    text = _ours(estate)
    with CaptureQueriesContext(connection) as captured:
        authenticate(text, address=ADDRESS)
    best = _best(lambda: authenticate(text, address=ADDRESS))
    yield Row(f"… of one of our own tokens, with its {len(captured)} query", f"{best * 1e6:.0f} µs")


@contextmanager
def signed_by_provider() -> Iterator[str]:
    """An access token as Cognito signs them, of a provider whose keys are known meanwhile."""
    key = generate_private_key(public_exponent=65537, key_size=2048)
    shown = {"kid": "own", **json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))}
    published = {
        DISCOVERY: {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"},
        f"{ISSUER}/keys": {"keys": [shown]},
    }
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": "olga", "aud": AUDIENCE, "iat": now, "exp": now + 3600, "jti": "measurement"}
    here = override_settings(OIDC_ISSUER=ISSUER, OIDC_DISCOVERY_URL=DISCOVERY, OIDC_API_AUDIENCE=AUDIENCE)
    with here, patch.object(oidc_provider, "ask", lambda _, address: published[address]):
        oidc_provider.forget()
        yield jwt.encode(claims, key, algorithm="RS256", headers={"kid": "own"})
    oidc_provider.forget()


def _ours(estate: Estate) -> str:
    _, text = issue_token(
        owner=estate.olga.user,
        actor=estate.olga,
        name="Measurement",
        scopes=list(Permission),
        expires_at=timezone.now() + timedelta(days=1),
        ranges=["198.51.100.0/24"],
    )
    authenticate(text, address=ADDRESS)  # notes the use, once a minute
    return text


def _best(check: Callable[[], object]) -> float:
    """Return the seconds of CPU of one check in the best round."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(CHECKS):
            check()
        rounds.append((time.process_time() - began) / CHECKS)
    return min(rounds)
