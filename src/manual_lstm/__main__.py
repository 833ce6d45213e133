"""``python -m manual_lstm --version``: which version is installed, also where NumPy is alone."""

import argparse

from manual_lstm import __version__


def main() -> None:
    """Answer ``--version``; the commands are those of ``manual-lstm``."""
    parser = argparse.ArgumentParser(
        prog="python -m manual_lstm",
        description="NumPy cells with hand-written backward passes. The commands (check, debug, "
        "train, ...) are those of `manual-lstm`, or `python -m reference`.",
    )
    parser.add_argument("--version", action="version", version=f"manual-lstm {__version__}")
    parser.parse_args()
    parser.print_help()


if __name__ == "__main__":
    main()
