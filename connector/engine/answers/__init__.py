"""What is asked of an evaluation: each question a query over its last tables."""
