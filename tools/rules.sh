#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One line a rule of the four vendors: id, the scenario that proves it, and the policy key that switches it on.
#   tools/rules.sh [ROOT]
# A scenario is named with its id (tests/scenario/AL-09-formula.scenario). A policy key is the place in policies/*.yaml
# whose line, or the comment above it, names the id. Rules that wait for a part that is not built stand in tests/scenario/later.txt.
# Exit 1 when a rule lacks its scenario or its key.
set -eu
root=${1:-.}

rule_ids() {
    for group in AL:20 HW:14 JD:11 PA:8; do
        number=1
        while [ "$number" -le "${group#*:}" ]; do
            printf '%s-%02d\n' "${group%:*}" "$number"
            number=$((number + 1))
        done
    done
}

# "AL-08 alibaba:reserve.amount" for every id and key of one policy file.
policy_keys() {
    awk -v policy="$(basename "$1" .yaml)" '
        function name_all(text, key,    id) {
            while (match(text, /(AL|HW|JD|PA)-[0-9][0-9]/)) {
                id = substr(text, RSTART, RLENGTH)
                print id, policy ":" key
                text = substr(text, RSTART + RLENGTH)
            }
        }
        /^[ ]*#/ { above = above $0; next }
        /^[ ]*(- )?[A-Za-z_]+:/ {
            depth = match($0, /[A-Za-z_]/)
            line = substr($0, depth)
            while (level > 0 && indent[level] >= depth) level--
            indent[++level] = depth
            key[level] = substr(line, 1, index(line, ":") - 1)
            path = key[1]
            for (i = 2; i <= level; i++) path = path "." key[i]
        }
        { if (path != "policy") name_all(above $0, path); above = "" }  # what the head of the file says is no key
    ' "$1"
}

keys=$(for file in "$root"/policies/*.yaml; do policy_keys "$file"; done)
missing=0
for id in $(rule_ids); do
    case $id in
    AL-*) policy=alibaba ;; HW-*) policy=huawei ;; JD-*) policy=jdcloud ;; *) policy=pingan ;;
    esac
    key=$(printf '%s\n' "$keys" | awk -v id="$id" -v policy="$policy" '$1 == id && index($2, policy ":") == 1 { print $2; exit }')
    scenario=$(cd "$root" && find tests/scenario -name "${id}[!0-9]*.scenario" | sort | head -n 1)
    later=$(awk -v id="$id" '$1 == id { $1 = ""; sub(/^ /, ""); print; exit }' "$root/tests/scenario/later.txt")
    [ -n "$scenario" ] || scenario=${later:+"later: $later"}
    if [ -z "$scenario" ] || [ -z "$key" ]; then
        missing=$((missing + 1))
        [ -n "$scenario" ] || scenario=MISSING
        [ -n "$key" ] || key=MISSING
    fi
    echo "$id $scenario $key"
done
[ "$missing" -eq 0 ] || { echo "$missing rules lack a scenario or a policy key" >&2; exit 1; }
