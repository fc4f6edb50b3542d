"""Let the servers of executions say who may see them: lists need not read the execution of each."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def copy(apps, schema_editor):
    """Give the servers of before what their executions say."""
    executions = apps.get_model("executions", "Execution").objects.filter(waves=OuterRef("wave"))
    apps.get_model("executions", "ServerRun").objects.update(
        **{name: Subquery(executions.values(name)) for name in ("plan", "ran_in")}
    )


class Migration(migrations.Migration):

    dependencies = [
        ("executions", "0007_four_eyes"),
        ("plans", "0003_indexes_of_lists"),
    ]

    operations = [
        migrations.AddField(
            model_name="serverrun",
            name="plan",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="plans.recoveryplan",
            ),
        ),
        migrations.AddField(
            model_name="serverrun",
            name="ran_in",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="executions.accountset",
            ),
        ),
        migrations.RunPython(copy, migrations.RunPython.noop),
    ]
