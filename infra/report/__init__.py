"""The report: one HTML page that asks the network for nothing. Every number in it is a view's, or a sum of a view's.

`asking` puts the questions of `questions/` to the warehouse; a module per section makes words, plots and tables of the
answers; `summary` writes the first screen; `page` puts all of it into `page.html.jinja`.
"""
