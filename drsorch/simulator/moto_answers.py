"""What moto works out anew for each of its answers although it never changes, worked out once.

Of an answer about one instance it derives up to ten names for each of ninety members. For every request at all it lists
its own folder on the disk, and the methods of the class that answers.
"""

from functools import cache
from typing import Any

import moto.backends
import moto.core.responses
from moto.core.serialize import AttributePickerContext, XFormedAttributePicker
from moto.core.utils import MISSING, get_value, method_names_from_class

# The names of a member depend on the class of the object and on the structure of the model that the member is in.
Member = tuple[type, str, str, str]
_names: dict[Member, tuple[str, ...]] = {}
_modules = frozenset(moto.backends.list_of_moto_modules())
_method_names = cache(method_names_from_class)


def install() -> None:
    """Let moto's services answer this way. Doing it again changes nothing."""
    vars(moto.core.responses).update(XFormedAttributePicker=RememberingPicker, method_names_from_class=_method_names)
    vars(moto.backends)["list_of_moto_modules"] = lambda: _modules


class RememberingPicker(XFormedAttributePicker):
    """Finds what moto's own finds."""

    def __call__(self, context: AttributePickerContext) -> Any:
        """The value of a member, or None."""
        value = self._value(context)
        path = f"{context.key_path}.{context.key}"
        if path.endswith(tuple(self.response_transformers)):
            ends = next(end for end in self.response_transformers if path.endswith(end))
            return self.response_transformers[ends](value)
        return value

    def _value(self, context: AttributePickerContext) -> Any:
        for name in self._known_names(context):
            value = get_value(context.obj, name, MISSING)
            if value is not MISSING:
                return value
        return None

    def _known_names(self, context: AttributePickerContext) -> tuple[str, ...]:
        parent, service = getattr(context.shape, "parent", None), context.service_model
        if parent is None or service is None:
            return tuple(self.get_possible_keys(context))
        member = type(context.obj), service.service_name, parent.name, context.key
        names = _names.get(member)
        if names is None:
            names = _names[member] = tuple(dict.fromkeys(self.get_possible_keys(context)))
        return names
