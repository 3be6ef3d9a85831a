"""What the panel shows of one task when its row is opened."""
