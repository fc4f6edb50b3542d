"""Let sets of accounts tell Regions, and executions the RTO they are measured by."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("executions", "0009_servers_as_their_executions"),
        ("protection", "0006_index_of_present_servers"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccountSetRegion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("region", models.CharField(max_length=32)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="protection.targetaccount",
                    ),
                ),
                (
                    "account_set",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="regions",
                        to="executions.accountset",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account_set", "account", "region"), name="region_once_in_account_set"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="execution",
            name="rto_minutes",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name="execution",
            name="ran_in",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="executions",
                to="executions.accountset",
            ),
        ),
        migrations.RemoveIndex(model_name="execution", name="execution_status_created"),
        migrations.RemoveIndex(model_name="execution", name="execution_created_and_reach"),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                fields=["status", "-created_at", "-id", "ran_in", "plan", "ended_at", "rto_minutes"],
                name="execution_status_and_reach",
            ),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                fields=["created_at", "id", "ran_in", "plan", "status", "ended_at", "rto_minutes"],
                name="execution_created_and_reach",
            ),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(fields=["ran_in", "plan", "status", "ended_at"], name="execution_ran_in_and_reach"),
        ),
    ]
