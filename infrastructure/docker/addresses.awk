# Print the addresses of the services: addresses.awk .env.example [.env]. The second file takes
# precedence over the first, and the environment over both, as in compose and in config.py. The
# password is not read.
/^[ \t]*(export[ \t]+)?DB_(HOST|PORT|NAME|USERNAME)[ \t]*=/ {
    name = $0
    sub(/[ \t]*=.*/, "", name)
    sub(/^[ \t]*(export[ \t]+)?/, "", name)
    file[name] = unquoted(substr($0, index($0, "=") + 1))
}
/^[ \t]*(export[ \t]+)?DATABASE_URL[ \t]*=/ { has_database_url = 1 }

END {
    printf "Database   postgresql://%s:***@127.0.0.1:%s/%s\n", shown(setting("DB_USERNAME")), shown(setting("DB_PORT")), shown(setting("DB_NAME"))
    print "API        http://127.0.0.1:8000 (up-dev API=1, or make -C ../backend run)"
    print "           http://127.0.0.1:8000/docs"
    print "           http://127.0.0.1:8000/readyz"
    reason = elsewhere()
    if (reason) {
        print "The backend does not use this database: " reason "." > "/dev/stderr"
    }
}

function unquoted(value,    quote) {
    sub(/^[ \t]+/, "", value)
    quote = substr(value, 1, 1)
    if (quote == "'" || quote == "\"") {
        value = substr(value, 2)
        return substr(value, 1, index(value, quote) - 1)
    }
    sub(/[ \t]+#.*/, "", value)
    sub(/[ \t\r]+$/, "", value)
    return value
}

function setting(name) {
    return ENVIRON[name] != "" ? ENVIRON[name] : file[name]
}

# Return a value, unless it is a whole URL or a connection string, which may contain a password.
function shown(value) {
    return value ~ /[=@?#:]|\/\// && value !~ /^[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*$/ ? "***" : value
}

# Return the reason why the backend uses another database, or an empty string.
function elsewhere() {
    if ("DATABASE_URL" in ENVIRON) {
        return "DATABASE_URL is set in this shell"
    }
    if (has_database_url) {
        return "backend/.env sets DATABASE_URL"
    }
    if (ARGC < 3 && !("DB_HOST" in ENVIRON)) {
        return "there is no backend/.env yet; make up-dev creates it"
    }
    if (setting("DB_HOST") !~ /^(127\.0\.0\.1|localhost)$/) {
        return "DB_HOST is " shown(setting("DB_HOST"))
    }
    if (ARGC >= 3 && setting("DB_PORT") != file["DB_PORT"]) {
        return "DB_PORT is " shown(file["DB_PORT"]) " in backend/.env and " shown(setting("DB_PORT")) " here"
    }
}
