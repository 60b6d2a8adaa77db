"""Servers that stand in for the outside world, on real sockets, and fail when told to."""
