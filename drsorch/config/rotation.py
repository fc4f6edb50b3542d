"""Encrypt the secrets at rest anew, so that an old key can be given up."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models, transaction
from django.db.models.functions import Cast

from drsorch.access import policy
from drsorch.audit.actor import Actor
from drsorch.audit.record import record
from drsorch.secrets import EncryptedTextField, is_under_first_key


def rotate_secrets(*, actor: Actor) -> int:
    """Encrypt every secret that is under a later key with the first one; return how many. No AWS beyond the keys.

    Each in a transaction of its own, so that it can be stopped and run again. Other processes must have the new first
    key already: they would go on encrypting with the old one, and could not read what is written here. Raises Denied,
    ImproperlyConfigured for a secret that no key opens.
    """
    policy.require_administrator(actor, "Encrypting the secrets anew")
    rotated = 0
    for model, name in _columns():
        for key in list(_stale(model, name)):
            rotated += _rotate(model, name, key, actor)
    return rotated


def stale_secrets() -> int:
    """Return how many secrets are not under the first key."""
    return sum(1 for model, name in _columns() for _ in _stale(model, name))


def _columns() -> Iterator[tuple[type[models.Model], str]]:
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, EncryptedTextField):
                yield model, field.name


def _stale(model: type[models.Model], name: str) -> Iterator[Any]:
    # As it is stored: read as what it is, the column would be decrypted.
    stored = model._base_manager.annotate(stored=Cast(name, models.TextField())).order_by("pk")
    for key, text in stored.values_list("pk", "stored").iterator():
        if text and not is_under_first_key(text):
            yield key


def _rotate(model: type[models.Model], name: str, key: Any, actor: Actor) -> int:
    with transaction.atomic():
        row = model._base_manager.select_for_update().filter(pk=key).first()
        if row is None:
            return 0
        model._base_manager.filter(pk=key).update(**{name: getattr(row, name)})
        record(actor, "rotate_secret", row, column=name)
    return 1
