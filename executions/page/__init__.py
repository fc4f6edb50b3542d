"""What the pages of executions show, computed once for template and terminal."""

from executions.page.execution import ExecutionPage
from executions.page.questions import Question
from executions.page.review import Review
from executions.page.servers import Note
from executions.page.waves import WaveRow

__all__ = ["ExecutionPage", "Note", "Question", "Review", "WaveRow"]
