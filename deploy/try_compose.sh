#!/usr/bin/env bash
# make compose: starts deploy/compose.yaml as it is told there, worker and PostgreSQL, and tries what it promises; needs root,
# ports 9090 and 8123, and a few minutes. It is a project of its own: what runs here already under compose.yaml's name keeps its
# containers and its data. What it needs, and STAND_IN=1: see engine.sh; without Docker also podman-compose, from pip.
set -euo pipefail
trap 'compose down --volumes >/dev/null 2>&1 || true; kill "${started[@]}" 2>/dev/null || true; rm -rf "$here"' EXIT
. "$(dirname "${BASH_SOURCE[0]}")/engine.sh"
project=tiersync-tried at=http://127.0.0.1:9090 gateway=10.231.97.1

compose() {
  local files=(--project-name "$project" --file "$here/deploy/compose.yaml" --file "$here/deploy/tried.yaml")
  if docker_there; then
    docker compose "${files[@]}" "$@"
  else
    "${PODMAN_COMPOSE:-podman-compose}" --podman-path "$here/bin/podman" --podman-run-args=--cgroups=disabled "${files[@]}" "$@"
  fi 2>>"$here/err"
}

once() { compose run --rm -T worker "$@" || { tail -n 5 "$here/err" >&2; return 1; }; }
asked() { curl --silent --output /dev/null --write-out '%{http_code}' "${@:2}" "$at/$1" || true; }
container() { engine ps --all --format '{{.Names}}' 2>/dev/null | grep "^$project[_-]$1"; }
inspected() { engine inspect --format "$2" "$(container "$1")" 2>/dev/null; }
till() { # wanted, command…
  for _ in $(seq 120); do
    [ "$("${@:2}" 2>/dev/null)" != "$1" ] || return 0
    sleep 1
  done
  echo "waited in vain for $1 from ${*:2}" >&2
  exit 1
}

health() { # podman leaves the timing of health commands to systemd, which need not be there
  if docker_there; then inspected "$1" '{{.State.Health.Status}}'; else engine healthcheck run "$(container "$1")" >/dev/null 2>&1 && echo healthy; fi
}

for port in 9090 8123; do
  ! (: < "/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "port $port is taken, by a worker that runs here perhaps" >&2; exit 1; }
done
if [ -n "${STAND_IN:-}" ]; then
  debian postgresql,gosu
  # As much of the official image as compose.yaml relies on: user, database, password file, folder. Like that one it answers
  # on its socket already while it is being made.
  cat > "$here/base/usr/local/bin/entry" <<'SH'
#!/bin/bash
set -e
if [ "$(id -u)" = 0 ]; then
  export WORD; WORD=$(cat "$POSTGRES_PASSWORD_FILE")
  install -d -o postgres -g postgres -m 700 "$PGDATA" && install -d -o postgres -m 777 /var/run/postgresql
  exec gosu postgres "$0"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --username "$POSTGRES_USER" --pwfile <(echo "$WORD") >/dev/null
  pg_ctl -w -o "-c listen_addresses=''" start >/dev/null
  createdb --username "$POSTGRES_USER" "$POSTGRES_DB"
  sleep 20
  pg_ctl -w -m fast stop >/dev/null
  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
fi
exec postgres -c listen_addresses='*'
SH
  chmod +x "$here/base/usr/local/bin/entry"
  bin=$(cd "$here/base" && echo usr/lib/postgresql/*/bin)
  named postgres:17 --change "ENV PATH=/$bin:/usr/local/bin:/usr/sbin:/usr/bin:/bin" --change 'ENV LANG=C.UTF-8' \
    --change 'ENV PGDATA=/var/lib/postgresql/data' --change 'STOPSIGNAL SIGINT' --change 'ENTRYPOINT ["/usr/local/bin/entry"]'
fi
build
crm
"$python" - "$gateway" "${crm_url##*:}" <<'PY' &
import asyncio, sys
async def copied(read, write):
    while data := await read.read(65536):
        write.write(data)
        await write.drain()
    write.close()
async def taken(read, write):
    there = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
    await asyncio.gather(copied(read, there[1]), copied(there[0], write), return_exceptions=True)
async def main():  # the sandbox answers on this machine only: containers reach it by the gateway of their network
    server = await asyncio.start_server(taken, "0.0.0.0", 8123)
    await server.serve_forever()
asyncio.run(main())
PY
started+=($!)

mkdir -p "$here/deploy/secrets"
cp -r rules deploy/compose.yaml deploy/settings.toml "$here/deploy/"
sed -i "s|^token = .*|&\nbase_url = \"http://$gateway:8123\"|" "$here/deploy/settings.toml"
printf 'networks: {default: {ipam: {config: [{subnet: 10.231.97.0/24, gateway: %s}]}}}\n' "$gateway" > "$here/deploy/tried.yaml"
cd "$here"
printf %s "$token" > deploy/secrets/hubspot_token
printf figures > deploy/secrets/metrics_token
printf word > deploy/secrets/database_password
printf postgresql+psycopg://tiersync:word@database/tiersync > deploy/secrets/database_url
chown 10001 deploy/secrets/* && chmod 400 deploy/secrets/*  # as compose.yaml says

if docker_there; then
  compose up --detach >/dev/null
else  # podman-compose waits for no health of podman 4
  compose up --detach database >/dev/null
  till healthy health database
  compose up --detach >/dev/null
fi
till healthy health worker
promise "the worker becomes healthy" healthy "$(health worker)"
promise "and was started once: its database was ready before" 0 "$(inspected worker '{{.RestartCount}}')"
promise "it is ready" 200 "$(asked readyz)"
promise "its figures are for who has the token" 403 "$(asked metrics)"
promise "and are there for them" 200 "$(asked metrics --header 'Authorization: Bearer figures')"
once provision >/dev/null
promise "sync --yes writes" ok "$(once sync --yes --json | field outcome)"
runs=$(once runs --json | "$python" -c 'import json,sys; print(*sorted(one["run"] for one in json.load(sys.stdin)))')
says "runs in the history" "$(wc -w <<< "$runs")"

engine stop "$(container database)" >/dev/null 2>&1
promise "without its database it is not ready" 503 "$(asked readyz)"
engine start "$(container database)" >/dev/null 2>&1
till 200 asked readyz
promise "and is again once that is back" 200 "$(asked readyz)"
kill -KILL "$(inspected worker '{{.State.Pid}}')"
till 200 asked readyz
promise "a worker that was killed is started again" true "$(inspected worker '{{.State.Running}}')"
pid=$(inspected worker '{{.State.Pid}}')
engine stop "$(container worker)" >/dev/null 2>&1 &
promise "a stop ends it within ten seconds" yes "$(within_ten "$pid")"
wait $!
promise "and well" 0 "$(inspected worker '{{.State.ExitCode}}')"

compose down >/dev/null
promise "down leaves no container" "" "$(container '' || true)"
compose up --detach >/dev/null
till 200 asked readyz
promise "up finds every run of before" yes "$(once runs --json | "$python" -c '
import json, sys
print("yes" if {*sys.argv[1:]} <= {one["run"] for one in json.load(sys.stdin)} else "no")' $runs)"
synced() { once sync --json > "$here/last"; field outcome < "$here/last"; }
till ok synced  # the worker has begun a run of its own, and one waits for the other
promise "and has nothing to write" 0 "$(field changes < "$here/last")"
