"""The console page of one's own tokens, the command, and the admin's list."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from drsorch.access.models import ApiToken
from drsorch.access.tokens import authenticate, issue_token

pytestmark = pytest.mark.django_db
PAGE = "/account/tokens"
TEXT = re.compile(r"drs_\d+_[A-Za-z0-9_-]{43}")
WRITTEN = {"name": "Nightly drill", "scopes": ["drs:ViewResources"], "days": "7", "account_ids": "", "ranges": ""}


def token_of(actor, name="Nightly drill"):
    expires_at = timezone.now() + timedelta(days=7)
    return issue_token(owner=actor.user, actor=actor, name=name, scopes=["drs:ViewResources"], expires_at=expires_at)[0]


def test_a_token_is_shown_once_and_works(client, olga):
    client.force_login(olga.user)

    page = client.post(PAGE, {**WRITTEN, "ranges": "10.0.0.0/8, 2001:db8::/32", "sources": ["SSM"]}).content.decode()

    text = TEXT.search(page)[0]
    token = authenticate(text, address="10.0.0.1")
    assert (token.owner, token.ranges) == (olga.user, ["10.0.0.0/8", "2001:db8::/32"])
    assert token.sources == ["SSM"]
    assert "may name SSM" in page
    assert (token.expires_at - timezone.now()).days == 6
    assert not TEXT.search(client.get(PAGE).content.decode())


def test_only_permissions_of_ones_own_roles_are_offered(client, olga, sam):
    client.force_login(olga.user)
    page = client.get(PAGE).content.decode()
    assert "drs:TerminateInstances" in page
    assert "drs:ManageAccounts" not in page
    answer = client.post(PAGE, {**WRITTEN, "scopes": ["drs:ManageAccounts"]})
    assert answer.status_code == 400
    assert "drs:ManageAccounts is not one of the available choices" in answer.content.decode()

    client.force_login(sam.user)
    assert "None of your roles gives a permission" in client.get(PAGE).content.decode()


def test_what_the_service_refuses_stands_at_its_field(client, olga):
    client.force_login(olga.user)
    token_of(olga)

    assert "There is a token named Nightly drill already" in client.post(PAGE, WRITTEN).content.decode()
    wrong = client.post(PAGE, {**WRITTEN, "name": "Other", "ranges": "10.0.0.1/8"}).content.decode()
    assert wrong.count("is not an address range") == 2  # in the summary, and at the field
    assert ApiToken.objects.count() == 1


def test_one_sees_and_revokes_ones_own_tokens_only(client, olga, vera):
    token = token_of(olga)
    client.force_login(vera.user)
    assert "Nightly drill" not in client.get(PAGE).content.decode()
    assert client.post(f"{PAGE}/{token.pk}/revoke").status_code == 404
    client.force_login(olga.user)
    assert client.get(f"{PAGE}/{token.pk}/revoke").status_code == 405

    page = client.post(f"{PAGE}/{token.pk}/revoke", follow=True).content.decode()

    assert "The token Nightly drill is revoked" in page
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_the_page_takes_the_same_queries_for_two_tokens_and_fifty(client, olga, django_assert_num_queries):
    client.force_login(olga.user)
    for number in range(2):
        token_of(olga, str(number))
    with django_assert_num_queries(5):
        client.get(PAGE)
    for number in range(2, 50):
        token_of(olga, str(number))
    with django_assert_num_queries(5):
        client.get(PAGE)


def run(*arguments):
    out, err = StringIO(), StringIO()
    call_command("token", *arguments, stdout=out, stderr=err)
    return out.getvalue()


def test_the_command_writes_the_text_alone_so_that_it_can_be_piped(olga):
    text = run("issue", "Nightly drill", "--as", "olga", "--scope", "ViewResources", "--scope", "drs:ExecuteRecovery")

    token = authenticate(text.strip(), address="127.0.0.1")
    assert token.scopes == ["drs:ExecuteRecovery", "drs:ViewResources"]
    assert (token.owner, token.account_ids) == (olga.user, None)


def test_the_command_lists_and_revokes_under_the_same_rules(ada, olga, vera):
    run(
        "issue",
        "Program",
        "--as",
        "ada",
        "--for",
        "vera",
        "--scope",
        "ViewResources",
        "--account",
        "222222222222",
        "--source",
        "CLI",
    )
    token = ApiToken.objects.get()
    assert token.sources == ["CLI"]
    assert run("list", "--as", "olga") == ""
    assert "Program of vera\tusable" in run("list", "--as", "vera")
    assert "Program of vera\tusable" in run("list", "--as", "ada")
    with pytest.raises(CommandError, match="There is no such API token"):
        run("revoke", str(token.pk), "--as", "olga")

    assert run("revoke", str(token.pk), "--as", "vera") == "Program of vera is revoked.\n"
    assert "revoked" in run("list", "--as", "vera")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("issue", "P", "--as", "olga", "--scope", "All"), "drs:All is not a permission"),
        (("issue", "P", "--as", "olga", "--for", "vera", "--scope", "ViewResources"), "of your own only"),
        (("issue", "P", "--as", "olga", "--scope", "ViewResources", "--days", "91"), "within 90 days"),
        (("issue", "P", "--as", "nobody", "--scope", "ViewResources"), "no active user named nobody"),
        (("revoke", "7", "--as", "olga"), "no such API token"),
    ],
)
def test_the_command_says_what_is_wrong_in_a_sentence(olga, vera, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        run(*arguments)


def test_the_admin_shows_tokens_without_what_they_are_checked_against(ada_online, olga):
    token = token_of(olga)
    page = ada_online.get(f"/admin/access/apitoken/{token.pk}/change/").content.decode()

    assert "Nightly drill" in page
    assert token.digest not in page
    assert ada_online.get("/admin/access/apitoken/add/").status_code == 403
    assert ada_online.post(f"/admin/access/apitoken/{token.pk}/delete/").status_code == 403
