"""Accounts: registered without AWS, validated by AWS, and wrong in sentences."""

from threading import Event

import pytest
from django.db import connection, transaction

from drsorch.audit.models import AuditEvent
from drsorch.errors import Conflict, Denied, Invalid, VersionMismatch
from protection import services
from protection.models import AccountRegion, TargetAccount
from protection.services.accounts import start_sync
from tests import factories
from tests.concurrency_fixtures import where_writers_wait
from tests.queue.processes import wait_for

pytestmark = pytest.mark.django_db
ROLE = f"arn:aws:iam::{factories.TARGET}:role/drsorch-spoke"


def register(actor, **differences):
    facts = {
        "account_id": factories.TARGET,
        "name": "Target",
        "regions": [factories.REGION],
        "role_arn": ROLE,
        "external_id": "minimal-external-id",
    }
    return services.register_account(actor=actor, **{**facts, **differences})


def change(account, actor, **differences):
    facts = {"version": account.version, "name": account.name, "role_arn": account.role_arn}
    facts |= {"tag_jobs": account.tag_jobs, "regions": [factories.REGION]}
    return services.update_account(account=account, actor=actor, **{**facts, **differences})


def test_a_role_that_lets_us_in_makes_the_account_valid(aws, ada):
    account = services.validate_account(account=register(ada), actor=ada)

    assert (account.status, account.status_reason) == ("VALID", "")
    assert account.regions.get().is_initialized is True
    assert aws.requests()["total"]["sts.AssumeRole"] == 1


def test_a_wrong_external_id_makes_the_account_invalid_with_the_reason_of_aws(aws, ada):
    account = services.validate_account(account=register(ada, external_id="guessed"), actor=ada)

    account.refresh_from_db()
    assert account.status == "INVALID"
    assert "AssumeRole" in account.status_reason
    assert factories.TARGET in account.status_reason
    assert "guessed" not in account.status_reason


def test_a_corrected_external_id_makes_an_invalid_account_valid(aws, ada):
    account = services.validate_account(account=register(ada, external_id="guessed"), actor=ada)
    account = change(account, ada, external_id="minimal-external-id")
    assert account.status == "UNVALIDATED"

    assert services.validate_account(account=account, actor=ada).status == "VALID"


def test_a_region_that_is_not_initialised_is_a_state_of_the_region_and_not_an_error(aws, ada):
    account = services.validate_account(account=register(ada, regions=[factories.REGION, "eu-north-1"]), actor=ada)

    assert account.status == "VALID"
    assert dict(account.regions.values_list("region", "is_initialized")) == {"us-east-1": True, "eu-north-1": False}


def test_the_hub_cannot_be_registered_under_the_number_of_another_account(aws, ada):
    account = services.validate_account(account=register(ada, role_arn="", external_id=""), actor=ada)

    assert account.status == "INVALID"
    assert factories.HUB in account.status_reason


def test_an_account_without_a_region_is_not_valid(aws, ada):
    account = services.validate_account(account=register(ada, regions=[]), actor=ada)

    assert (account.status, account.status_reason) == ("INVALID", "The account has no Region.")


@pytest.mark.parametrize(
    ("differences", "sentence"),
    [
        ({"account_id": "12345"}, "12 digits"),
        ({"account_id": "²²²²²²²²²²²²"}, "12 digits"),
        ({"regions": ["us-east-1", "moon-1"]}, "DRS is not offered in moon-1"),
        ({"role_arn": "arn:aws:iam::333333333333:role/x"}, f"is not in account {factories.TARGET}"),
        ({"name": ""}, "Name: This field cannot be blank."),
    ],
)
def test_a_wrong_account_is_refused_in_a_sentence_and_nothing_is_written(ada, differences, sentence):
    with pytest.raises(Invalid, match=sentence):
        register(ada, **differences)

    assert not TargetAccount.objects.exists()
    assert not AuditEvent.objects.exists()


def test_an_account_is_registered_once(ada):
    register(ada)

    with pytest.raises(Conflict, match="registered already") as refusal:
        register(ada, name="Again")
    assert refusal.value.code == "ACCOUNT_TAKEN"


def test_an_account_without_a_given_external_id_gets_one_that_nobody_can_guess(ada):
    first = register(ada, external_id="")
    second = register(ada, account_id="333333333333", role_arn="", external_id="")

    assert len(first.external_id) >= 32
    assert first.external_id != second.external_id


def test_a_changed_role_has_to_be_validated_again_and_a_changed_name_has_not(aws, ada):
    account = services.validate_account(account=register(ada), actor=ada)

    assert change(account, ada, name="Renamed").status == "VALID"
    assert change(account, ada, role_arn=f"{ROLE}-2").status == "UNVALIDATED"


def test_a_region_that_is_taken_away_is_disabled_and_keeps_what_is_known_of_it(ada):
    account = register(ada, regions=["us-east-1", "us-west-2"])
    AccountRegion.objects.filter(region="us-west-2").update(last_error="Kept.")

    change(account, ada, regions=["us-east-1", "eu-west-1"])

    enabled = dict(account.regions.values_list("region", "is_enabled"))
    assert enabled == {"us-east-1": True, "us-west-2": False, "eu-west-1": True}
    assert account.regions.get(region="us-west-2").last_error == "Kept."


def test_a_stale_version_changes_nothing(ada):
    account = register(ada)
    stale = account.version
    change(account, ada, name="First")

    with pytest.raises(VersionMismatch, match="changed by someone else"):
        change(account, ada, version=stale, name="Second")
    account.refresh_from_db()
    assert account.name == "First"


def test_a_change_keeps_what_a_validation_wrote_meanwhile(aws, ada):
    account = register(ada)
    seen_before = TargetAccount.objects.get(pk=account.pk)
    services.validate_account(account=account, actor=ada)

    change(seen_before, ada, name="Renamed")

    account.refresh_from_db()
    assert (account.name, account.status) == ("Renamed", "VALID")


@pytest.mark.parametrize("who", ["olga", "vera", "sam"])
def test_only_those_who_manage_accounts_register_one(request, who):
    with pytest.raises(Denied, match="drs:ManageAccounts"):
        register(request.getfixturevalue(who))


def test_who_sees_an_account_may_ask_for_a_synchronisation_of_its_enabled_regions(ada, vera):
    account = register(ada, regions=["us-east-1", "us-west-2"])
    change(account, ada, regions=["us-east-1"])

    assert services.request_sync(account=account, actor=vera) == 1
    assert AuditEvent.objects.first().detail == {"regions": ["us-east-1"]}


def test_of_an_account_that_was_removed_meanwhile_nothing_is_synchronised(ada):
    account = register(ada)
    services.remove_account(account=TargetAccount.objects.get(), actor=ada, version=1)

    assert start_sync(account=account, actor=ada) == 0


@where_writers_wait
def test_a_synchronisation_and_a_change_of_several_regions_do_not_wait_for_each_other(at_once, ada):
    account = register(ada, regions=[factories.REGION, "eu-north-1"])
    first, second = AccountRegion.objects.order_by("pk")
    is_half_way = Event()

    def somebody_waits():
        with connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")
            return cursor.fetchone()[0]

    def change_backwards():
        with transaction.atomic():
            TargetAccount.objects.get().claim_version(1, ada)
            AccountRegion.objects.filter(pk=second.pk).update(is_initialized=True)
            is_half_way.set()
            assert wait_for(somebody_waits, 5)
            AccountRegion.objects.filter(pk=first.pk).update(is_initialized=True)

    def synchronise():
        assert is_half_way.wait(5)
        with transaction.atomic():
            return start_sync(account=account, actor=ada)

    assert at_once(change_backwards, synchronise) == [None, 2]
