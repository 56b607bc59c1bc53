"""A stand-in for Alpaca on the loopback interface: its REST paths, pages, limits and errors over fixture data.

It answers what a fixture directory says and trades nothing. The official client talks to it unchanged.
"""
