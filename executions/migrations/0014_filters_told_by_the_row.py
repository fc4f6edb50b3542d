"""Let tags and servers of executions say what lists are filtered and ordered by, and index the filters of jobs."""

import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone


class Migration(migrations.Migration):

    dependencies = [
        ("executions", "0013_indexes_of_dates"),
        ("plans", "0003_indexes_of_lists"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="executiontag", name="execution_tag_key_value"),
        migrations.AddField(
            model_name="executiontag",
            name="created_at",
            field=models.DateTimeField(default=timezone.now),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="executiontag",
            name="plan",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="plans.recoveryplan",
            ),
        ),
        migrations.AddField(
            model_name="executiontag",
            name="ran_in",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="executions.accountset",
            ),
        ),
        migrations.AddField(
            model_name="serverrun",
            name="mode",
            field=models.CharField(choices=[("DRILL", "Drill"), ("RECOVERY", "Recovery")], default="", max_length=8),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="executiontag",
            index=models.Index(
                fields=["key", "value", "created_at", "execution", "ran_in", "plan"], name="execution_by_tag_and_reach"
            ),
        ),
        migrations.RemoveIndex(model_name="execution", name="execution_mode_and_reach"),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                fields=["mode", "created_at", "id", "ran_in", "plan", "status", "ended_at", "rto_minutes"],
                name="execution_for_mode_and_reach",
            ),
        ),
        *(
            migrations.AddIndex(
                model_name="job", index=models.Index(fields=[column, "created_at", "id"], name=name)
            )
            for column, name in (
                ("region", "job_in_a_region_created"),
                ("status", "job_in_a_status_created"),
                ("type", "job_of_a_type_created"),
            )
        ),
        *(
            migrations.AddIndex(
                model_name="serverrun",
                index=models.Index(
                    fields=[column, "id", "recovery_instance_id", "ran_in", "plan"],
                    condition=~models.Q(recovery_instance_id=""),
                    name=name,
                ),
            )
            for column, name in (
                ("mode", "instance_for_a_mode"),
                ("launch_status", "instance_in_a_status"),
                ("region", "instance_in_a_region"),
            )
        ),
    ]
