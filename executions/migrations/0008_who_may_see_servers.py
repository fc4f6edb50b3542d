"""Let the servers of executions say who may see them: lists need not read the execution of each."""

import django.db.models.deletion
from django.db import migrations, models


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
        migrations.AlterField(
            model_name="serverrun",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="protection.targetaccount",
            ),
        ),
        migrations.AddIndex(
            model_name="serverrun",
            index=models.Index(
                fields=["account", "id", "recovery_instance_id", "ran_in", "plan"], name="server_run_in_an_account"
            ),
        ),
    ]
