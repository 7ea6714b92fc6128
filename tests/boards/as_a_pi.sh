#!/usr/bin/env bash
# Runs a command as if on a Pi 4 whose GPIO registers are a file, and its /sys/class/gpio a folder:
# as_a_pi.sh REGISTERS FOLDER COMMAND... In a mount namespace of its own, where it may cover what it likes.
set -euo pipefail
registers=$1 lines=$2
shift 2

# Here a real Pi would say what it is, in /proc/device-tree as well.
mount -t tmpfs none /sys
mkdir -p /sys/class/gpio
mount --bind "$lines" /sys/class/gpio

stage=$(mktemp -d)
mount -t tmpfs none "$stage"
printf 'Hardware\t: BCM2711\nRevision\t: c03114\n' >"$stage/cpuinfo"
mkdir "$stage/dev"
for device in null zero random urandom; do
    touch "$stage/dev/$device"
    mount --bind "/dev/$device" "$stage/dev/$device"
done
touch "$stage/dev/gpiomem"
mount --bind "$registers" "$stage/dev/gpiomem"
mount --bind "$stage/cpuinfo" /proc/cpuinfo
mount --rbind "$stage/dev" /dev
umount --lazy "$stage"
rmdir "$stage"
exec "$@"
