"""How people read compiled statements: figures as text, marks, headings.

A terminal and a page say the same of a figure, since both take it from here.
"""
