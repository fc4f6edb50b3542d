"""Secrets at rest: encrypted columns under keys from the environment."""

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise ImproperlyConfigured("ENCRYPTION_KEYS holds something that is not a Fernet key.") from error


class EncryptedTextField(models.TextField):
    """Text that is encrypted in the database. It cannot be searched, and is refused when no key fits."""

    is_secret = True  # and therefore never evidence

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt with the first of the keys."""
        text = super().get_prep_value(value)
        return text and _cipher(tuple(settings.ENCRYPTION_KEYS)).encrypt(text.encode()).decode()

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        """Decrypt with whichever key fits. Raises ImproperlyConfigured when none does."""
        try:
            return value and _cipher(tuple(settings.ENCRYPTION_KEYS)).decrypt(value.encode()).decode()
        except InvalidToken as error:
            raise ImproperlyConfigured(
                f"{self.model.__name__}.{self.name} was encrypted under a key that is not in ENCRYPTION_KEYS."
            ) from error
