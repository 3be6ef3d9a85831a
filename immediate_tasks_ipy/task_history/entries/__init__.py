"""What holds entries together: the bounded store of them, the runs of a task, its children."""
