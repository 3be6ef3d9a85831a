"""What a shell shows: cards, output, tracebacks, values."""
