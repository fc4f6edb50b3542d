"""Say of automation where it was invoked from. Choices only: the table stays, and so do its triggers."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_refuse_changes")]

    operations = [
        migrations.AlterField(
            model_name="auditevent",
            name="source",
            field=models.CharField(
                choices=[
                    ("UI", "Console"),
                    ("API", "API"),
                    ("CLI", "Command line"),
                    ("ADMIN", "Admin site"),
                    ("SSM", "Systems Manager"),
                    ("STEPFUNCTIONS", "Step Functions"),
                    ("EVENTBRIDGE", "EventBridge"),
                    ("SCHEDULE", "Schedule"),
                    ("ENGINE", "Engine"),
                ],
                max_length=16,
            ),
        ),
    ]
