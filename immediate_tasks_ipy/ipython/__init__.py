"""The shell's part: the extension, its settings, its magics and what they need."""
