"""SOAP: the partner login, and the Metadata API."""
