"""The pages that a newcomer reads, tried out."""
