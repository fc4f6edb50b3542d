"""What the pages of executions show, computed once for template and terminal."""

from executions.page.execution import ExecutionPage
from executions.page.review import Review
from executions.page.waves import WaveRow

__all__ = ["ExecutionPage", "Review", "WaveRow"]
