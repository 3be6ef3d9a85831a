"""What a batch looks like: decided in `summary`, drawn as a card and as text."""
