"""The threads that tasks run in, and calls in them."""
