#!/bin/sh
# A renewal now, with curl alone: asks, waits for the outcome, and fails if the renewal fails.
# Usage: curl.sh CERTIFICATE [URL]
set -eu
name=$1
url=${2:-http://localhost:9780}
token=$(cat "${CERTPLANE_TOKEN_FILE:-/var/lib/certplane/agent/api.token}")

curl --silent --show-error --fail "$url/healthz"
location=$(curl --silent --show-error --fail-with-body --output /dev/null --dump-header - \
    --request POST --header "Authorization: Bearer $token" "$url/v1/certificates/$name/renew" |
    tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
while :; do
    answer=$(curl --silent --show-error --fail-with-body "$url$location")
    case $answer in
        *'"state":"succeeded"'* | *'"state":"unchanged"'*) echo "$name: in order" && exit 0 ;;
        *'"done":true'*) echo "$name: $answer" >&2 && exit 1 ;;
    esac
    sleep 1
done
