"""What next? Pure functions over frozen facts: no database, no AWS, no clock of their own."""

from executions.decisions.next_action import decide

__all__ = ["decide"]
