# shellcheck shell=bash
# Sourced by src/run.sh, tests/run.sh and src/deploy/install.sh: what they need from Debian, installed without starting, stopping or touching a service.

# need COMMAND PACKAGE …: notes the packages for later when the command is missing.
missing=()
need() {
    local command=$1
    shift
    command -v "$command" >/dev/null 2>&1 || missing+=("$@")
}

# need_package PACKAGE: for packages that bring no command.
need_package() {
    dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed' || missing+=("$1")
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        # Without a terminal nobody can type a password: fail instead of waiting.
        if [ -t 0 ]; then sudo "$@"; else sudo -n "$@"; fi
    else
        echo "Needs root to run: $*. Run as root, or install sudo." >&2
        return 1
    fi
}

# install_missing: says what it will install and installs it with service start suppressed.
install_missing() {
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "Installing from Debian, without starting any service: ${missing[*]}"
    local policy=/usr/sbin/policy-rc.d placed='' status=0 log
    log=$(mktemp --suffix=.facility-monitor-apt.log)
    if [ ! -e "$policy" ]; then
        # The way Debian gives to forbid package scripts to start services (invoke-rc.d(8)).
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
        placed=yes
    fi
    # Servers that we start ourselves, with a configuration of our own.
    local server fresh=()
    for server in mosquitto rabbitmq-server influxdb victoria-metrics; do
        [[ " ${missing[*]} " == *" $server "* ]] && fresh+=("$server")
    done
    {
        as_root apt-get update -qq &&
            as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
    } </dev/null >"$log" 2>&1 || status=$?
    [ -z "$placed" ] || as_root rm -f "$policy"
    if [ $status -ne 0 ]; then
        tail -n 20 "$log" >&2
        echo "apt-get failed; the whole log: $log" >&2
        return $status
    fi
    rm -f "$log"
    # Debian's own must not appear at the next boot because of us; where the broker is to be Debian's service, it stays.
    for server in "${fresh[@]}"; do
        if [ "$server" != mosquitto ] || [ -z "${keep_broker_service:-}" ]; then
            command -v systemctl >/dev/null 2>&1 && as_root systemctl disable "$server" >/dev/null 2>&1
        fi
    done
    missing=()
}

need_dotnet() {
    if ! command -v dotnet >/dev/null 2>&1 || ! dotnet --list-sdks | grep -q '^10\.'; then
        echo 'The .NET 10 SDK is missing. See https://learn.microsoft.com/dotnet/core/install/linux-debian' >&2
        return 1
    fi
}

# free_port FIRST: the first port from FIRST on that nobody listens on.
free_port() {
    local port=$1
    while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
    echo "$port"
}

# secret: 20 characters that are easy to read aloud and to type.
secret() {
    # From a finite piece: tr at the end of an endless one complains where SIGPIPE is ignored, as under many supervisors.
    head -c 4096 /dev/urandom | LC_ALL=C tr -dc 'abcdefghjkmnpqrstuvwxyz23456789' | head -c 20
}

# dynamic_security_plugin: where mosquitto's dynamic security plugin is. Debian keeps libraries in a folder of the machine's architecture.
dynamic_security_plugin() {
    local file
    for file in /usr/lib/*/mosquitto_dynamic_security.so /usr/lib/mosquitto_dynamic_security.so /usr/lib64/mosquitto_dynamic_security.so \
        /usr/local/lib/mosquitto_dynamic_security.so /usr/local/lib/*/mosquitto_dynamic_security.so; do
        if [ -r "$file" ]; then
            echo "$file"
            return
        fi
    done
    echo "mosquitto_dynamic_security.so is missing: devices have no accounts without it. Debian's package mosquitto (2.0 or later) brings it." >&2
    return 1
}

# copy_once FROM TO: a folder of one's own to edit. What is there already stays as it is.
copy_once() {
    [ ! -e "$2" ] || return 0
    rm -rf "$2.new"
    cp -r "$1" "$2.new"
    mv "$2.new" "$2"
}
