"""The queue: enqueue() for callers, the supervised worker, its ticker and its schedules."""
