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
data:
  directory: /var/lib/facility-monitor
web:
  sign-in:
    user: manager
    password-file: /etc/facility-monitor/sign-in.password
S
    [ -e /etc/facility-monitor/facility.yaml ] || echo 'sites: []' >/etc/facility-monitor/facility.yaml
    touch /etc/mosquitto/facility-monitor.passwords
    chmod 0640 /etc/mosquitto/facility-monitor.passwords
    chgrp mosquitto /etc/mosquitto/facility-monitor.passwords
    # The password goes in by the file, never by a command line that others can read.
    printf 'monitor:%s\n' "$password" >/etc/mosquitto/facility-monitor.passwords
    mosquitto_passwd -U /etc/mosquitto/facility-monitor.passwords
fi

# Debian's own mosquitto.conf names a persistence location and a log already; ours adds only what Debian does not set.
grep -v -e '^persistence ' -e '^log_type ' "$here/mosquitto.conf" >/etc/mosquitto/conf.d/facility-monitor.conf
install -m 0644 "$here/mosquitto.acl" /etc/mosquitto/facility-monitor.acl
cat >/etc/mosquitto/conf.d/facility-monitor-listener.conf <<'L'
listener 1883 127.0.0.1
password_file /etc/mosquitto/facility-monitor.passwords
acl_file /etc/mosquitto/facility-monitor.acl
L
install -m 0644 "$here/facility-monitor.service" /etc/systemd/system/
systemctl daemon-reload
systemctl enable --now mosquitto
systemctl restart mosquitto
systemctl enable facility-monitor
systemctl restart facility-monitor

echo 'Installed. Page: http://127.0.0.1:8080, user manager, password in /etc/facility-monitor/sign-in.password.'
echo 'Describe your site in /etc/facility-monitor/facility.yaml; the demo in /opt/facility-monitor/demo is a template.'
