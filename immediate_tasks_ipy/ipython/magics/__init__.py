"""The magics: `%%enqueue`, `%enqueue` and `%tasks`, their options and their completion."""
