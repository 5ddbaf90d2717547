#!/usr/bin/env bash
# Installs FacilityMonitor as a service on this Debian machine: broker configuration, service account, systemd unit. Run it again to upgrade.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=src/deploy/setup.sh
source "$here/setup.sh"

[ "$(id -u)" = 0 ] || { echo 'Run as root.' >&2; exit 1; }
command -v systemctl >/dev/null || { echo 'This installer needs systemd; elsewhere use src/run.sh.' >&2; exit 1; }
need_dotnet
keep_broker_service=yes
need mosquitto mosquitto
need node nodejs
need npm npm
need_package libsqlite3-0
install_missing

(cd "$root/dashboards/web" && npm ci --omit=dev --no-audit --no-fund --loglevel=error)
dotnet publish -c Release -v quiet --nologo -o /opt/facility-monitor "$root/src/FacilityMonitor"
cp "$root/README.md" /opt/facility-monitor/

id facility-monitor >/dev/null 2>&1 || useradd --system --home-dir /var/lib/facility-monitor --shell /usr/sbin/nologin facility-monitor
install -d -m 0750 -o root -g facility-monitor /etc/facility-monitor
if [ ! -e /etc/facility-monitor/settings.yaml ]; then
    password=$(secret)
    install -m 0640 -o root -g facility-monitor /dev/null /etc/facility-monitor/broker.password
    printf '%s' "$password" >/etc/facility-monitor/broker.password
    install -m 0640 -o root -g facility-monitor /dev/null /etc/facility-monitor/sign-in.password
    secret >/etc/facility-monitor/sign-in.password
    cat >/etc/facility-monitor/settings.yaml <<'S'
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
    [ -e /etc/facility-monitor/facility.yaml ] || echo 'sites: []' >/etc/facility-monitor/facility.yaml
fi

# Secrets that the service itself does not need belong to root.
root_secret() {
    [ -s "/etc/facility-monitor/$1.password" ] && return
    install -m 0600 /dev/null "/etc/facility-monitor/$1.password"
    secret >"/etc/facility-monitor/$1.password"
}
root_secret admin
own=(--account admin=/etc/facility-monitor/admin.password --account monitor=/etc/facility-monitor/broker.password)
old=/etc/mosquitto/facility-monitor.passwords
if [ -s "$old" ]; then
    # An installation from before the plugin: its shared passwords go on out of the old file, where the broker asks for an account that has none of its own.
    own+=(--account devices --account plug)
else
    root_secret plug
    own+=(--account plug=/etc/facility-monitor/plug.password)
fi

# Accounts and roles are brought up to date while the broker is down: it would write over them. Whatever fails, it must not stay down.
plugin=$(dynamic_security_plugin)
accounts=/var/lib/mosquitto/facility-monitor
install -d -m 0700 -o mosquitto -g mosquitto "$accounts"
systemctl stop mosquitto
trap 'systemctl start mosquitto' EXIT
/opt/facility-monitor/facility-monitor device init --config /etc/facility-monitor --file "$accounts/accounts.json" "${own[@]}"
chown mosquitto:mosquitto "$accounts/accounts.json"

# Debian's own mosquitto.conf names a persistence location and a log already; ours adds only what Debian does not set.
{
    grep -v -e '^persistence ' -e '^log_type ' "$here/mosquitto.conf"
    echo "plugin $plugin"
    echo "plugin_opt_config_file $accounts/accounts.json"
    [ ! -s "$old" ] || echo "password_file $old"
} >/etc/mosquitto/conf.d/facility-monitor.conf
listener=/etc/mosquitto/conf.d/facility-monitor-listener.conf
[ -e "$listener" ] || echo 'listener 1883 127.0.0.1' >"$listener"
# Where it listens is the administrator's to say; who may speak no longer stands there, and lines of an older version would contradict the plugin.
sed -i -e '/^password_file /d' -e '/^acl_file /d' "$listener"
rm -f /etc/mosquitto/facility-monitor.acl
install -m 0644 "$here/facility-monitor.service" /etc/systemd/system/
systemctl daemon-reload
systemctl enable --now mosquitto
systemctl restart mosquitto
trap - EXIT
systemctl enable facility-monitor
systemctl restart facility-monitor

echo 'Installed. Page: http://127.0.0.1:8080, user manager, password in /etc/facility-monitor/sign-in.password.'
echo 'Describe your site in /etc/facility-monitor/facility.yaml; the demo in /opt/facility-monitor/demo is a template.'
echo 'Accounts of devices: sudo /opt/facility-monitor/facility-monitor device add --config /etc/facility-monitor SITE/DEVICE'
grep -q admin-password-file /etc/facility-monitor/settings.yaml ||
    echo 'For that, add to broker: in /etc/facility-monitor/settings.yaml the line  admin-password-file: /etc/facility-monitor/admin.password'
