"""tiersync: a tier, advice and a "say no" flag on every account, each with its reason."""

__version__ = "0.1.0"
