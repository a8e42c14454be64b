# Add ten generated reports to a database of their own in .demo/, and show what comes of it.
# Run by make, from backend/; USER_FOLDER is the folder that the user is in.
set -eu
python=$PWD/.venv/bin/python
database='postgresql+embedded:///demo?directory=.demo/postgres'
ticker=CVF

# Run a command without its output, unless it fails.
quietly() {
    if ! "$@" >.demo/log 2>&1; then
        cat .demo/log >&2
        echo "demo: it failed: see above" >&2
        exit 1
    fi
}

# Quote a path for a shell, where it has to be.
quote() {
    case $1 in
        *[!A-Za-z0-9_./-]*) printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")" ;;
        *) printf %s "$1" ;;
    esac
}

# Print a command as the user would type it, and run it where the user is.
show() {
    printf '$ %s' "$(quote "$demo/fde")"
    for each in "$@"; do
        printf ' %s' "$(quote "$each")"
    done
    echo
    (cd "$folder" && "$demo/fde" "$@")
    echo
}

trap 'exit 130' INT
if [ -e .demo ]; then
    sh scripts/demo_remove.sh
fi
mkdir .demo
cp scripts/demo_fde.sh .demo/fde
chmod 755 .demo/fde

# Commands are shown with the shortest path from where the user is.
here=$(pwd -P)
folder=$(CDPATH='' cd -- "${USER_FOLDER:-.}" && pwd -P) || folder=$here
case $here in
    "$folder") demo=.demo ;;
    "$folder"/*) demo=${here#"$folder"/}/.demo ;;
    *) folder=$here demo=.demo ;;
esac

echo "Making ten annual reports of a made-up company, and a database of their own …" >&2
quietly "$python" -m tests.filings --decade --out .demo/reports
DATABASE_URL=$database quietly env -u MIGRATION_DATABASE_URL "$python" scripts/run_alembic.py upgrade head

show add --create $ticker "$demo/reports"
show statements $ticker income
fde=$(quote "$demo/fde")
cat <<END
Next:
  make demo-serve
  $fde statements $ticker balance
  $fde why $ticker income "Profit for the year" 2023
  $fde statements $ticker --output cvf.xlsx
  $fde check $ticker
$fde is fde with the database and the files of this demo; make demo-remove deletes them.
END
