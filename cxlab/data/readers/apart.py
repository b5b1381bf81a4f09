"""A program of its own: reads one file of SPSS, Stata or SAS within a memory limit and writes it to its output.

``python -P apart.py FILE BYTES``: a corrupt header makes the library ask for hundreds of GB, which ends its
process; so it is this one that ends, not the one that holds somebody's notebook. It writes a line of JSON (what the
file says about its variables, or what went wrong) and then the rows as an Arrow stream.
"""

from __future__ import annotations

import json
import sys


def main(path: str, limit: int) -> None:
    """Write what the file holds to standard output; ``limit`` is how much memory this process may take, in bytes."""
    try:
        import resource

        allowed = resource.getrlimit(resource.RLIMIT_AS)[1]
        most = limit if allowed == resource.RLIM_INFINITY else min(limit, allowed)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except ImportError:  # pragma: no cover - Windows has no limits
        pass
    import polars_readstat
    import pyarrow as pa

    out = sys.stdout.buffer
    try:
        frame = polars_readstat.read_readstat(path, preserve_order=True, missing_string_as_null=True)
        told = polars_readstat.ScanReadstat(path).metadata
    except BaseException as error:
        out.write(json.dumps({"error": str(error)}).encode() + b"\n")
        return
    out.write(json.dumps({"told": told}, default=str).encode() + b"\n")
    table = frame.to_arrow()
    with pa.ipc.new_stream(out, table.schema) as stream:
        stream.write_table(table)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
