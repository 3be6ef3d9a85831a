"""The magics: `%%enqueue`, `%enqueue` and `%tasks`, and all that a shell needs for them."""
