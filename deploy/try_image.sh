#!/usr/bin/env bash
# make image: builds deploy/Dockerfile and tries in a real container what it promises; needs root, and a few minutes.
# What it needs, and STAND_IN=1: see engine.sh.
set -euo pipefail
trap 'engine rm --force tiersync-tried >/dev/null 2>&1 || true; kill "${started[@]}" 2>/dev/null || true; rm -rf "$here"' EXIT
. "$(dirname "${BASH_SOURCE[0]}")/engine.sh"
port=9090

build
crm
mkdir -p "$here/etc" "$here/secrets" "$here/state"
printf %s "$token" > "$here/secrets/hubspot_token"
cp -r rules "$here/etc/rules"
cat > "$here/etc/settings.toml" <<TOML
[crm]
kind = "hubspot"
token = "file:/run/secrets/hubspot_token"
base_url = "$crm_url"
[state]
database = "sqlite:////state/tiersync.db"
mirror = "/state/mirror"
[schedule]
every = "1h"
[worker]
health = "127.0.0.1:$port"
TOML
chown -R 10001:10001 "$here/secrets" "$here/state"
chmod 755 "$here" && chmod 400 "$here/secrets/hubspot_token"

hard=(--network host --read-only --cap-drop ALL --security-opt no-new-privileges --tmpfs /tmp:mode=1777
  --volume "$here/etc:/etc/tiersync:ro" --volume "$here/secrets:/run/secrets:ro" --volume "$here/state:/state")
docker_there || hard+=(--cgroups disabled --no-healthcheck)  # podman leaves that to systemd
once() { engine run --rm "${hard[@]}" "$@" 2>"$here/err" || { local code=$?; tail -n 5 "$here/err" >&2; return "$code"; }; }
python_in() { once --entrypoint python tiersync -c "$1"; }
health='import json,sys,urllib.request as r; r.urlopen("http://127.0.0.1:'$port'/livez", timeout=8)'

promise "it runs as an ordinary user" 10001 "$(python_in 'import os; print(os.getuid())')"
promise "it may write to its state and to /tmp only" "/state /tmp" "$(python_in '
import pathlib
def may(place):
    try: pathlib.Path(place, "x").touch(); return True
    except OSError: return False
print(*filter(may, ("/", "/opt/tiersync", "/etc/tiersync", "/usr", "/var", "/home", "/state", "/tmp")))')"
promise "it tells its version" "tiersync $("$python" -c 'import connector; print(connector.__version__)')" "$(once tiersync --version)"
once tiersync provision >/dev/null
promise "sync --yes writes" ok "$(once tiersync sync --yes --json | tee "$here/first" | field outcome)"
says "values written" "$(field written < "$here/first")"
[ "$(field written < "$here/first")" -gt 0 ]
promise "a second sync has nothing to write" 0 "$(once tiersync sync --json | field changes)"

engine run --detach --name tiersync-tried "${hard[@]}" tiersync >/dev/null
until_answered "http://127.0.0.1:$port/livez"
pid=$(engine inspect --format '{{.State.Pid}}' tiersync-tried)
promise "its health command is content with a worker that lives" 0 "$(engine exec tiersync-tried python -c "$health" >/dev/null 2>&1; echo $?)"
kill -STOP "$pid"
promise "and not with one that hangs" 1 "$(engine exec tiersync-tried python -c "$health" >/dev/null 2>&1; echo $?)"
kill -CONT "$pid"
until_answered "http://127.0.0.1:$port/healthz"
kill -TERM "$pid"
promise "SIGTERM ends it within ten seconds" yes "$(within_ten "$pid")"
sleep 1
promise "and well" 0 "$(engine inspect --format '{{.State.ExitCode}}' tiersync-tried)"
