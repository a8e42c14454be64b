"""Addresses with a secret in the wrong place, or in a parameter that is not shown."""

from urllib.parse import quote

SECRET = "s3cr3t"
URL_WITH_SECRET = quote(f"postgresql://u:{SECRET}@h/d", safe="")
CONNECTION_STRING = quote(f"host=h password={SECRET}", safe="")

# A character that ends the password too early, unencoded.
DIVIDED = [
    text.format(mark)
    for mark in "@/?#"
    for text in (
        f"postgresql://u:{SECRET}{{}}x@h/d",
        f"postgresql://u:x{{}}{SECRET}@h/d",
        f"postgresql://u:a{{}}b@{SECRET}/x@h/d",
        f"postgresql://u:a{{}}{SECRET}/x@h",
        f"postgresql://u@h/d?application_name=a{{}}b@{SECRET}",
    )
]
# Parameters that libpq does not know, or not in this spelling.
UNKNOWN_NAMES = (
    *("PASSWORD", "Password", "passwd", "pwd", "pass", "password%20", "%20password", "password%00"),
    *("sslPassword", "ssl_password", "oauth_client_secret", "scram_client_key", "dsn", "token"),
    *("plugin", "async", "schema", "ssl", "host%20", "%70assword%09"),
)
UNKNOWN = [
    *(f"postgresql://u@h/d?{name}={SECRET}" for name in UNKNOWN_NAMES),
    f"postgresql://u@h/d?password=a&{SECRET}=b",
    f"postgresql://u@h/d?password=a&{SECRET}",
    f"postgresql://u@h/d?{SECRET}",
]
# A whole address, or a password, in a part that is shown.
MISPLACED = [
    *(f"postgresql://u@/d?{name}={URL_WITH_SECRET}" for name in ("host", "hostaddr", "port")),
    *(f"postgresql://u@/d?{name}={CONNECTION_STRING}" for name in ("host", "dbname", "user")),
    *(f"postgresql://u@h/d?{name}={URL_WITH_SECRET}" for name in ("dbname", "user")),
    f"postgresql://u@h/d?host=h:{SECRET}",
    f"postgresql://u@h/d?host=a:1&host=b:{SECRET}",
    f"postgresql://u@h/d?port=5432,{SECRET}",
    f"postgresql://u@h/d?hostaddr={SECRET}",
    f"postgresql://u@h/d?user=u:{SECRET}",
    f"postgresql://u%3A{SECRET}@h/d",
    f"postgresql://u@h:{SECRET}/d",
    f"postgresql://u:{SECRET}/d",
    f"postgresql://u:p@a:1,b:{SECRET}/d",
    f"postgresql://u@h%40{SECRET}/d",
    f"postgresql://u@h!{SECRET}/d",
    f"postgresql://u@h/{URL_WITH_SECRET}",
    f"postgresql://u@h/{CONNECTION_STRING}",
    f"postgresql://u@h/d;password={SECRET}",
    f"postgresql://u@h/d&password={SECRET}",
    f"postgresql://u@h/d password={SECRET}",
    f"postgresql://u@h/d#password={SECRET}",
    f"postgresql+{SECRET}://u@h/d",
    f"{SECRET}://u@h/d",
    f"host=h dbname=d user=u password={SECRET}",
    f"jdbc:postgresql://h/d?user=u&password={SECRET}",
    f"postgresql://u:{SECRET}%00@h/d",
    f"postgresql://u:{SECRET}%ff@h/d",
    f"postgresql://u:{SECRET}\udcff@h/d",
    f"postgresql+embedded:///d?password={SECRET}",
    f"postgresql+embedded:///d?directory={URL_WITH_SECRET}",
    f"postgresql+embedded:///d?directory=a&directory={SECRET}",
]
REFUSED = [*DIVIDED, *UNKNOWN, *MISPLACED]

# Accepted; libpq or the server may quote the value, or a part of it, in an error.
PARAMETERS = [
    *("password={}", "sslpassword={}", "passfile={}", "service={}", "application_name={}"),
    *("fallback_application_name={}", "client_encoding={}", "sslmode={}", "gssencmode={}"),
    *("sslmode=disable;password={}", "connect_timeout={}", "connect_timeout=3;password={}"),
    *("sslcert={}", "sslkey={}", "sslrootcert={}", "sslmode=verify-full&sslrootcert=/{}.pem"),
    *("channel_binding={}", "target_session_attrs={}", "load_balance_hosts={}", "replication={}"),
    *("require_auth={}", "require_auth=md5,{}", "requirepeer={}", "ssl_min_protocol_version={}"),
    *("options=-c%20x.password%3D{}", "options=-c%20work_mem%3D{}", "options=-c%20{}%3D1"),
    *("options={}", "options=--{}%3D1", "options=-c%20search_path%3Da%20-c%20work_mem%3D'{}'"),
    *("keepalives={}", "tcp_user_timeout={}", "krbsrvname={}"),
]
