"""What may break in between: interrupts, forks, and exceptions that are hard to describe."""
