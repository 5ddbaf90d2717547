#!/usr/bin/env bash
# The main job on this machine: broker, monitor, simulated neighbourhood, page in the browser. Ctrl-C ends exactly what this started.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
# shellcheck source=src/deploy/setup.sh
source "$here/deploy/setup.sh"

usage() {
    cat <<'U'
Usage: src/run.sh [--lan] [--influx] [--no-sim] [--config DIR] [--scenario NAME|FILE] [--data DIR]

  --lan            let plugs of this network reach the broker, and print how to connect one
  --influx         start an InfluxDB of our own too (Debian's influxdb), and write every reading and alert to it
  --no-sim         no simulated neighbourhood, only what really reports
  --config DIR     your own registry and settings (default: .run/config, which begins as a copy of the demo neighbourhood)
  --scenario S     what the simulator plays: a name or a file (default: demo)
  --data DIR       where readings, credentials, configuration and logs are kept (default: .run)

Ctrl-C ends it. Started in the background by a script (run.sh &) it cannot hear SIGINT; end it with SIGTERM: kill "$(cat .run/pid)"
U
}

lan='' influx='' simulate=yes config='' scenario=$root/firmware-sim/scenarios/demo.yaml run="$root/.run"
while [ $# -gt 0 ]; do
    case $1 in
        --lan) lan=yes ;;
        --influx) influx=yes ;;
        --no-sim) simulate='' ;;
        --config | --scenario | --data)
            [ $# -gt 1 ] || { echo "$1 needs a value." >&2; usage >&2; exit 2; }
            case $1 in
                --config)
                    [ -d "$2" ] || { echo "--config \"$2\": there is no such folder." >&2; exit 2; }
                    config=$(cd "$2" && pwd)
                    ;;
                --scenario)
                    scenario=$root/firmware-sim/scenarios/$2.yaml
                    [ ! -f "$2" ] || scenario=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
                    if [ ! -f "$scenario" ]; then
                        names=$(cd "$root/firmware-sim/scenarios" && echo *.yaml)
                        echo "--scenario \"$2\": no such file, and no scenario of that name; there are: ${names//.yaml/}" >&2
                        exit 2
                    fi
                    ;;
                --data)
                    mkdir -p "$2" || { echo "--data \"$2\": this folder cannot be made." >&2; exit 2; }
                    run=$(cd "$2" && pwd)
                    ;;
            esac
            shift
            ;;
        -h | --help) usage; exit 0 ;;
        *) echo "Unknown option: $1" >&2; usage >&2; exit 2 ;;
    esac
    shift
done

need_dotnet
need mosquitto mosquitto
need curl curl
# The address that plugs of this network can reach is asked of iproute2.
[ -z "$lan" ] || need ip iproute2
[ -z "$influx" ] || need influxd influxdb
need node nodejs
need npm npm
need_package libsqlite3-0
install_missing

umask 077
mkdir -p "$run"
if [ -e "$run/pid" ] && kill -0 "$(cat "$run/pid")" 2>/dev/null; then
    echo "Already running here (process $(cat "$run/pid"), data in $run). Stop it first, or use --data for a second one." >&2
    exit 1
fi
echo $$ >"$run/pid"

pids=()
finish() {
    # A second Ctrl-C must not leave half of it running.
    trap '' INT TERM
    trap - EXIT
    # The simulator first (it says goodbye), then the service (it drains), then the broker it drains from.
    local index
    for ((index = ${#pids[@]} - 1; index >= 0; index--)); do
        kill -TERM "${pids[index]}" 2>/dev/null || continue
        local deadline=$((SECONDS + 10))
        while kill -0 "${pids[index]}" 2>/dev/null && [ "$SECONDS" -lt "$deadline" ]; do sleep 0.1; done
        kill -KILL "${pids[index]}" 2>/dev/null || true
        wait "${pids[index]}" 2>/dev/null || true
    done
    rm -f "$run/pid"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

echo 'Building …'
(cd "$root/dashboards/web" && [ -d node_modules ] && [ ! package-lock.json -nt node_modules ]) ||
    (cd "$root/dashboards/web" && npm ci --omit=dev --no-audit --no-fund --loglevel=error </dev/null && touch node_modules)
# Readable by the owner alone is right for data, not for what the compiler shares between users. Style is the tests' business: looking at it takes as long as compiling.
build() {
    dotnet build -c Release -v quiet --nologo -tl:off -p:RunAnalyzers=false "$1" >"$run/build.log" 2>&1 || { cat "$run/build.log" >&2; exit 1; }
}
(umask 022 && build "$root/src/FacilityMonitor" && build "$root/firmware-sim")

# A copy, so that what the page says to paste has a place that no build overwrites.
if [ -z "$config" ]; then
    config=$run/config
    copy_once "$root/src/FacilityMonitor/demo" "$config"
fi

# Credentials are made once and kept beside the data, readable by the owner alone.
for name in admin monitor devices plug sign-in; do
    [ -s "$run/$name.password" ] || secret >"$run/$name.password"
done
# The broker keeps the accounts of devices in this file; they outlive this script. Roles become those of this version and registry.
plugin=$(dynamic_security_plugin)
monitor_dll=$root/src/FacilityMonitor/bin/Release/net10.0/facility-monitor.dll
dotnet "$monitor_dll" device init --config "$config" --file "$run/accounts.json" --account "admin=$run/admin.password" \
    --account "monitor=$run/monitor.password" --account "devices=$run/devices.password" --account "plug=$run/plug.password"
rm -f "$run/passwords"

broker_port=$(free_port 1883)
web_port=$(free_port 8080)
{
    cat "$here/deploy/mosquitto.conf"
    echo "listener $broker_port 127.0.0.1"
    if [ -n "$lan" ]; then
        address=$(ip -4 -o route get 1.1.1.1 2>/dev/null | sed -n 's/.* src \([0-9.]*\).*/\1/p')
        [ -n "$address" ] || address=$(hostname -I | cut -d' ' -f1)
        [ -n "$address" ] || { echo '--lan: this machine has no address on a network.' >&2; exit 1; }
        echo "listener $broker_port $address"
    fi
    echo "plugin $plugin"
    echo "plugin_opt_config_file $run/accounts.json"
    echo "persistence_location $run/"
    echo 'log_dest stderr'
    # Started by root, mosquitto would become another user that may not read what is ours.
    [ "$(id -u)" != 0 ] || echo 'user root'
} >"$run/mosquitto.conf"

# Each in a process group of its own: a Ctrl-C reaches this script alone, and it ends them in order.
start() {
    local log=$1
    shift
    setsid "$@" >>"$run/$log" 2>&1 </dev/null &
    pids+=($!)
}

await() {
    local what=$1 pid=$2 log=$3
    shift 3
    local deadline=$((SECONDS + 60))
    until "$@" >/dev/null 2>&1; do
        if ! kill -0 "$pid" 2>/dev/null || [ $SECONDS -ge $deadline ]; then
            echo "$what did not start. The end of its log ($run/$log):" >&2
            tail -n 20 "$run/$log" >&2
            exit 1
        fi
        sleep 0.1
    done
}

listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1"); }

if [ -n "$influx" ]; then
    influx_port=$(free_port 8086)
    mkdir -p "$run/influxdb"
    cat >"$run/influxdb.conf" <<C
reporting-disabled = true
bind-address = "127.0.0.1:$(free_port 8088)"
[meta]
  dir = "$run/influxdb/meta"
[data]
  dir = "$run/influxdb/data"
  wal-dir = "$run/influxdb/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:$influx_port"
  log-enabled = false
C
    influx_url=http://127.0.0.1:$influx_port
    start influxdb.log influxd run -config "$run/influxdb.conf"
    await 'InfluxDB' "${pids[-1]}" influxdb.log curl -fsS "$influx_url/ping"
    curl -fsS --data-urlencode 'q=CREATE DATABASE "facility"' "$influx_url/query" >/dev/null
    export FM_INFLUX__URL=$influx_url
fi

start mosquitto.log mosquitto -c "$run/mosquitto.conf"
broker=${pids[-1]}
await 'The broker' "$broker" mosquitto.log listening "$broker_port"

url=http://127.0.0.1:$web_port
export FM_BROKER__HOST=127.0.0.1 FM_BROKER__PORT=$broker_port FM_BROKER__USERNAME=monitor FM_BROKER__PASSWORD_FILE=$run/monitor.password
export FM_DATA__DIRECTORY=$run/data FM_WEB__URL=$url FM_WEB__SIGN_IN__USER=manager FM_WEB__SIGN_IN__PASSWORD_FILE=$run/sign-in.password
# By default .NET grows its youngest memory to the size of the processor's cache before it collects: 50 MB more for nothing.
export DOTNET_GCgen0size=0x600000
start facility-monitor.log dotnet "$monitor_dll" run --config "$config"
monitor=${pids[-1]}
await 'The monitor' "$monitor" facility-monitor.log curl -fsS "$url/readyz"

if [ -n "$simulate" ]; then
    # It logs what it has done so far; the log may still hold an earlier run.
    said=$(wc -l 2>/dev/null <"$run/firmware-sim.log" || echo 0)
    start firmware-sim.log dotnet "$root/firmware-sim/bin/Release/net10.0/firmware-sim.dll" run --scenario "$scenario" \
        --broker "mqtt://devices@127.0.0.1:$broker_port" --password-file "$run/devices.password"
    plays() { tail -n "+$((said + 1))" "$run/firmware-sim.log" | grep -q '"connected":[1-9]'; }
    await 'The simulator' "${pids[-1]}" firmware-sim.log plays
fi

# One user of each role, so that everybody's page can be looked at; with a configuration of your own only the administrator, who adds the others.
signed_in="manager   $(cat "$run/sign-in.password")   管理员 administrator"
if [ "$config" = "$run/config" ]; then
    known=$(dotnet "$monitor_dll" user list --config "$config")
    while read -r name role sites; do
        [ -s "$run/user-$name.password" ] || secret >"$run/user-$name.password"
        # The registry copy is there to be edited: a site of another name costs its users, not the demo.
        if ! grep -q "^$name " <<<"$known" &&
            ! dotnet "$monitor_dll" user add "$name" --role "$role" --sites "$sites" --password --config "$config" <"$run/user-$name.password" >>"$run/users.log" 2>&1; then
            rm -f "$run/user-$name.password"
            echo "not added: $name (see $run/users.log)" >&2
            continue
        fi
        signed_in+="
                  $name   $(cat "$run/user-$name.password")   $role, $sites"
    done <<'R'
manager-a property-manager jiugeng
guard-a on-call jiugeng
electrician electrician jiugeng,huaihai
auditor auditor all
R
fi

cat <<U

  设施卫士 FacilityMonitor is running.

  页面 Page       $url   (English: $url/?lang=en)
  登录 Sign-in    $signed_in
  配置 Config     $config/facility.yaml   (edit and save; settings.yaml needs a restart)
  值班 On call    $url/on-call   (who is on duty; what they are told stands in $run/facility-monitor.log)
  日志 Logs       $run/*.log
  设备账号 Device accounts   FM_BROKER__PORT=$broker_port FM_BROKER__ADMIN_PASSWORD_FILE=$run/admin.password \\
                  dotnet $monitor_dll device add --config $config SITE/DEVICE
U
if [ -n "$influx" ]; then
    cat <<U
  读数 InfluxDB   $influx_url   database facility   (influx -port $influx_port -database facility -execute 'select last(w) from pile group by device')
U
fi
if [ -n "$lan" ]; then
    cat <<U

  真插座 Connect a real plug (same network):
    broker        $address:$broker_port
    user          plug
    password      $(cat "$run/plug.password")
    Tasmota console, one line:
      Backlog MqttHost $address; MqttPort $broker_port; MqttUser plug; MqttPassword $(cat "$run/plug.password"); Topic my-plug; TelePeriod 10
    Shelly: Settings > MQTT: enable, server $address:$broker_port, the same user and password, "RPC status notifications" on.
    Zigbee2MQTT: mqtt: {server: mqtt://$address:$broker_port, user: plug, password: …}
  It appears under "new devices" on the page within a minute. Once it is registered, give it an account of its own (device add).
U
fi
echo
echo '  Ctrl-C ends it.'

if [ -t 1 ] && [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && command -v xdg-open >/dev/null 2>&1; then
    xdg-open "$url" >/dev/null 2>&1 || true
fi

# Whatever ends first ends all: a demo without its monitor only looks alive.
wait -n "${pids[@]}" || true
echo 'One part has ended; stopping the others. Logs: '"$run"'/*.log' >&2
exit 1
