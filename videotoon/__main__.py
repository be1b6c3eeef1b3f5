"""``python -m videotoon`` is the same as the command ``videotoon``."""

from videotoon.cli.app import main

if __name__ == "__main__":
    main()
