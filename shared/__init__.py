"""The machine: the run, the guardian, Firestore in, BigQuery out, the broker. It knows no job."""
