"""The command line of Lback: parsing, printing, exit codes."""
