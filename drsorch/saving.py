"""Turn what the database and the models refuse into errors that a person can act on."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.text import capfirst

from drsorch.access import policy
from drsorch.audit.actor import Actor
from drsorch.errors import Conflict, Invalid
from drsorch.spreadsheets import is_formula


def validate(row: models.Model, *, what: str = "") -> None:
    """Check the row's fields and constraints. Raises Invalid with one sentence per field in `details["fields"]`.

    `what` names a row that is one of several, such as "Wave 2". Unique names are left to the database (`no_twin`),
    which alone can decide between two who save at once.
    """
    try:
        row.clean_fields()
        row.clean()
        _check_typed(row)
        _check_constraints(row)
    except ValidationError as error:
        fields = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
        sentences = " ".join(_sentence(row, what, name, messages) for name, messages in fields.items())
        raise Invalid(sentences, details={} if what else {"fields": fields}) from error


def _sentence(row: models.Model, what: str, name: str, messages: list[str]) -> str:
    label = "" if name == NON_FIELD_ERRORS else capfirst(str(row._meta.get_field(name).verbose_name))  # type: ignore[union-attr]
    where = ", ".join(part for part in (what, label) if part)
    return f"{where}: {' '.join(messages)}" if where else " ".join(messages)


def _check_typed(row: models.Model) -> None:
    """Refuse, in what people type (`typed` of the model), what its configuration could not be read from again.

    It stands in lists that spreadsheets open, too.
    """
    wrong: dict[str, str] = {}
    for name in getattr(row, "typed", ()):
        text = getattr(row, name)
        if is_formula(text):
            wrong[name] = "A spreadsheet takes this for a formula. Begin it otherwise."
        elif isinstance(row._meta.get_field(name), models.CharField) and not {"\n", "\r"}.isdisjoint(text):
            wrong[name] = "Write this on one line."
    if wrong:
        raise ValidationError(wrong)


def _check_constraints(row: models.Model) -> None:
    for constraint in row._meta.constraints:
        if isinstance(constraint, models.CheckConstraint):
            constraint.validate(type(row), row)


@contextmanager
def no_twin(sentence: str, code: str) -> Iterator[None]:
    """Turn a unique violation in the block into Conflict(sentence, code). Holds exactly the statement that may fail."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise Conflict(sentence, code=code) from error


@contextmanager
def own_name(row: models.Model, actor: Actor) -> Iterator[None]:
    """Turn a unique violation in the block that saves `row` into Conflict (NAME_TAKEN).

    Names are unique for the whole installation. Of one that has the name and is out of the actor's sight, it says no
    more than that the name is taken.
    """
    kind, name = row._meta.verbose_name, str(row)
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        twin = type(row)._default_manager.filter(name__iexact=name)
        is_seen = policy.scope(actor, twin).exists()
        sentence = f"There is a {kind} named {name} already. Choose another name." if is_seen else "This name is taken."
        raise Conflict(sentence, code="NAME_TAKEN") from error
