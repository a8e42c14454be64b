"""Writes a truth as an ESEF report package: a zip with an iXBRL report and its taxonomy.

Source: XBRL Report Packages 1.0 and Taxonomy Packages 1.0.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

from tests.filings.company import Company
from tests.filings.inline import Inline
from tests.filings.ixbrl import InlineReport, write_ixbrl
from tests.filings.layout import Layout
from tests.filings.linkbases import Taxonomy
from tests.filings.statements import company_of

_BASE = "example-2022-12-31"
_DOMAIN = "www.example.com/20221231"
_PACKAGE = """<?xml version="1.0" encoding="UTF-8"?>
<tp:taxonomyPackage xmlns:tp="http://xbrl.org/2016/taxonomy-package" xml:lang="en">
  <tp:identifier>http://www.example.com/20221231</tp:identifier>
  <tp:name>Extension taxonomy</tp:name>
  <tp:entryPoints><tp:entryPoint>
    <tp:name>Extension taxonomy</tp:name>
    <tp:entryPointDocument href="http://{domain}/{base}.xsd"/>
  </tp:entryPoint></tp:entryPoints>
</tp:taxonomyPackage>
"""
_CATALOG = """<?xml version="1.0" encoding="UTF-8"?>
<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">
  <rewriteURI uriStartString="http://{domain}/" rewritePrefix="../{domain}/"/>
</catalog>
"""


@dataclass(frozen=True, slots=True)
class Package:
    """A generated report package, and the report within it."""

    members: Mapping[str, bytes]
    report: InlineReport

    @property
    def data(self) -> bytes:
        """The zip; the same report has the same bytes."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self.members.items():
                archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
        return buffer.getvalue()


def make_esef(seed: int, layout: Layout, inline: Inline) -> Package:
    """Return the report package of a seed in a layout, whose variant is one of IFRS."""
    company = company_of(seed, layout)
    return write_esef(company, layout, inline)


def write_esef(company: Company, layout: Layout, inline: Inline, *, top: str = _BASE) -> Package:
    """Return a company's report package.

    Args:
        company: Its figures.
        layout: How its report prints.
        inline: How it tags.
        top: Name of the package's only folder.
    """
    report = write_ixbrl(company, layout, inline, f"http://{_DOMAIN}/{_BASE}.xsd")
    names = {"domain": _DOMAIN, "base": _BASE}
    package_type = "https://xbrl.org/report-package/2023"
    information = {"documentInfo": {"documentType": package_type}}
    members = {
        f"{top}/META-INF/reportPackage.json": json.dumps(information).encode(),
        f"{top}/META-INF/taxonomyPackage.xml": _PACKAGE.format(**names).encode(),
        f"{top}/META-INF/catalog.xml": _CATALOG.format(**names).encode(),
        f"{top}/reports/{_BASE}-{layout.language}.xhtml": report.data,
    }
    other = "de" if layout.language == "en" else "en"
    for name, content in Taxonomy(report.truth, _BASE, (other,)).files().items():
        members[f"{top}/{_DOMAIN}/{name}"] = content
    return Package(members, report)
