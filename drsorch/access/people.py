"""The first administrator of an installation, and what is evidence of people."""

from typing import Any

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from drsorch.access.models import User
from drsorch.access.roles import Role
from drsorch.audit.actor import Actor
from drsorch.audit.facts import facts_of
from drsorch.audit.record import record
from drsorch.errors import Conflict, Invalid
from drsorch.saving import no_twin, validate


@transaction.atomic
def create_administrator(*, username: str, email: str, password: str, actor: Actor, another: bool = False) -> User:
    """Create a person with the role of an administrator, who may use the admin site.

    The caller is somebody who may run commands on the host, `actor` says who. Raises Conflict when an active
    administrator exists and `another` was not asked for, or the name is taken; Invalid for a weak password.
    """
    role, _ = Group.objects.get_or_create(name=Role.ADMIN)
    Group.objects.select_for_update().get(pk=role.pk)  # of two commands at once, the second sees the first
    present = User.objects.filter(groups=role, is_active=True).order_by("username").first()
    if present and not another:
        raise Conflict(
            f"There is an administrator already: {present}. Ask them, or say --another to create one more.",
            code="ADMINISTRATOR_EXISTS",
        )
    person = User(username=username, email=email, is_staff=True)
    person.set_password(password)
    validate(person)
    try:
        validate_password(password, person)
    except ValidationError as error:
        sentence = " ".join(error.messages)
        raise Invalid(
            f"The password is refused: {sentence}", details={"fields": {"password": error.messages}}
        ) from error
    with no_twin(f"There is a person named {username} already. Choose another name.", "NAME_TAKEN"):
        person.save()
    person.groups.add(role)
    record(actor, "create_administrator", person, after=facts_of_person(person), another=another)
    return person


def facts_of_person(person: User) -> dict[str, Any]:
    """Return what is evidence of a person: their columns without the password, and their roles and teams."""
    return facts_of(person) | {"roles": sorted(person.groups.values_list("name", flat=True))}
