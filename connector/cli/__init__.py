"""The command line: reads arguments, calls wiring, prints, exits.

Each module holds one family of commands and a function `mount(app)`; a command takes `call: Call` (the
shared options, see call.py), returns its exit code, raises ConnectorError, and prints through `call`.
"""

from connector.cli.ending import main

__all__ = ["main"]
