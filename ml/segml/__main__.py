"""Run the command line with ``python -m segml``."""

from segml.cli import main

if __name__ == "__main__":
    main()
