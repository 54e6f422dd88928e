"""Records, links and reference data read, page by page, complete or not at all."""
