"""What databases add up for lists, where Django has no word for it."""

from typing import Any

from django.db.models import Aggregate, BigIntegerField, Func, JSONField

WHOLE = "STRFTIME('%%s', SUBSTR({0}, 1, 19))"  # SQLite has times as text; what follows the seconds is their fraction


class Seconds(Func):
    """The whole seconds from one time to another, exactly: rounded down, also below 0."""

    arity = 2
    output_field = BigIntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> tuple[str, tuple[Any, ...]]:
        """Return it by the whole seconds of both, less one when the later has the smaller fraction."""
        (first, its), (last, others) = map(compiler.compile, self.source_expressions)
        whole = f"{WHOLE.format(last)} - {WHOLE.format(first)}"
        return f"({whole} - (SUBSTR({last}, 20) < SUBSTR({first}, 20)))", (*others, *its) * 2

    def as_postgresql(self, compiler: Any, _connection: Any, **_extra: Any) -> tuple[str, tuple[Any, ...]]:
        """Return it by what lies between them."""
        (first, its), (last, others) = map(compiler.compile, self.source_expressions)
        return f"FLOOR(EXTRACT(EPOCH FROM {last} - {first}))::bigint", (*others, *its)


class Listed(Aggregate):
    """The values of all rows as one list, in no order; None of none on PostgreSQL. Numbers come so in one piece."""

    function = "JSONB_AGG"
    output_field = JSONField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> tuple[str, tuple[Any, ...]]:
        """Return it as SQLite calls it."""
        sql, arguments = self.as_sql(compiler, connection, function="JSON_GROUP_ARRAY", **extra_context)
        return sql, tuple(arguments)
