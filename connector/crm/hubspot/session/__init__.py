"""Calls to an account: tokens, one call function, what an answer means, and which limits it tells."""
