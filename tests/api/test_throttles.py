"""How often one may ask."""

import pytest

from drsorch.access.requests import network_of
from drsorch.api import throttles
from drsorch.api.throttles import Buckets
from drsorch.audit.models import AuditEvent, Outcome
from drsorch.queue.models import beat

pytestmark = pytest.mark.django_db


def test_a_bucket_lets_its_burst_through_and_then_says_how_long_to_wait():
    bucket = Buckets(rate=2, burst=3)

    waits = [bucket.take("a") for _ in range(4)]

    assert waits[:3] == [0.0, 0.0, 0.0]
    assert 0.4 < waits[3] <= 0.5
    assert bucket.take("b") == 0.0


def test_a_person_who_asks_too_often_waits_and_others_do_not(calling, settings, olga, vera):
    settings.API_PRINCIPAL_BURST, settings.API_PRINCIPAL_PER_SECOND = 2, 0.1
    ask = calling(olga)

    answers = [ask.ask("GET", "/users/profile") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["error"]["code"] == "THROTTLED"
    assert 1 <= int(answers[2]["Retry-After"]) <= 11
    assert calling(vera).ask("GET", "/users/profile").status_code == 200


def test_what_asks_aws_has_a_tighter_bucket(calling, settings, aws, vera):
    settings.API_AWS_BURST, settings.API_AWS_PER_MINUTE = 1, 1
    ask = calling(vera)

    assert [ask.ask("GET", "/accounts/current").status_code for _ in range(2)] == [200, 429]
    assert ask.ask("GET", "/accounts").status_code == 200


def test_what_makes_the_worker_ask_aws_is_in_the_same_bucket(calling, settings, vera):
    settings.API_AWS_BURST, settings.API_AWS_PER_MINUTE = 1, 1

    assert [calling(vera).ask("POST", "/drs/sync").status_code for _ in range(2)] == [202, 429]


def test_strangers_of_one_address_have_to_wait_and_those_who_are_known_there_do_not(calling, settings, ada):
    settings.API_STRANGERS_PER_5_MINUTES = 3
    guess = {"Authorization": "Bearer drs_1_x"}

    answers = [calling().ask("GET", "/executions", headers=guess).status_code for _ in range(5)]

    assert answers == [401, 401, 401, 429, 429]
    assert calling(ada).ask("GET", "/executions").status_code == 200
    assert calling().ask("GET", "/health").status_code == 200


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("nonsense", "nonsense"),
        ("", ""),
    ],
)
def test_an_address_of_ipv6_counts_with_its_network(address, network):
    assert network_of(address) == network


def test_who_has_a_whole_network_of_ipv6_has_five_passwords(client, settings, olga):
    settings.LOCAL_SIGN_IN = True
    typed = {"username": "olga", "password": "wrong"}

    def said(number, network="2001:db8:1:2"):
        return client.post("/account/sign-in", typed, REMOTE_ADDR=f"{network}::{number:x}").status_code

    assert [said(number) for number in range(1, 7)] == [200] * 4 + [429] * 2
    assert said(1, "2001:db8:1:3") == 200


def test_who_has_a_whole_network_of_ipv6_has_one_bucket(calling, settings):
    settings.API_STRANGERS_PER_5_MINUTES = 2
    get = calling().client.get

    answers = [get("/api/v1/executions", REMOTE_ADDR=f"2001:db8:1:2::{number:x}").status_code for number in range(3)]

    assert answers == [401, 401, 429]
    assert get("/api/v1/executions", REMOTE_ADDR="2001:db8:1:3::1").status_code == 401


WAYS_IN = {
    "an answer that no provider gave": ("GET", "/account/oidc/callback?code=x&state=x", True, 401),
    "a wrong password": ("POST", "/account/sign-in", True, 200),
    "a password where none is taken": ("POST", "/account/sign-in", False, 403),
}


@pytest.mark.parametrize(("method", "path", "has_passwords", "status"), WAYS_IN.values(), ids=WAYS_IN)
def test_who_is_not_let_in_is_soon_told_to_wait_and_no_longer_in_evidence(
    client, settings, olga, method, path, has_passwords, status
):
    settings.API_STRANGERS_PER_5_MINUTES = 3
    settings.LOCAL_SIGN_IN = has_passwords
    typed = {"username": "olga", "password": "wrong"} if method == "POST" else None

    answers = [getattr(client, method.lower())(path, typed) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [status] * 3 + [429]
    assert 1 <= int(answers[-1]["Retry-After"]) <= 101
    assert "Too many requests. Wait" in answers[-1].content.decode()
    assert AuditEvent.objects.filter(action="sign_in", outcome=Outcome.DENIED).count() == 3


def test_the_site_and_each_address_have_their_own(calling, settings, ada):
    settings.API_SITE_BURST, settings.API_SITE_PER_SECOND = 1, 0.1
    assert [calling(ada).ask("GET", "/executions").status_code for _ in range(2)] == [200, 429]

    throttles.forget()
    settings.API_SITE_BURST = 500
    settings.API_ADDRESS_BURST, settings.API_ADDRESS_PER_SECOND = 1, 0.1
    assert [calling(ada).ask("GET", "/executions").status_code for _ in range(2)] == [200, 429]
    assert calling(ada).client.get("/api/v1/executions", REMOTE_ADDR="10.0.0.9").status_code == 200


@pytest.fixture
def crowded(settings):
    """The site's bucket lets one request through."""
    settings.API_SITE_BURST, settings.API_SITE_PER_SECOND = 1, 0.1


def test_the_load_balancer_hears_that_the_site_answers_however_many_ask(calling, crowded):
    assert [calling().ask("GET", "/health").status_code for _ in range(3)] == [200] * 3
    beat(name="w", host="h", pid=1)
    assert [calling().ask("GET", "/health/ready").status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("path", ["/", "/plans/", "/nothing-here", "/api/v1/schema", "/account/oidc/begin"])
def test_pages_are_counted_too(client, crowded, vera, path):
    client.force_login(vera.user)

    first, second = client.get(path), client.get(path)

    assert first.status_code != 429
    assert second.status_code == 429
    assert 1 <= int(second["Retry-After"]) <= 10
    assert f"Too many requests. Wait {second['Retry-After']} s" in second.content.decode()


def test_what_an_open_page_asks_on_its_own_is_counted_apart(client, crowded, settings, vera):
    settings.CONSOLE_POLLS_BURST, settings.CONSOLE_POLLS_PER_SECOND = 3, 0.1
    client.force_login(vera.user)
    assert [client.get("/plans/").status_code for _ in range(2)] == [200, 429]

    assert [client.get("/account/session").status_code for _ in range(4)] == [204] * 3 + [429]
