"""Keys for secrets at rest: from the environment or KMS, several at once, and given up by a command."""

import base64
import io

import boto3
import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection

from drsorch import secrets
from drsorch.audit.models import AuditEvent
from drsorch.aws.errors import AwsError
from drsorch.checks import encryption_keys_are_keys
from drsorch.config.rotation import rotate_secrets, stale_secrets
from drsorch.errors import Denied
from drsorch.secrets import is_entry, load_keys, new_key, new_key_in_kms
from protection.models import TargetAccount
from protection.services import register_account

pytestmark = pytest.mark.django_db
SECRET = "canary-external-id"
REGION = "eu-central-1"


@pytest.fixture
def accounts(ada):
    """Three accounts with secrets."""
    for number in (1, 2, 3):
        register_account(
            actor=ada, account_id=f"{number}" * 12, name=f"A{number}", regions=["us-east-1"], external_id=SECRET
        )


@pytest.fixture
def kms_key(aws):
    """A key in the local endpoint's KMS."""
    secrets._fernets.cache_clear()
    yield boto3.client("kms", region_name=REGION).create_key()["KeyMetadata"]["KeyId"]
    secrets._fernets.cache_clear()


def stored():
    with connection.cursor() as cursor:
        cursor.execute("SELECT external_id FROM protection_targetaccount ORDER BY account_id")
        return [row[0] for row in cursor.fetchall()]


def external_ids():
    return set(TargetAccount.objects.values_list("external_id", flat=True))


def test_after_a_rotation_the_old_key_may_go(accounts, ada, settings):
    new = new_key()
    settings.ENCRYPTION_KEYS = [new, *settings.ENCRYPTION_KEYS]
    assert stale_secrets() == 3

    assert rotate_secrets(actor=ada) == 3

    assert stale_secrets() == 0
    settings.ENCRYPTION_KEYS = [new]
    assert external_ids() == {SECRET}
    assert {Fernet(new).decrypt(text).decode() for text in stored()} == {SECRET}


def test_each_rotated_secret_is_recorded_and_none_is_shown(accounts, ada, settings):
    settings.ENCRYPTION_KEYS = [new_key(), *settings.ENCRYPTION_KEYS]
    rotate_secrets(actor=ada)

    events = AuditEvent.objects.filter(action="rotate_secret")
    assert {(event.actor, event.object_kind) for event in events} == {("ada", "targetaccount")}
    assert events.count() == 3
    assert SECRET not in repr([vars(event) for event in events])


def test_what_is_under_the_first_key_is_left_alone(accounts, ada):
    before = stored()
    assert rotate_secrets(actor=ada) == 0
    assert stored() == before


def test_a_rotation_that_was_stopped_goes_on(accounts, ada, settings, monkeypatch):
    settings.ENCRYPTION_KEYS = [new_key(), *settings.ENCRYPTION_KEYS]
    TargetAccount.objects.filter(account_id="1" * 12).update(external_id=SECRET)

    assert rotate_secrets(actor=ada) == 2
    assert stale_secrets() == 0


def test_a_secret_that_no_key_opens_stops_it_with_the_column(accounts, ada, settings):
    settings.ENCRYPTION_KEYS = [new_key()]
    with pytest.raises(ImproperlyConfigured, match=r"TargetAccount\.external_id was encrypted under a key"):
        rotate_secrets(actor=ada)


def test_only_administrators_rotate(accounts, olga, settings):
    settings.ENCRYPTION_KEYS = [new_key(), *settings.ENCRYPTION_KEYS]
    with pytest.raises(Denied, match="Encrypting the secrets anew needs every permission"):
        rotate_secrets(actor=olga)
    assert stale_secrets() == 3


def test_a_key_that_only_kms_opens_works_beside_others(kms_key, accounts, ada, settings):
    entry = new_key_in_kms(kms_key, REGION)
    settings.ENCRYPTION_KEYS = [entry, *settings.ENCRYPTION_KEYS]
    load_keys()

    assert entry.startswith(f"kms:{REGION}:")
    assert rotate_secrets(actor=ada) == 3
    settings.ENCRYPTION_KEYS = [entry]
    secrets._fernets.cache_clear()  # as a new process
    assert external_ids() == {SECRET}


def test_kms_is_asked_once_for_a_process(kms_key, accounts, ada, settings, caplog):
    caplog.set_level("INFO")
    settings.ENCRYPTION_KEYS = [new_key_in_kms(kms_key, REGION), *settings.ENCRYPTION_KEYS]
    load_keys()
    rotate_secrets(actor=ada)
    external_ids()

    asked = [line.operation for line in caplog.records if line.name == "drsorch.aws"]
    assert asked == ["GenerateDataKeyWithoutPlaintext", "Decrypt"]


def test_a_key_that_kms_does_not_open_is_a_sentence_without_the_key(kms_key, settings):
    foreign = boto3.client("kms", region_name=REGION).encrypt(KeyId=kms_key, Plaintext=b"x" * 32)["CiphertextBlob"]
    entry = f"kms:{REGION}:{base64.urlsafe_b64encode(foreign).decode()}"  # made for another purpose
    settings.ENCRYPTION_KEYS = [*settings.ENCRYPTION_KEYS, entry]

    with pytest.raises(ImproperlyConfigured, match="Entry 2 of ENCRYPTION_KEYS was not opened by KMS") as refusal:
        load_keys()
    assert entry not in str(refusal.value)


def test_an_entry_is_a_key_or_one_in_kms(settings):
    good = [new_key(), "kms:eu-west-1:AQIDAHg="]
    bad = ["", "not a key", "kms:eu-west-1", "kms::AQID", "kms:eu-west-1:A", "kms:eu west:AQID"]
    assert [is_entry(text) for text in good] == [True] * 2
    assert [is_entry(text) for text in bad] == [False] * 6

    settings.ENCRYPTION_KEYS = [*good, "not a key"]
    [problem] = encryption_keys_are_keys(None)
    assert "Entry 3" in problem.msg


def test_the_command_makes_keys_and_rotates(kms_key, accounts, ada, settings):
    made = io.StringIO()
    call_command("keys", "new", stdout=made)
    call_command("keys", "new", "--kms", kms_key, "--region", REGION, stdout=made)
    settings.ENCRYPTION_KEYS = [*made.getvalue().split(), *settings.ENCRYPTION_KEYS]
    said = io.StringIO()

    call_command("keys", "rotate", "--as", "ada", stdout=said)

    assert said.getvalue() == "3 secrets were encrypted anew. All are under the first key: the others may go.\n"
    with pytest.raises(CommandError, match="--kms needs --region"):
        call_command("keys", "new", "--kms", "x")
    with pytest.raises(CommandError, match="no active user named nobody"):
        call_command("keys", "rotate", "--as", "nobody")


def test_a_kms_key_that_does_not_exist_is_aws_s_answer(aws):
    with pytest.raises(AwsError):
        new_key_in_kms("00000000-0000-0000-0000-000000000000", REGION)
