"""SOQL: read, checked against the schema as the running user sees it, and run over records."""
