"""The development server: a supervisor, the worker it restarts, the watcher."""
