#!/usr/bin/env python3
"""Annotates JSON Lines with `dateline annotate` on as many cores and machines as Spark has.

    annotate_spark.py INPUT OUTPUT [--dateline PATH] [--partitions N]

INPUT is a file or folder of JSON Lines, anywhere Spark can read; OUTPUT a folder that is not there yet. The parts of
OUTPUT, one after the other, are byte for byte what one `dateline annotate < INPUT` writes. `dateline` and `datelined`
must lie at the same place on every machine; nothing else is needed there: no daemon, no store, no state.

A line that is no document becomes a line that says so, and the job goes on; any other failure ends it.
"""

import argparse
import os
import shutil
import sys

from pyspark.sql import SparkSession

# What a worker's child process needs of the environment; `pipe` gives it none unless told.
PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR", "DATELINE_CONFIG", "DATELINE_DAEMON")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("input", help="JSON Lines: a file or a folder")
    arguments.add_argument("output", help="a folder to make")
    arguments.add_argument("--dateline", default=shutil.which("dateline"), help="the program, by its absolute path")
    arguments.add_argument("--partitions", type=int, help="pieces to cut the input into, at least")
    chosen = arguments.parse_args()
    if not chosen.dateline:
        print("annotate_spark: `dateline` is not on the PATH: name it with --dateline", file=sys.stderr)
        return 2
    spark = SparkSession.builder.appName("dateline annotate").getOrCreate()
    context = spark.sparkContext
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    # Exit code 2 after the last line tells of bad lines, which the output names; all else is a failure.
    command = ["/bin/sh", "-c", '"$0" annotate; code=$?; [ "$code" -eq 2 ] || exit "$code"', chosen.dateline]
    lines = context.textFile(chosen.input, chosen.partitions or context.defaultParallelism)
    # `pipe` takes a shell-like text and cuts it into words itself.
    text = " ".join("'" + word.replace("'", "'\"'\"'") + "'" for word in command)
    lines.pipe(text, env=environment, checkCode=True).saveAsTextFile(chosen.output)
    spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
