# Print the word of the first line of input that is most similar to WORD, if one is similar:
# echo "migrate psql" | awk -v WORD=migrat -f suggest.awk
{
    for (i = 1; i <= NF; i++) {
        d = distance(WORD, $i)
        if (d <= (length(WORD) + 2) / 3 && (best == "" || d < smallest)) {
            best = $i
            smallest = d
        }
    }
    if (best != "") print best
}

# Return the number of characters to insert, delete, replace or swap with the next one.
function distance(a, b,    i, j, cost, d) {
    for (i = 0; i <= length(a); i++) d[i, 0] = i
    for (j = 0; j <= length(b); j++) d[0, j] = j
    for (i = 1; i <= length(a); i++)
        for (j = 1; j <= length(b); j++) {
            cost = substr(a, i, 1) != substr(b, j, 1)
            d[i, j] = least(d[i - 1, j] + 1, d[i, j - 1] + 1, d[i - 1, j - 1] + cost)
            if (i > 1 && j > 1 && substr(a, i, 1) == substr(b, j - 1, 1) && substr(a, i - 1, 1) == substr(b, j, 1))
                d[i, j] = least(d[i, j], d[i - 2, j - 2] + 1, d[i, j])
        }
    return d[length(a), length(b)]
}

function least(x, y, z) { return x < y ? (x < z ? x : z) : (y < z ? y : z) }
