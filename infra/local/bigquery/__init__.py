"""BigQuery on this machine: bqemulator, started so that it is safe to build on.

Stock bqemulator needs the network to start, lets several threads use one DuckDB connection, and is silently wrong in a
few places that this project depends on. Each file here takes off one of those edges and says what it was.
"""
