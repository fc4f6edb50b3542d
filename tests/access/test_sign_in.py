"""The sign-in page, from the server's side."""

import pytest

from drsorch.access.demo import DEMO_USERS, create_demo_users
from tests.access.conftest import staff

pytestmark = pytest.mark.django_db
PAGE = "/account/sign-in"


def test_the_page_opens_for_everybody_and_every_other_page_leads_to_it(client):
    assert client.get(PAGE).status_code == 200
    assert client.get("/plans/").headers["Location"] == f"{PAGE}?next=/plans/"


def test_who_wanted_a_page_of_the_admin_site_arrives_there_after_the_one_sign_in(client, ada):
    staff(ada)
    page = client.get("/admin/plans/", follow=True).redirect_chain[-1][0]
    assert page.startswith(PAGE)

    response = client.post(page, {"username": "ada", "password": "a-long-password"}, follow=True)

    assert response.redirect_chain[-1][0] == "/admin/plans/"
    assert response.status_code == 200


@pytest.mark.parametrize(("username", "password"), [("olga", "wrong"), ("nobody", "a-long-password")])
def test_a_wrong_password_and_an_unknown_name_are_answered_alike(client, olga, username, password):
    response = client.post(PAGE, {"username": username, "password": password})

    assert response.status_code == 200
    assert b"The username or the password is wrong." in response.content
    assert "_auth_user_id" not in client.session


def test_an_inactive_person_is_answered_like_a_wrong_password(client, olga):
    olga.user.is_active = False
    olga.user.save()

    response = client.post(PAGE, {"username": "olga", "password": "a-long-password"})

    assert b"The username or the password is wrong." in response.content


def test_the_right_password_leads_on_and_never_to_another_site(client, olga):
    person = {"username": "olga", "password": "a-long-password"}

    assert client.post(PAGE, {**person, "next": "/plans/"}).headers["Location"] == "/plans/"
    client.logout()
    assert client.post(PAGE, {**person, "next": "https://evil.example/"}).headers["Location"] == "/"


def test_signing_out_needs_a_post_and_ends_the_session(client, olga):
    client.force_login(olga.user)

    assert client.get("/account/sign-out").status_code == 405
    client.post("/account/sign-out")
    assert client.get("/plans/").status_code == 302


def test_demo_users_are_named_in_a_demo_only(client, settings):
    for environment, shown in (("demo", True), ("test", False), ("production", False)):
        settings.ENVIRONMENT = environment
        assert (DEMO_USERS[0].password in client.get(PAGE).content.decode()) == shown


def test_every_demo_user_can_sign_in_also_when_they_are_made_twice(client):
    create_demo_users()
    create_demo_users()

    for person in DEMO_USERS:
        response = client.post(PAGE, {"username": person.username, "password": person.password})
        assert response.status_code == 302, person.username
        client.logout()
