"""Runs the whole service on one machine: starts its processes, watches them, stops them."""
