"""A main process whose workers are copies of it: ``python -m tests.indexer.crewed``.

Prints what did each item, some of them deadly, then waits to be killed.
"""

import sys
import time

from indexer.crew import Crew
from indexer.pool import Pool, attend
from tests.indexer import work

if __name__ == "__main__":
    work.MARK.append("here")
    with (
        Crew.of(3, attend) as crew,
        Pool(work.kind_of, lambda item, how: ["lost"], size=2, limit=10, crew=crew) as pool,
    ):
        done: list[str] = []
        for item in (1, 13, 13, 2):
            pool.give([item])
            while pool.busy:
                if answer := pool.take(0.1):
                    done += answer[1]
        sys.stdout.write(" ".join(done) + "\n")
        sys.stdout.flush()
        time.sleep(60)
