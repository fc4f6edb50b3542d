"""Indexes for lists that stay as quick as they are with a hundredth of the rows."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("executions", "0005_caller_context"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                fields=["created_at", "id", "ran_in", "plan", "status"], name="execution_created_and_reach"
            ),
        ),
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                fields=["mode", "created_at", "id", "ran_in", "plan"], name="execution_mode_and_reach"
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["created_at", "id"], name="job_created"),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["account", "created_at", "id"], name="job_of_an_account_created"),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["job_id"], name="job_by_its_id"),
        ),
        migrations.AddIndex(
            model_name="serverrun",
            index=models.Index(fields=["source_server_id"], name="server_run_of_a_server"),
        ),
    ]
