"""What a line and a cell ask for: the jobs of an `%%enqueue`, before any has run."""
