"""What belongs to a task beside its outcome: its attempts, its child tasks, its progress."""
