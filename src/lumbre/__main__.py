"""`python -m lumbre` is `lumbre`."""

from lumbre.cli import main

if __name__ == "__main__":
    main()
