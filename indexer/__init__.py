"""Sources to an index: discover, read in worker processes, write by one; killed anywhere, the next run goes on."""
