"""The command line: reads arguments, calls wiring, prints, exits.

Each module holds one family of commands and a function `mount(app)`; a command takes `call: Call` (the
shared options, see call.py), returns its exit code, raises ConnectorError, and prints through `call`.
"""

import gc
import os
from typing import Never

__all__ = ["main"]

CYCLES_LOOKED_FOR_EVERY = (400_000, 20, 50)
"""Objects made between two searches for cycles: a run makes millions of values and hardly a cycle, and searching at
Python's own 700 takes a fifth of it."""


def main() -> Never:
    """Run the command line and exit."""
    gc.set_threshold(*CYCLES_LOOKED_FOR_EVERY)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # we have none, and looking for them takes 50 ms
    from connector.cli.ending import main as run  # after the lines above: imports make objects too

    try:
        run()
    finally:
        gc.freeze()  # what is left ends with the process: to search it once more for cycles takes 0.3 s
