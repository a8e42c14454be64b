# Resolve the dependencies for every Python from 3.11 on and every platform: names, versions and
# hashes, without URLs. Run by `make lock`, from backend/. UPGRADE=1 takes newer versions.
set -eu

resolve() {
    target=requirements/$1.lock
    shift
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-annotate --no-header --no-emit-index-url --no-emit-find-links \
        --no-emit-package alembic-zero-downtime \
        pyproject.toml "$@" --output-file "$target"
}

resolve dev --group dev --group build ${UPGRADE:+--upgrade}
resolve local --group local --group build --constraints requirements/dev.lock
resolve runtime --group build --constraints requirements/dev.lock
resolve parquet --extra parquet --group build --constraints requirements/dev.lock
