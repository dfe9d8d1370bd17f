"""``python -m lback_cli`` is the same program as ``lback``."""

from lback_cli.main import main

if __name__ == "__main__":
    main()
