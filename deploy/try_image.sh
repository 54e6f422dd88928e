#!/usr/bin/env bash
# make image: builds deploy/Dockerfile and tries in a real container what it promises; needs root, and a few minutes.
#
# With a Docker engine it takes that. Without one it takes Debian's buildah, podman and crun
# (apt-get install --no-install-recommends buildah podman crun), which need no daemon. Where python:3.12-slim cannot be
# pulled, `STAND_IN=1 make image` makes a base of that name from Debian itself (debootstrap; its Python may be another).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD here=$(mktemp -d) port=9090
python=${PYTHON:-.venv/bin/python} token=pat-eu1-image sandbox=
trap '[ -z "$sandbox" ] || kill "$sandbox"; engine rm --force tiersync-tried >/dev/null 2>&1 || true; rm -rf "$here"' EXIT

engine() {
  if docker info >/dev/null 2>&1; then
    docker "$@"
  else
    # A private view of the cgroups: crun refuses a machine that has both kinds.
    unshare --mount bash -c 'for m in $(awk "\$3 == \"cgroup2\" && \$2 != \"/sys/fs/cgroup\" {print \$2}" /proc/mounts); do umount "$m"; done
      exec podman --storage-driver vfs --cgroup-manager cgroupfs --events-backend file --runtime "$0" "$@"' "$here/bin/crun" "$@"
  fi
}

says() { printf '%-72s %s\n' "$1" "$2"; }

promise() { # what, wanted, found
  says "$1" "$3"
  [ "$2" = "$3" ] || { echo "promised was: $2" >&2; exit 1; }
}

# podman asks for more open files than a machine without CAP_SYS_RESOURCE may give: the limits of this shell do.
mkdir -p "$here/bin" "$here/etc" "$here/secrets" "$here/state"
cat > "$here/bin/crun" <<'PY'
#!/usr/bin/env python3
import json, os, shutil, sys
for option, file in (("--bundle", "/config.json"), ("--process", "")):
    if option in sys.argv:
        path = sys.argv[sys.argv.index(option) + 1] + file
        with open(path) as old:
            spec = json.load(old)
        (spec.get("process") or spec).pop("rlimits", None)
        with open(path, "w") as new:
            json.dump(spec, new)
os.execv(shutil.which("crun"), ["crun", *sys.argv[1:]])
PY
chmod +x "$here/bin/crun"
export CONTAINERS_CONF=$here/containers.conf
printf '[engine]\nruntime_supports_nocgroups = ["%s", "crun"]\n' "$here/bin/crun" > "$CONTAINERS_CONF"

if [ -n "${STAND_IN:-}" ]; then
  debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates "$(. /etc/os-release; echo "$VERSION_CODENAME")" "$here/base" >/dev/null
  ln -s python3 "$here/base/usr/bin/python"
  # What this machine trusts, pip in the image trusts too: it may reach the package index by a proxy of its own.
  cp --dereference /etc/ssl/certs/ca-certificates.crt "$here/base/etc/ssl/certs/"
  printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n' > "$here/base/etc/pip.conf"
  tar --create --directory "$here/base" . | engine import - docker.io/library/python:3.12-slim >/dev/null
fi
if docker info >/dev/null 2>&1; then
  docker build --quiet --file deploy/Dockerfile --tag tiersync .
else
  buildah --storage-driver vfs build --isolation chroot --format docker --file deploy/Dockerfile --tag tiersync . >"$here/build.log" 2>&1 ||
    { tail -n 20 "$here/build.log" >&2; exit 1; }
fi
says "the image is built from this source tree" yes

"$python" -m connector sandbox --crm hubspot --port 0 --companies 40 --token "$token" >"$here/sandbox" 2>/dev/null &
sandbox=$!
until grep -q listening "$here/sandbox"; do sleep 0.2; done
printf %s "$token" > "$here/secrets/hubspot_token"
cp -r rules "$here/etc/rules"
cat > "$here/etc/settings.toml" <<TOML
[crm]
kind = "hubspot"
token = "file:/run/secrets/hubspot_token"
base_url = "$(awk '{print $NF}' "$here/sandbox")"
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
docker info >/dev/null 2>&1 || hard+=(--cgroups disabled --no-healthcheck)  # podman leaves that to systemd
once() { engine run --rm "${hard[@]}" "$@" 2>"$here/err" || { local code=$?; tail -n 5 "$here/err" >&2; return "$code"; }; }
python_in() { once --entrypoint python tiersync -c "$1"; }
health='import json,sys,urllib.request as r; r.urlopen("http://127.0.0.1:'$port'/livez", timeout=8)'
field() { "$python" -c 'import json,sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

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
until curl --silent --fail --output /dev/null "http://127.0.0.1:$port/livez"; do sleep 0.5; done
pid=$(engine inspect --format '{{.State.Pid}}' tiersync-tried)
promise "its health command is content with a worker that lives" 0 "$(engine exec tiersync-tried python -c "$health" >/dev/null 2>&1; echo $?)"
kill -STOP "$pid"
promise "and not with one that hangs" 1 "$(engine exec tiersync-tried python -c "$health" >/dev/null 2>&1; echo $?)"
kill -CONT "$pid"
until curl --silent --fail --output /dev/null "http://127.0.0.1:$port/healthz"; do sleep 0.5; done
began=$SECONDS
kill -TERM "$pid"
while kill -0 "$pid" 2>/dev/null; do sleep 0.2; done
promise "SIGTERM ends it within ten seconds" yes "$([ $((SECONDS - began)) -le 10 ] && echo yes || echo no)"
sleep 1
promise "and well" 0 "$(engine inspect --format '{{.State.ExitCode}}' tiersync-tried)"
