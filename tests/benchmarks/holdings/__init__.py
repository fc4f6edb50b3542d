"""An installation as it is after years: servers, groups, plans, executions with what they left, evidence, grants."""

from django.db import transaction

from drsorch.access.models import User
from tests.benchmarks.holdings.history import History
from tests.benchmarks.holdings.rights import evidence, granting, write_grants, write_tokens
from tests.benchmarks.holdings.size import Size
from tests.benchmarks.holdings.stock import AT_A_TIME, Stock

__all__ = ["Holdings", "Size", "evidence", "granting"]


class Holdings(Stock):
    """Writes all of it into an empty database. The rows of the same number are alike, however many there are."""

    def __init__(self, size: Size, owner: User) -> None:
        super().__init__(size)
        self.owner = owner

    def write(self) -> None:
        """Write everything but the evidence."""
        with transaction.atomic():
            super().write()
            write_grants(self)
            write_tokens(self, self.owner)
        history = History(self, self.owner)
        for first in range(0, self.size.executions, AT_A_TIME):
            with transaction.atomic():
                history.write(range(first, min(first + AT_A_TIME, self.size.executions)))
