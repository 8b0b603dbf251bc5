"""Customers with a class that somebody gave them, in one flat table without any times."""
