"""Records and their reference data read, page by page or by bulk jobs, complete or not at all."""
