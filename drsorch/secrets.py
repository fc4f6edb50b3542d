"""Secrets at rest: encrypted columns under keys from the environment, a file, or KMS."""

import base64
import binascii
import re
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from drsorch.aws import kms, sessions
from drsorch.aws.errors import AwsError

IN_KMS = re.compile(r"kms:([a-z0-9-]+):([A-Za-z0-9_-]+=*)", re.ASCII)


def new_key() -> str:
    """Return a new entry for ENCRYPTION_KEYS that is the key itself."""
    return Fernet.generate_key().decode()


def new_key_in_kms(key_id: str, region: str) -> str:
    """Return a new entry for ENCRYPTION_KEYS that only the KMS key `key_id` of `region` opens. Asks AWS.

    Raises AwsError. The credentials of this installation need kms:GenerateDataKeyWithoutPlaintext now, and kms:Decrypt
    whenever a process starts.
    """
    encrypted = kms.new_data_key(sessions.hub_client("kms", region, purpose="keys"), key_id)
    return f"kms:{region}:{base64.urlsafe_b64encode(encrypted).decode()}"


def load_keys() -> None:
    """Open the keys that KMS has, once for this process: before it holds a transaction. Raises ImproperlyConfigured."""
    _fernets(tuple(settings.ENCRYPTION_KEYS))


def is_entry(text: str) -> bool:
    """Say whether `text` can be an entry of ENCRYPTION_KEYS. KMS is not asked."""
    try:
        found = IN_KMS.fullmatch(text)
        return bool(base64.urlsafe_b64decode(found[2]) if found else Fernet(text))
    except (ValueError, binascii.Error):
        return False


def is_under_first_key(encrypted: str) -> bool:
    """Say whether the stored text is encrypted under the first of the keys."""
    try:
        _fernets(tuple(settings.ENCRYPTION_KEYS))[0].decrypt(encrypted.encode())
    except InvalidToken:
        return False
    return True


@lru_cache(maxsize=4)
def _fernets(entries: tuple[str, ...]) -> tuple[Fernet, ...]:
    return tuple(_fernet(entry, number) for number, entry in enumerate(entries, start=1))


def _fernet(entry: str, number: int) -> Fernet:
    if not is_entry(entry):
        raise ImproperlyConfigured(f"Entry {number} of ENCRYPTION_KEYS holds something that is not a Fernet key.")
    found = IN_KMS.fullmatch(entry)
    if not found:
        return Fernet(entry)
    try:
        client = sessions.hub_client("kms", found[1], purpose="keys")
        return Fernet(base64.urlsafe_b64encode(kms.open_data_key(client, base64.urlsafe_b64decode(found[2]))))
    except AwsError as error:
        raise ImproperlyConfigured(
            f"Entry {number} of ENCRYPTION_KEYS was not opened by KMS: {error.message}"
        ) from error


def _cipher() -> MultiFernet:
    return MultiFernet(_fernets(tuple(settings.ENCRYPTION_KEYS)))


class EncryptedTextField(models.TextField):
    """Text that is encrypted in the database. It cannot be searched, and is refused when no key fits."""

    is_secret = True  # and therefore never evidence

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt with the first of the keys."""
        text = super().get_prep_value(value)
        return text and _cipher().encrypt(text.encode()).decode()

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        """Decrypt with whichever key fits. Raises ImproperlyConfigured when none does."""
        try:
            return value and _cipher().decrypt(value.encode()).decode()
        except InvalidToken as error:
            raise ImproperlyConfigured(
                f"{self.model.__name__}.{self.name} was encrypted under a key that is not in ENCRYPTION_KEYS."
            ) from error
