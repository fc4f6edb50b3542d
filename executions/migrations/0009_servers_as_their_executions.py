"""Servers of before say what their executions say. Apart from the columns: PostgreSQL refuses both in one transaction."""

from django.db import migrations
from django.db.models import OuterRef, Subquery


def copy(apps, schema_editor):
    """Give the servers of before what their executions say."""
    executions = apps.get_model("executions", "Execution").objects.filter(waves=OuterRef("wave"))
    apps.get_model("executions", "ServerRun").objects.update(
        **{name: Subquery(executions.values(name)) for name in ("plan", "ran_in")}
    )


class Migration(migrations.Migration):
    """Fills the new columns only."""

    dependencies = [("executions", "0008_who_may_see_servers")]
    operations = [migrations.RunPython(copy, migrations.RunPython.noop)]
