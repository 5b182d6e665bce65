#!/bin/sh
# From a bare Raspberry Pi OS (64-bit, Debian 12) to the first sighting. As root, from a checkout:
#
#   deploy/install-gateway.sh GATEWAY.toml PASSWORD-FILE CA.crt
#
# GATEWAY.toml is the file that `innkeeper init` wrote for this gateway; PASSWORD-FILE holds what `innkeeper gateway add`
# printed; CA.crt is what the broker's certificate was signed with. Run it again after a change: nothing is done twice.
set -eu

fail() { echo "install-gateway: $1" >&2; exit 2; }

[ $# -eq 3 ] || fail "found $# arguments; right would be GATEWAY.toml PASSWORD-FILE CA.crt"
[ "$(id -u)" -eq 0 ] || fail "found a user without rights; right would be root"
for file in "$@"; do [ -r "$file" ] || fail "$file: cannot be read"; done
here=$(cd "$(dirname "$0")/.." && pwd)
[ -f "$here/requirements/gateway.txt" ] || fail "$here: found no checkout of Innkeeper"

echo "1/6 packages: Python, BlueZ, a clock that is set"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv bluez rfkill systemd-timesyncd

echo "2/6 the program, in /opt/innkeeper"
[ -x /opt/innkeeper/bin/python ] || python3 -m venv /opt/innkeeper
/opt/innkeeper/bin/pip install --quiet --disable-pip-version-check --require-hashes -r "$here/requirements/gateway.txt"
/opt/innkeeper/bin/pip install --quiet --disable-pip-version-check --no-deps "$here"
install -D -m 644 "$here/docs/gateway.md" /opt/innkeeper/share/doc/gateway.md

echo "3/6 its user, who may speak to BlueZ and to nothing else"
id innkeeper-gateway >/dev/null 2>&1 ||
	useradd --system --home-dir /var/lib/innkeeper-gateway --shell /usr/sbin/nologin --groups bluetooth innkeeper-gateway
install -d -o innkeeper-gateway -g innkeeper-gateway -m 700 /var/lib/innkeeper-gateway

echo "4/6 its settings, in /etc/innkeeper"
install -d -o root -g innkeeper-gateway -m 750 /etc/innkeeper
install -o root -g innkeeper-gateway -m 640 "$2" /etc/innkeeper/broker.password
install -o root -g innkeeper-gateway -m 640 "$3" /etc/innkeeper/ca.crt
sed -e 's|^data_dir *=.*|data_dir = "/var/lib/innkeeper-gateway"|' \
	-e '/^ *#* *password_file *=/d' -e '/^ *#* *ca_file *=/d' \
	-e 's|^\[mqtt\].*|[mqtt]\npassword_file = "broker.password"\nca_file = "ca.crt"|' \
	"$1" >/etc/innkeeper/gateway.toml
chown root:innkeeper-gateway /etc/innkeeper/gateway.toml
chmod 640 /etc/innkeeper/gateway.toml

echo "5/6 Bluetooth: on, and with advertisement monitors"
rfkill unblock bluetooth || true
if ! grep -q '^Experimental *= *true' /etc/bluetooth/main.conf; then
	sed -i 's/^\[General\]/[General]\nExperimental = true/' /etc/bluetooth/main.conf
	systemctl restart bluetooth
fi

echo "6/6 the daemon"
install -m 644 "$here/deploy/systemd/innkeeper-gateway.service" /etc/systemd/system/innkeeper-gateway.service
systemctl daemon-reload
systemctl stop innkeeper-gateway 2>/dev/null || true
runuser -u innkeeper-gateway -- /opt/innkeeper/bin/innkeeper-gateway check --config /etc/innkeeper/gateway.toml ||
	echo "not all is well yet, as said above; the gateway keeps trying"
systemctl enable --now innkeeper-gateway
systemctl --no-pager status innkeeper-gateway | head -n 6
