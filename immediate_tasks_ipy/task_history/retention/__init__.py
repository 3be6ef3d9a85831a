"""What a history keeps besides results, and for how long."""
