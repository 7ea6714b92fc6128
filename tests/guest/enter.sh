#!/bin/sh
# enter.sh ROOT SHARE COMMAND …: runs a command in the root; SHARE is its /mnt.
#
# To be called in a mount namespace of its own, with which all these mounts end.
set -e
root=$1 share=$2
shift 2
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
mount --bind "$share" "$root/mnt"
exec chroot "$root" "$@"
