"""How requests are received and answered: connections, limits, the database, problems, headers.

The routes above, of the API and of pages, say what is asked and what is answered.
"""
