"""The account itself: records, definitions, links, pipelines, and what every write goes through."""
