"""The core of Lback; the map of its modules comes with the door."""
