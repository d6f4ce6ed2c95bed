#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every planted defect (script/mutants) still applies to the tree as it is, and says what is wrong and who notices.
#   check.sh ROOT [FOLDER LEAST]      tests/mutants and 40 by default
set -eu
root=$1
folder=${2:-tests/mutants}
least=${3:-40}
failed=0
aside=$(mktemp -d)
trap 'rm -rf "$aside"' EXIT

# applies PATCH: nothing is written.
applies() {
    patch --strip=1 --fuzz=0 --batch --dry-run --directory="$root" --input="$1" >"$aside/told" 2>&1
}

# First the check itself: a defect in code that is not there must be refused.
cat >"$aside/planted.patch" <<'PATCH'
--- a/src/base/err.h
+++ b/src/base/err.h
@@ -1,2 +1,2 @@
 a line that is not there
-another
+a third
PATCH
if applies "$aside/planted.patch"; then
    echo "the check lets a patch pass that does not apply"
    exit 1
fi

count=0
for patch in "$root/$folder"/[0-9]*.patch; do
    name=${patch##*/}
    count=$((count + 1))
    echo "${name%%-*}" >>"$aside/numbers"
    if ! applies "$patch"; then
        echo "$name no longer applies: write the defect anew in the code as it is now, or remove it with what it was about"
        sed 's/^/    /' "$aside/told"
        failed=1
    fi
    if ! sed -n 1p "$patch" | grep -q '^# .' || ! sed -n 2p "$patch" | grep -q '^# caught by: [a-z]*/[^ ]*$'; then
        echo "$name: the first two lines are '# what is wrong' and '# caught by: SUITE/NAME'"
        failed=1
    fi
done
if [ "$(sort -u "$aside/numbers" | wc -l)" -ne "$count" ]; then
    echo "two patches have the same number"
    failed=1
fi
if [ "$count" -lt "$least" ]; then
    echo "$count patches; $least are the least"
    failed=1
fi
echo "$count patches"
exit "$failed"
