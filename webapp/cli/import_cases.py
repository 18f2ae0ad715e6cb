"""`import-cases`: import files as kept results, which open cases. The same command resumes a stopped run.

Each file is imported once, by its sha256. The report has one JSON object per file and line. Exit status:
0 if every file is imported, now or before; 2 if files were refused; 1 if the import could not be completed;
130 or 143 after SIGINT or SIGTERM.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from pathlib import Path

from webapp.domain.enums import ImportRule
from webapp.settings import Settings

REFUSED_STATUS = 2
_REPORT = Path("import-report.jsonl")
# Added to the process's niceness: a busy server gets nine tenths of the processor time. More would starve the
# import, and the time limits of the decoder would refuse its files.
_NICENESS = 10


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "import-cases",
        help="import files, which open cases",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "files",
        metavar="FOLDER|URL|LIST.csv",
        help="a folder, s3://bucket/folder, or a list with the columns path, source and rights",
    )
    parser.add_argument(
        "--source", default="", help="where the files come from; a list may state it per file"
    )
    parser.add_argument("--rights", default="", help="right to use them, such as a licence; also per file")
    parser.add_argument(
        "--open",
        type=ImportRule,
        choices=list(ImportRule),
        default=ImportRule.ALL,
        help="open cases for faces with this verdict (default: all)",
    )
    parser.add_argument(
        "--report",
        type=Path,
        default=_REPORT,
        metavar="FILE",
        help=f"report, continued if it exists (default: {_REPORT})",
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from tqdm import tqdm

    from webapp.bootstrap.commands import open_import
    from webapp.services.imports.report import ImportReport
    from webapp.services.imports.sources import list_files

    report_path = args.report.resolve()
    listed = list_files(args.files, args.source.strip(), args.rights.strip())
    # The report may lie in the folder.
    files = [file for file in listed if "://" in file.address or Path(file.address).resolve() != report_path]
    with ImportReport(report_path) as report:
        # Before the libraries start their threads, and the decoder its process.
        os.nice(_NICENESS)
        with open_import(settings) as service:
            progress = tqdm(files, unit="file", mininterval=2, disable=not sys.stderr.isatty())
            summary = service.run(progress, args.open, report.add)
    counts = dataclasses.asdict(summary)
    text = f"imported: {summary.imported}; known before: {summary.known}; refused: {summary.refused}"
    print(json.dumps({**counts, "report": str(args.report)}) if args.json else f"{text} ({args.report})")
    return REFUSED_STATUS if summary.refused else 0
