"""Assay as a job of a cluster, started by spark-submit, EMR or Glue: all commands, on the cluster's own Spark.

``spark-submit job.py --store secret://assay/store#url validate spark://local/shop.orders``. Glue gives parameters by
name only: ``--assay "validate spark://local/shop.orders"``, beside its own ones, which are none of ours.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence

from tools.errors import AssayError

NOT_DONE = 2


def words_of(given: Sequence[str]) -> tuple[list[str], str]:
    """The words of the command, and the name of the store. Raises AssayError where there is no command."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--assay", default="")
    parser.add_argument("--store", default="")
    known, others = parser.parse_known_args(list(given))
    try:
        words = shlex.split(known.assay) if known.assay else others
    except ValueError as error:
        raise AssayError(f"--assay cannot be read: {error}.", hint="Close the quote.") from None
    if not words or words[0].startswith("-"):
        raise AssayError("The job has nothing to do.", hint='Give --assay "validate SOURCE", or the words themselves.')
    return words, known.store


def main(given: Sequence[str] | None = None) -> None:
    """Runs a command of ``assay``. Ends with its exit code where that is not 0: 1 a rule failed, 2 it was not done."""
    from graph.clusters import use_store
    from ui.cli.main import main as assay
    from ui.cli.output import error_line

    try:
        words, store = words_of(sys.argv[1:] if given is None else given)
        use_store(store)
    except AssayError as error:
        error_line(str(error))
        sys.exit(NOT_DONE)
    sys.argv = ["assay", *words]
    try:
        assay()
    except SystemExit as end:
        if end.code:  # for Glue, a script that calls exit has failed, whatever the code
            raise


if __name__ == "__main__":
    main()
