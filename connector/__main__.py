"""`python -m connector` is the `tiersync` command."""

from connector.cli import main

if __name__ == "__main__":
    main()
