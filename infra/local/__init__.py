"""The local stack: Firestore, BigQuery and a broker on this machine, and data to fill them."""
