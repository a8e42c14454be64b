"""Compiled statements as the API lists them, and what compiling changed."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from app.pipeline.statement import StatementName
from app.schemas.statement_examples import COMPILE_RESULT, COMPILED_ITEMS
from app.services.compiling import Effect


class CompiledGroup(BaseModel):
    """A statement in one framework and currency."""

    model_config = ConfigDict(from_attributes=True)

    framework: str | None = Field(description="such as us-gaap; null: no filing says it")
    currency: str | None = Field(description="ISO 4217; null: no filing says it")
    periods: list[str] = Field(description="keys of the periods, the newest first")
    verified: int = Field(description="figures that are proved by sums")
    checkable: int = Field(description="figures that could be")


class Links(BaseModel):
    """Where the statement is."""

    self: str = Field(description="path of the statement")


class CompiledItem(BaseModel):
    """A compiled statement, without its figures."""

    statement: StatementName
    digest: str | None = Field(
        description="SHA-256 of the whole statement, which is its entity tag; null if it is stale"
    )
    stale: bool = Field(
        description="whether its filings changed since, or another release compiled it: it is not "
        "shown until it is compiled again"
    )
    groups: list[CompiledGroup] = Field(
        description="the first is shown by default; others are chosen by framework and currency"
    )
    updated_at: datetime
    links: Links


class CompiledItems(BaseModel):
    """The compiled statements of a company, of which there are up to three."""

    model_config = ConfigDict(json_schema_extra={"examples": [COMPILED_ITEMS]})

    company_id: int
    items: list[CompiledItem]


class CompileChange(BaseModel):
    """What compiling did to a statement."""

    statement: StatementName
    effect: Effect = Field(description="absent: there is nothing to compile")
    digest: str | None = Field(description="of the statement as it is now")


class CompileResult(BaseModel):
    """What compiling changed, as `fde compile --json` says it."""

    model_config = ConfigDict(json_schema_extra={"examples": [COMPILE_RESULT]})

    company: str = Field(description="its name")
    statements: list[CompileChange]
