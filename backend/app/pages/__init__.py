"""The pages that people read: companies, statements, figures, documents and the schema's state.

They are made on the server by Jinja2 and work without JavaScript; the scripts in `static` only add
to them. Every text of a filing, a file name or a person is escaped, and cleaned of characters that
turn the direction of writing.
"""
