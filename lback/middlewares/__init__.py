"""The middlewares that come with Lback, one in each module."""
