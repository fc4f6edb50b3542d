"""A real OpenID provider on loopback (`provider/provider.mjs`), and a browser between it and us."""

import fcntl
import json
import shutil
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from drsorch.access.oidc import provider as oidc_provider

PLACE = Path(__file__).with_name("provider")
ROOT = PLACE.parents[2]
SITE = "http://testserver"
CALLBACK, SIGN_IN = "/account/oidc/callback", "/account/sign-in"
API = "https://drsorch.example.com/api"
SECRET = "a secret of the tests"
VERA = {"email": "vera@example.com", "email_verified": True, "given_name": "Vera", "groups": ["DRSReadOnly"]}
SECONDS = 20


class Control:
    """Tells the provider what to do, and walks through its pages as a browser would."""

    def __init__(self, issuer):
        self.issuer = issuer

    def tell(self, **told):
        """Say who signs in and what goes wrong; what was said before is forgotten. Vera signs in unless told."""
        self._post("/control", {"account": "vera-at-the-provider", "claims": VERA} | told)

    def asked(self):
        """How often each address was asked since it was last told something."""
        return requests.get(f"{self.issuer}/control", timeout=SECONDS).json()

    def sign(self, claims, header=None, **how):
        """A token of the provider with these claims."""
        return self._post("/sign", {"header": header or {}, "claims": claims, **how}).text

    def visit(self, address):
        """Follow the provider's redirects from `address`. Returns the query with which it sends the browser back."""
        browser = requests.Session()
        while not address.startswith(SITE):
            answer = browser.get(address, allow_redirects=False, timeout=SECONDS)
            assert answer.is_redirect, answer.text
            address = requests.compat.urljoin(address, answer.headers["Location"])
        return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}

    def sign_in(self, client, wanted="/plans/", **changes):
        """Sign in from our page and back. `changes` replace what is in the provider's answer; None removes it."""
        begun = client.get("/account/oidc/begin", {"next": wanted})
        assert begun.status_code == 302, begun.content.decode()
        answer = self.visit(begun.headers["Location"]) | changes
        return client.get(CALLBACK, {name: value for name, value in answer.items() if value is not None})

    def _post(self, path, body):
        return requests.post(f"{self.issuer}{path}", data=json.dumps(body), timeout=SECONDS)


@pytest.fixture(scope="session")
def provider_process(tmp_path_factory):
    """The provider's process, one for each process of tests. Skipped where Node or npm is missing."""
    node = shutil.which("node")
    install()
    command = [node, "provider.mjs", f"{SITE}{CALLBACK}", f"{SITE}{SIGN_IN}"]
    with (tmp_path_factory.mktemp("provider") / "stderr").open("w+") as said:
        process = subprocess.Popen(command, cwd=PLACE, stdout=subprocess.PIPE, stderr=said, text=True)
        try:
            issuer = process.stdout.readline().strip()
            said.seek(0)
            assert issuer.startswith("http://"), said.read()
            yield issuer
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def install():
    """Install what the lock names, once for all processes of tests. Up to date, it costs a look at two files."""
    make = shutil.which("make")
    if not (make and shutil.which("npm") and shutil.which("node")):
        pytest.skip("Node, npm or make was not found. To test a real sign-in: apt install nodejs npm make.")
    with (PLACE / "package-lock.json").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        ended = subprocess.run([make, "provider"], cwd=ROOT, capture_output=True, text=True, check=False)
    if ended.returncode:
        pytest.skip(f"npm could not install the provider for tests: {ended.stderr.strip()[-300:]}")


@pytest.fixture
def op(provider_process, settings, db):
    """The provider as that of this installation, which remembers nothing of the one before."""
    settings.OIDC_ISSUER = provider_process
    settings.OIDC_DISCOVERY_URL = f"{provider_process}/.well-known/openid-configuration"
    settings.OIDC_RP_CLIENT_ID, settings.OIDC_RP_CLIENT_SECRET = "drsorch", SECRET
    settings.OIDC_GROUPS_CLAIM = "groups"
    settings.OIDC_API_AUDIENCE = API
    oidc_provider.forget()
    control = Control(provider_process)
    control.tell()
    yield control
    oidc_provider.forget()
