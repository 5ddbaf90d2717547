#!/usr/bin/env bash
# enter.sh STATE PROGRAM COMMAND [ARGUMENT …]: runs a command as root of a machine that is a copy of this one: whatever it writes to /etc, /opt, /usr/local or /var lies below
# STATE and is there again the next time; its network is its own loopback, and what it leaves running ends with it. PROGRAM is a build of the service, taken for a fresh one.
# Started by unshare, which gives it the namespaces; see ScratchMachine.cs.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
state=$1
export SCRATCH_STATE=$state SCRATCH_PROGRAM=$2
shift 2
for part in etc opt var usr/local; do
    mkdir -p "$state/changed/$part" "$state/work/$part"
    mount -t overlay overlay -o "lowerdir=/$part,upperdir=$state/changed/$part,workdir=$state/work/$part" "/$part"
done
mount -t tmpfs -o mode=755 tmpfs /run
ip link set lo up
# Beside the programs of this folder, which stand for systemd and for what would build, everything is the real one.
export PATH=$here:$PATH
"$@"
