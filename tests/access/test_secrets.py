"""Secrets at rest: unreadable in the table, and refused under a wrong key."""

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from protection.models import TargetAccount
from protection.services import register_account
from tests import factories

pytestmark = pytest.mark.django_db
SECRET = "canary-external-id"


@pytest.fixture
def account(ada):
    """An account with a known secret."""
    return register_account(actor=ada, account_id=factories.TARGET, name="T", regions=["us-east-1"], external_id=SECRET)


def stored():
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM protection_targetaccount")
        return cursor.fetchone()


def test_a_secret_comes_back_and_is_not_readable_in_the_table(account):
    assert TargetAccount.objects.get().external_id == SECRET
    assert SECRET not in repr(stored())


def test_the_same_secret_looks_different_each_time(account):
    before = stored()
    account.save()
    assert stored() != before


def test_an_old_key_still_opens_what_it_closed(account, settings):
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]

    assert TargetAccount.objects.get().external_id == SECRET


def test_a_wrong_key_is_a_sentence_that_names_the_column_and_not_the_secret(account, settings):
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(ImproperlyConfigured) as refusal:
        TargetAccount.objects.get()
    assert str(refusal.value) == ("TargetAccount.external_id was encrypted under a key that is not in ENCRYPTION_KEYS.")


def test_something_that_is_no_key_is_a_sentence(account, settings):
    settings.ENCRYPTION_KEYS = ["not a key"]

    with pytest.raises(ImproperlyConfigured, match="holds something that is not a Fernet key"):
        TargetAccount.objects.get()
