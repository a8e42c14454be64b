# Print a Makefile's targets: `##@ Section` lines and `target: ## sentence` lines.
BEGIN {
    FS = ":.*## "
    bold = plain = ""
    if (!ENVIRON["NO_COLOR"] && system("test -t 1") == 0) {
        bold = "\033[1m"
        plain = "\033[0m"
    }
    print "Usage: make TARGET"
}
/^##@ / { printf "\n%s%s%s\n", bold, substr($0, 5), plain }
/^[a-z][a-z-]*:.*## / { printf "  %-18s %s\n", $1, $2 }
