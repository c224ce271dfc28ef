"""`python -m service.cli` is `fathom`."""

from service.cli import main

if __name__ == "__main__":
    main(prog_name="fathom")
