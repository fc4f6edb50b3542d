"""The worker group's end of the pipe on which its supervisor listens: one line per sign of life."""

import contextlib
import os
import time

AT_MOST_EVERY = 0.5  # seconds between two equal signs of progress of one process
LONGEST = 400  # bytes; below PIPE_BUF, so that lines of different processes never mix


class Pulse:
    """Tells the supervisor what happens. Shared by all processes of the group; never blocks."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        os.set_inheritable(descriptor, False)
        self.descriptor = descriptor
        self.told_at: dict[str, float] = {}

    def tell(self, *words: object) -> None:
        """Send one line."""
        line = " ".join(str(word) for word in words).replace("\n", " ")
        # A full pipe means that the supervisor is held up. A lost sign of life does no harm: it reads the others first.
        # A broken pipe means that it is gone, and then so are we (see lifeline).
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            os.write(self.descriptor, line.encode()[:LONGEST] + b"\n")

    def progress(self, word: str) -> None:
        """Send `word`, but not more often than the supervisor can make use of."""
        now = time.monotonic()
        if now - self.told_at.get(word, 0.0) >= AT_MOST_EVERY:
            self.told_at[word] = now
            self.tell(word)
