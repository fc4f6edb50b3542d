"""How the database goes about a query."""

from django.db import connection


def plan_of(sql):
    """Return the steps of SQLite's plan for a query that is written out."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return [row[-1] for row in cursor.fetchall()]
