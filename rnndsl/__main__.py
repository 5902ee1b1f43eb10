"""`python -m rnndsl`: the command line."""

from rnndsl.cli.main import main

if __name__ == "__main__":
    main()
