"""Settings of the documentation site: `make docs` builds it, and a broken link is an error."""

import shlex
import sys

project = "Financial Data Extractor"
author = "The Financial Data Extractor authors"
project_copyright = f"2026 {author}"

extensions = ["myst_parser", "sphinxcontrib.mermaid"]
exclude_patterns = ["_build"]

# A link to a heading is checked like a link to a page.
myst_heading_anchors = 3
# GitHub draws a ```mermaid fence; here the same fence is the directive that does.
myst_fence_as_directive = ["mermaid"]
# Drawn into an SVG file when the site is built: a page loads nothing from another host.
mermaid_output_format = "svg"
mermaid_cmd = shlex.join([sys.executable, "-m", "mmdr"])

html_theme = "furo"
html_title = project
html_static_path = ["_static"]
html_css_files = ["site.css"]
