"""Slices of the index that the package idc-index-data carries."""

from pathlib import Path

import duckdb
import idc_index_data


def index_slice(path: Path, condition: str = "TRUE", sample: int = 0) -> Path:
    """A Parquet file of the rows that meet an SQL condition, or of a sample of so many, in the order of the index."""
    chosen = f" USING SAMPLE reservoir({sample} ROWS) REPEATABLE (1)" if sample else ""
    whole = f"SELECT * FROM read_parquet('{idc_index_data.IDC_INDEX_PARQUET_FILEPATH}') WHERE {condition}{chosen}"
    ordered = f"SELECT * FROM ({whole}) ORDER BY collection_id, PatientID, StudyInstanceUID, SeriesInstanceUID"
    duckdb.execute(f"COPY ({ordered}) TO '{path}' (FORMAT parquet)")
    return path
