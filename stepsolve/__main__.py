"""`python -m stepsolve`."""

from stepsolve.cli import main

main()
