"""Tags and servers of before say what their executions say. Apart from the columns, as 0009 is."""

from django.db import migrations
from django.db.models import OuterRef, Subquery


def copy(apps, schema_editor):
    """Give the rows of before what their executions say."""
    executions = apps.get_model("executions", "Execution").objects
    apps.get_model("executions", "ServerRun").objects.update(
        mode=Subquery(executions.filter(waves=OuterRef("wave")).values("mode"))
    )
    of_tag = executions.filter(pk=OuterRef("execution"))
    apps.get_model("executions", "ExecutionTag").objects.update(
        **{name: Subquery(of_tag.values(name)) for name in ("created_at", "plan", "ran_in")}
    )


class Migration(migrations.Migration):
    """Fills the new columns only."""

    dependencies = [("executions", "0014_filters_told_by_the_row")]
    operations = [migrations.RunPython(copy, migrations.RunPython.noop)]
