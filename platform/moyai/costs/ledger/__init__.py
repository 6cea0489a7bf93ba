"""The ledger: immutable Parquet files, one manifest, one writer; what a period rests on."""
