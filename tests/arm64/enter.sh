#!/bin/sh
# enter.sh ROOT CPUINFO DOWNLOADS FOLDER COMMAND …: runs a command in the root, in a folder of it.
#
# To be called in a mount namespace of its own, with which all these mounts end. /sys stays what was
# unpacked: the host's would tell of another processor.
set -e
root=$1 cpuinfo=$2 downloads=$3 folder=$4
shift 4
mkdir -p "$root/root/.cache/pip"
mount -t proc proc "$root/proc"
mount --bind "$cpuinfo" "$root/proc/cpuinfo"
mount --bind "$downloads" "$root/root/.cache/pip"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
exec chroot "$root" sh -c 'cd "$0" && exec "$@"' "$folder" "$@"
