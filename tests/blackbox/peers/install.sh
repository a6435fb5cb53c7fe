# Sourced by ./test. Installs the other people's programs that the tests talk to: Debian packages by name, Python
# packages into a virtual environment and Node packages into a folder, both under the target directory. Never starts
# a service, never upgrades what is there, and does nothing at all when everything is there already.

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# Debian's packages of a database or of Kannel start a service when they are installed; this keeps them from it.
without_services() {
    local policy=/usr/sbin/policy-rc.d ours=
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
        ours=1
    fi
    local code=0
    "$@" || code=$?
    if [ -n "$ours" ]; then as_root rm -f "$policy"; fi
    return $code
}

install_debian() { # FILE
    local wanted missing=() name
    mapfile -t wanted < <(sed 's/#.*//' "$1" | awk 'NF { print $1 }')
    command -v node >/dev/null || wanted+=(nodejs)
    command -v npm >/dev/null || wanted+=(npm)
    for name in "${wanted[@]}"; do
        dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name")
    done
    [ ${#missing[@]} = 0 ] && return 0
    say "installing ${missing[*]}"
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3)
    as_root "${apt[@]}" update -qq
    without_services as_root "${apt[@]}" install -y -qq --no-install-recommends "${missing[@]}" >"$logs/apt.log" 2>&1 ||
        { tail -n 20 "$logs/apt.log" >&2; return 1; }
}

install_python() { # REQUIREMENTS VENV
    cmp -s "$1" "$2/installed.txt" && return 0
    say "installing Python peers"
    # Debian's own python3 has its venv module by package; any other one on PATH may lack it.
    python3 -m venv --clear "$2" >"$logs/venv.log" 2>&1 || /usr/bin/python3 -m venv --clear "$2"
    "$2/bin/pip" install --quiet --disable-pip-version-check --retries 5 -r "$1"
    cp "$1" "$2/installed.txt"
}

install_node() { # FOLDER-WITH-LOCK TARGET
    cmp -s "$1/package-lock.json" "$2/installed.json" && return 0
    say "installing Node peers"
    mkdir -p "$2"
    cp "$1/package.json" "$1/package-lock.json" "$2/"
    (cd "$2" && npm ci --omit=dev --no-audit --no-fund --loglevel=error)
    cp "$1/package-lock.json" "$2/installed.json"
}
