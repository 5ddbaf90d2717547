#!/usr/bin/env bash
# Installs FacilityMonitor as a service on this Debian machine: broker configuration, service account, systemd unit. Run it again to upgrade.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=src/deploy/setup.sh
source "$here/setup.sh"

usage() {
    cat <<'U'
Usage: sudo src/deploy/install.sh

Installs or upgrades. What you have written stays: /etc/facility-monitor, /etc/mosquitto/conf.d/facility-monitor-listener.conf, accounts of devices, all data.
Nothing that runs is touched before the new program is built and has read the configuration.
U
}

case ${1:-} in
    '') ;;
    -h | --help) usage; exit 0 ;;
    *) echo "Unknown option: $1" >&2; usage >&2; exit 2 ;;
esac
[ "$(id -u)" = 0 ] || { echo 'This needs root: sudo src/deploy/install.sh' >&2; exit 1; }
command -v systemctl >/dev/null || { echo 'This installer needs systemd; elsewhere use src/run.sh.' >&2; exit 1; }
need_dotnet
keep_broker_service=yes
need mosquitto mosquitto
need node nodejs
need npm npm
need_package libsqlite3-0
install_missing

# What the service runs and reads is not secret, whatever the administrator's own files are.
umask 022
configuration=/etc/facility-monitor
program=/opt/facility-monitor
new=$program.new

(cd "$root/dashboards/web" && npm ci --omit=dev --no-audit --no-fund --loglevel=error)
rm -rf "$new"
dotnet publish -c Release -v quiet --nologo -o "$new" "$root/src/FacilityMonitor"
cp "$root/README.md" "$new/"

id facility-monitor >/dev/null 2>&1 || useradd --system --home-dir /var/lib/facility-monitor --shell /usr/sbin/nologin facility-monitor
# A .NET below somebody's home directory is there for us and not for the service.
if ! why=$(cd / && setpriv --reuid facility-monitor --regid facility-monitor --clear-groups env -i PATH=/usr/bin:/bin "$new/facility-monitor" --version 2>&1); then
    echo "$why" >&2
    echo 'The account facility-monitor cannot run the program. Most often .NET lies in a home directory: install it for all users (Debian package dotnet-sdk-10.0, or below /usr/share/dotnet).' >&2
    exit 1
fi

install -d -m 0750 -o root -g facility-monitor "$configuration"
# What managers change on the page; the files beside these folders stay root's. Telephone numbers are for the service alone.
install -d -m 0750 -o facility-monitor -g facility-monitor "$configuration/facility.d"
install -d -m 0700 -o facility-monitor -g facility-monitor "$configuration/people.d"
if [ ! -e "$configuration/settings.yaml" ]; then
    password=$(secret)
    install -m 0640 -o root -g facility-monitor /dev/null "$configuration/broker.password"
    printf '%s' "$password" >"$configuration/broker.password"
    install -m 0640 -o root -g facility-monitor /dev/null "$configuration/sign-in.password"
    secret >"$configuration/sign-in.password"
    cat >"$configuration/settings.yaml" <<'S'
broker:
  host: 127.0.0.1
  username: monitor
  password-file: /etc/facility-monitor/broker.password
  # Readable by root alone: the service cannot make accounts, only who administers can.
  admin-password-file: /etc/facility-monitor/admin.password
data:
  directory: /var/lib/facility-monitor
web:
  sign-in:
    user: manager
    password-file: /etc/facility-monitor/sign-in.password
S
    [ -e "$configuration/facility.yaml" ] || echo 'sites: []' >"$configuration/facility.yaml"
fi

# Secrets that the service itself does not need belong to root.
root_secret() {
    [ -s "$configuration/$1.password" ] && return
    install -m 0600 /dev/null "$configuration/$1.password"
    secret >"$configuration/$1.password"
}
root_secret admin
own=(--account "admin=$configuration/admin.password" --account "monitor=$configuration/broker.password")
old=/etc/mosquitto/facility-monitor.passwords
if [ -s "$old" ]; then
    # An installation from before the plugin: its shared passwords go on out of the old file, where the broker asks for an account that has none of its own.
    own+=(--account devices --account plug)
else
    root_secret plug
    own+=(--account "plug=$configuration/plug.password")
fi

# Accounts and roles are brought up to date while the broker is down: it would write over them. Whatever fails, it must not stay down.
plugin=$(dynamic_security_plugin)
accounts=/var/lib/mosquitto/facility-monitor
install -d -m 0700 -o mosquitto -g mosquitto "$accounts"
systemctl stop mosquitto
trap 'systemctl start mosquitto; echo "Not installed. What ran before runs on; mend what is said above and run this again." >&2' EXIT
"$new/facility-monitor" device init --config "$configuration" --file "$accounts/accounts.json" "${own[@]}"
chown mosquitto:mosquitto "$accounts/accounts.json"

# Debian's own mosquitto.conf names a persistence location and a log already; ours adds only what Debian does not set.
{
    grep -v -e '^persistence ' -e '^log_type ' "$here/mosquitto.conf"
    echo "plugin $plugin"
    echo "plugin_opt_config_file $accounts/accounts.json"
    [ ! -s "$old" ] || echo "password_file $old"
} >/etc/mosquitto/conf.d/facility-monitor.conf
listener=/etc/mosquitto/conf.d/facility-monitor-listener.conf
[ -e "$listener" ] || cat >"$listener" <<'L'
# For the service itself.
listener 1883 127.0.0.1

# For devices: take the # away and write this machine's address on their network. On a listener that takes the user name for the client id nobody pushes another off
# by calling himself like him; so it is for devices with an account of their own, and a shared account (plug) can be used there by one device at a time.
#listener 1883 192.168.1.10
#use_username_as_clientid true
L
# Where it listens is the administrator's to say; who may speak no longer stands there, and lines of an older version would contradict the plugin.
sed -i -e '/^password_file /d' -e '/^acl_file /d' "$listener"
rm -f /etc/mosquitto/facility-monitor.acl

# The program that runs is replaced while it does not: it reads parts of itself when it first needs them.
systemctl enable mosquitto
systemctl restart mosquitto
trap - EXIT
! systemctl is-active --quiet facility-monitor || systemctl stop facility-monitor
rm -rf "$program"
mv "$new" "$program"
install -m 0644 "$here/facility-monitor.service" /etc/systemd/system/
systemctl daemon-reload
systemctl enable facility-monitor
systemctl restart facility-monitor

echo "Installed. Page: http://127.0.0.1:8080, user manager, password in $configuration/sign-in.password."
echo "Describe your site in $configuration/facility.yaml; the demo in $program/demo is a template."
echo "Accounts of devices: sudo $program/facility-monitor device add --config $configuration SITE/DEVICE"
grep -q admin-password-file "$configuration/settings.yaml" ||
    echo "For that, add to broker: in $configuration/settings.yaml the line  admin-password-file: $configuration/admin.password"
