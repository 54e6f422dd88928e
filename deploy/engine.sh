# Sourced by try_image.sh and try_compose.sh: a container engine, the images, and how a kept promise is told.
#
# With a Docker engine they take that. Without one they take Debian's buildah, podman and crun
# (apt-get install --no-install-recommends buildah podman crun), which need no daemon. Where an image they start from cannot be
# pulled, STAND_IN=1 makes one of that name from Debian itself (debootstrap; its versions may be others).
# shellcheck shell=bash
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD here=$(mktemp -d)
python=${PYTHON:-.venv/bin/python} token=pat-eu1-tried started=()
mkdir -p "$here/bin"

docker_there() { docker info >/dev/null 2>&1; }

engine() { if docker_there; then docker "$@"; else "$here/bin/podman" "$@"; fi; }

says() { printf '%-72s %s\n' "$1" "$2"; }

promise() { # what, wanted, found
  says "$1" "$3"
  [ "$2" = "$3" ] || { echo "promised was: $2" >&2; exit 1; }
}

within_ten() { # prints yes when the process is gone within ten seconds of now
  local began=$SECONDS
  while kill -0 "$1" 2>/dev/null; do sleep 0.2; done
  [ $((SECONDS - began)) -le 10 ] && echo yes || echo no
}

field() { "$python" -c 'import json,sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

until_answered() { until curl --silent --fail --output /dev/null "$1"; do sleep 0.5; done; }

crm() { # the sandbox, on this machine, at $crm_url
  "$python" -m connector sandbox --crm hubspot --port 0 --companies 40 --token "$token" >"$here/sandbox" 2>/dev/null &
  started+=($!)
  until grep -qs listening "$here/sandbox"; do sleep 0.2; done
  crm_url=$(awk '{print $NF}' "$here/sandbox")
}

without_daemon() { # a podman in a view of the mounts that stays, and no limits that this machine may not set
  unshare --mount --propagation private bash -c 'for m in $(awk "\$3 == \"cgroup2\" && \$2 != \"/sys/fs/cgroup\" {print \$2}" /proc/mounts)
    do umount "$m"; done; echo ready > "$0"; exec sleep infinity' "$here/mounted" &  # crun refuses a machine with both kinds
  started+=($!)
  until [ -s "$here/mounted" ]; do sleep 0.1; done
  cat > "$here/bin/crun" <<'PY'
#!/usr/bin/env python3
import json, os, shutil, sys
# podman asks for more open files than a machine without CAP_SYS_RESOURCE may give: the limits of this shell do.
for option, file in (("--bundle", "/config.json"), ("--process", "")):
    if option in sys.argv:
        path = sys.argv[sys.argv.index(option) + 1] + file
        with open(path) as old:
            spec = json.load(old)
        (spec.get("process") or spec).pop("rlimits", None)
        with open(path, "w") as new:
            json.dump(spec, new)
os.execv(shutil.which("crun", path="/usr/bin:/usr/local/bin"), ["crun", *sys.argv[1:]])
PY
  printf '[engine]\nruntime_supports_nocgroups = ["%s", "crun"]\n' "$here/bin/crun" > "$here/containers.conf"
  printf '#!/bin/sh\nexec env CONTAINERS_CONF=%s nsenter --target %s --mount --wd="$PWD" %s "$@"\n' "$here/containers.conf" "${started[-1]}" \
    "$(command -v podman) --storage-driver vfs --cgroup-manager cgroupfs --events-backend file --runtime $here/bin/crun" > "$here/bin/podman"
  chmod +x "$here/bin/crun" "$here/bin/podman"
}

debian() { # packages: a base from Debian, in $here/base
  rm -rf "$here/base"
  debootstrap --variant=minbase --include="$1" "$(. /etc/os-release; echo "$VERSION_CODENAME")" "$here/base" >/dev/null
}

named() { # name, changes…: makes the base an image of that name
  local name=$1
  shift
  tar --create --directory "$here/base" . | engine import "$@" - "docker.io/library/$name" >/dev/null
  rm -rf "$here/base"
}

build() {
  if [ -n "${STAND_IN:-}" ]; then
    debian python3,python3-venv,ca-certificates
    ln -s python3 "$here/base/usr/bin/python"
    # What this machine trusts, pip in the image trusts too: it may reach the package index by a proxy of its own.
    cp --dereference /etc/ssl/certs/ca-certificates.crt "$here/base/etc/ssl/certs/"
    printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n' > "$here/base/etc/pip.conf"
    named python:3.12-slim
  fi
  if docker_there; then
    docker build --quiet --file deploy/Dockerfile --tag tiersync .
  else
    buildah --storage-driver vfs build --isolation chroot --format docker --file deploy/Dockerfile --tag tiersync . >"$here/build.log" 2>&1 ||
      { tail -n 20 "$here/build.log" >&2; exit 1; }
  fi
  says "the image is built from this source tree" yes
}

docker_there || without_daemon
