"""The admin of accounts: through the services, with their sentences on the form."""

import pytest
from django_q.models import OrmQ

from protection.models import AccountRegion, TargetAccount
from tests import factories
from tests.protection.admin_pages import ACCOUNTS, errors, sentences

pytestmark = pytest.mark.django_db
ACCOUNT_FORM = {
    "account_id": factories.TARGET,
    "name": "Target",
    "partition": "aws",
    "role_arn": f"arn:aws:iam::{factories.TARGET}:role/drsorch-spoke",
    "given_external_id": "minimal-external-id",
    "tag_jobs": "on",
    "regions": ["us-east-1", "us-west-2"],
}
NO_ROWS = {
    f"regions-{name}": value
    for name, value in {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0, "MIN_NUM_FORMS": 0, "MAX_NUM_FORMS": 0}.items()
}


def test_an_account_with_a_given_external_id_is_registered_and_the_id_is_never_shown(ada_online):
    response = ada_online.post(f"{ACCOUNTS}add/", ACCOUNT_FORM, follow=True)

    account = TargetAccount.objects.get()
    assert account.external_id == "minimal-external-id"
    assert set(account.regions.values_list("region", flat=True)) == {"us-east-1", "us-west-2"}
    assert "minimal-external-id" not in response.content.decode()
    assert "minimal-external-id" not in ada_online.get(f"{ACCOUNTS}{account.pk}/change/").content.decode()


def test_a_new_external_id_is_shown_once_with_what_to_do_with_it(ada_online):
    response = ada_online.post(f"{ACCOUNTS}add/", {**ACCOUNT_FORM, "given_external_id": ""})

    account = TargetAccount.objects.get()
    page = response.content.decode()
    assert account.external_id in page
    assert "trust policy of the role" in page
    assert account.role_arn in page
    assert account.external_id not in str(response.cookies)
    for later in (f"{ACCOUNTS}{account.pk}/change/", ACCOUNTS):
        assert account.external_id not in ada_online.get(later).content.decode()


@pytest.mark.parametrize(
    ("differences", "sentence"),
    [
        ({"account_id": "12"}, "An AWS account id has 12 digits."),
        ({"role_arn": "arn:aws:iam::333333333333:role/x"}, "is not in account 222222222222"),
        ({"partition": "aws-us-gov", "role_arn": ""}, "DRS is not offered in us-east-1, us-west-2"),
        ({"regions": ["moon-1"]}, "moon-1 is not one of the available choices"),
    ],
)
def test_a_wrong_account_is_an_error_of_the_form_and_nothing_is_written(ada_online, differences, sentence):
    response = ada_online.post(f"{ACCOUNTS}add/", {**ACCOUNT_FORM, **differences})

    assert response.status_code == 200
    assert any(sentence in found for found in errors(response))
    assert not TargetAccount.objects.exists()
    assert "minimal-external-id" not in response.content.decode()


def test_an_account_is_changed_by_its_service_and_a_stale_page_changes_nothing(ada_online, account):
    page = f"{ACCOUNTS}{account.pk}/change/"
    form = {"name": "Renamed", "role_arn": "", "given_external_id": "", "tag_jobs": "on", "regions": ["us-east-1"]}
    form |= {"seen_version": account.version, **NO_ROWS}
    secret = account.external_id

    ada_online.post(page, form)
    response = ada_online.post(page, {**form, "name": "Again"})

    assert any("was changed by someone else" in sentence for sentence in errors(response))
    account.refresh_from_db()
    assert (account.name, account.version, account.external_id) == ("Renamed", 2, secret)
    assert account.regions.filter(is_enabled=True).count() == 1


def test_the_page_of_an_account_shows_how_its_regions_are(ada_online, account):
    AccountRegion.objects.filter(region="us-west-2").update(last_error="DescribeSourceServers was denied.")

    page = ada_online.get(f"{ACCOUNTS}{account.pk}/change/").content.decode()
    listed = ada_online.get(ACCOUNTS).content.decode()

    assert "DescribeSourceServers was denied." in page
    assert "us-west-2 (failed)" in listed


def test_validation_asks_aws_and_says_what_it_found(aws, ada_online):
    ada_online.post(f"{ACCOUNTS}add/", ACCOUNT_FORM)
    account = TargetAccount.objects.get()
    action = {"action": "validate_now", "_selected_action": [account.pk]}

    response = ada_online.post(ACCOUNTS, action)
    assert "Target (222222222222): valid. " in sentences(response)

    aws.fault(kind="denied", operation="DescribeSourceServers")
    response = ada_online.post(ACCOUNTS, action)
    assert "Target (222222222222): invalid. " in sentences(response)[-1]
    assert "DescribeSourceServers" in sentences(response)[-1]


def test_a_synchronisation_is_asked_of_the_worker(ada_online, account):
    response = ada_online.post(ACCOUNTS, {"action": "synchronise_now", "_selected_action": [account.pk]})

    assert sentences(response) == ["Hub (111111111111): the worker synchronises 2 Regions now."]
    assert OrmQ.objects.count() == 2
