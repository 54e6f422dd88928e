"""A folder of CSV or Parquet files as a CRM: read as it is, answered in outputs.csv beside it."""
