"""What moving trades costs this program, held against the least it can cost and against other ways of doing it."""
