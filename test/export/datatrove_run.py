"""Runs a datatrove pipeline: JSONL folder, PersonaPriorFilter, JSONL folder. Prints the filter's statistics as JSON.

Arguments: folder of datatrove_filter.py, documents, ids.jsonl, mode, output folder.
"""

import json
import sys

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter


def main() -> None:
    folder, documents, ids, mode, out = sys.argv[1:6]
    sys.path.insert(0, folder)
    from datatrove_filter import PersonaPriorFilter

    stats = LocalPipelineExecutor(
        pipeline=[
            JsonlReader(documents),
            PersonaPriorFilter(ids, mode=mode, exclusion_writer=JsonlWriter(f"{out}/excluded", compression=None)),
            JsonlWriter(f"{out}/kept", compression=None),
        ],
        tasks=2,
        logging_dir=f"{out}/logs",
    ).run()
    found = {key: value.total for key, value in stats.stats[1].stats.items()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
