#!/usr/bin/env bash
# Runs every test: installs what they need, builds, runs, prints the totals. --long adds longer proofs, which may take more than an hour on two cores.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
# shellcheck source=src/deploy/setup.sh
source "$root/src/deploy/setup.sh"

for argument in "$@"; do
    case $argument in
        --long) export FM_LONG=1 ;;
        *) echo "Usage: tests/run.sh [--long]" >&2; exit 2 ;;
    esac
done

need_dotnet || exit 1
need mosquitto mosquitto
need mosquitto_pub mosquitto-clients
need rabbitmq-server rabbitmq-server
need influxd influxdb
need victoria-metrics victoria-metrics
need prometheus-alertmanager prometheus-alertmanager
need chromium-headless-shell chromium-headless-shell
need pdftotext poppler-utils
need curl curl
need node nodejs
need npm npm
need chattr e2fsprogs
need unshare util-linux
need ip iproute2
need systemd-analyze systemd
need_package libsqlite3-0
need_package python3-paho-mqtt
need_package python3-aiosmtpd
need_package fonts-noto-cjk
# Where npm is there already, what Debian has comes while we build: only the tests need it.
installing=
if command -v npm >/dev/null 2>&1; then
    install_missing &
    installing=$!
else
    install_missing || exit 1
fi

passed=0 failed=0
# check NAME COMMAND …: one more test, of something that is not C#.
check() {
    local name=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
        echo "ok: $name"
    else
        failed=$((failed + 1))
        echo "FAILED: $name" >&2
    fi
}

cd "$root" || exit 1
check 'page assets install from the lock file' \
    bash -c 'cd dashboards/web && npm ci --no-audit --no-fund --loglevel=error </dev/null'
check 'page modules type-check' bash -c 'cd dashboards/web && npm run --silent check </dev/null'

check 'a foreign MQTT client installs from the lock file' \
    bash -c 'cd tests/FacilityMonitor.Tests/Mqtt/Interoperability/Foreign && npm ci --no-audit --no-fund --loglevel=error </dev/null'
check 'the types that Grafana publishes install from the lock file' \
    bash -c 'cd tests/FacilityMonitor.Tests/Dashboards/Types && npm ci --no-audit --no-fund --loglevel=error </dev/null'

check "what checks the contract's AsyncAPI file installs from the lock file" \
    bash -c 'cd tests/FacilityMonitor.Tests/Contract/AsyncApi && npm ci --no-audit --no-fund --loglevel=error </dev/null'
check 'asyncapi.yaml is valid by the schema that AsyncAPI publishes, and mistakes in it are noticed' \
    node tests/FacilityMonitor.Tests/Contract/AsyncApi/check.mjs src/FacilityMonitor.Core/Contract/asyncapi.yaml

# Processes that live for seconds never earn back what profiling every method costs: a third less CPU for the same tests.
export DOTNET_TieredPGO=0
dotnet build -c Release -v quiet --nologo FacilityMonitor.sln
built=$?
[ -z "$installing" ] || wait "$installing" || exit 1
if [ "$built" -eq 0 ]; then
    results=$(mktemp -d)
    # Proofs that take minutes each are for --long.
    chosen=()
    [ -n "${FM_LONG:-}" ] || chosen=(--filter 'length!=long')
    # What runs here has every server: a test that would skip fails instead.
    FM_REQUIRE_SERVERS=1 dotnet test -c Release --no-build --nologo tests/FacilityMonitor.Tests "${chosen[@]}" \
        --logger 'trx;LogFileName=tests.trx' --logger 'console;verbosity=minimal' --results-directory "$results" \
        --blame-hang-timeout 5min </dev/null
    # A run that died has no totals; that is a failure, not a silence.
    counters=$(grep -o '<Counters [^>]*>' "$results/tests.trx" 2>/dev/null | head -n 1)
    count() { sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" <<<"$counters"; }
    total=$(count total) good=$(count passed)
    # Real traces are data, not a server: where there are none, nothing is missing from this machine.
    untraced=$(grep -o '<UnitTestResult [^>]*>' "$results/tests.trx" 2>/dev/null | grep 'outcome="NotExecuted"' | grep -c 'Evaluation\.EvaluationTests\.')
    if [ "$untraced" -gt 0 ]; then
        echo "not run: $untraced tests on real traces, FM_TRACES names no folder"
        total=$((total - untraced))
    fi
    if [ -n "$total" ] && [ "$total" -gt 0 ]; then
        passed=$((passed + good))
        failed=$((failed + total - good))
    else
        echo 'FAILED: the C# tests ended without a result' >&2
        failed=$((failed + 1))
    fi
    rm -rf "$results"
else
    echo 'FAILED: build' >&2
    failed=$((failed + 1))
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
