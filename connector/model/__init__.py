"""The nouns every room shares: records as they are read, changes as they are written, outcomes as they land."""
