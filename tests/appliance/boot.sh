#!/bin/sh
# boot.sh BELOW FOLDER ARGUMENT …: switches a machine on: its own changes, kept in FOLDER, over the folders BELOW,
# the topmost first, with colons between them.
#
# To be called in a mount namespace of its own, with which the overlay ends. ARGUMENTs are systemd-nspawn's.
set -e
below=$1 folder=$2
shift 2
mkdir -p "$folder/changes" "$folder/work" "$folder/root"
mount -t overlay overlay -o "lowerdir=$below,upperdir=$folder/changes,workdir=$folder/work" "$folder/root"

keep=
if ! [ -d /run/systemd/system ]; then
    # Nobody gives it a control group here, and two machines in the same one would end each other's services.
    keep=--keep-unit
    for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
        [ -w "$hierarchy/cgroup.procs" ] || continue
        mkdir -p "$hierarchy/machine-$$"
        echo $$ >"$hierarchy/machine-$$/cgroup.procs"
    done
fi
exec systemd-nspawn --quiet --directory="$folder/root" --machine="${folder##*/}" --hostname=module $keep \
    --register=no --private-network --capability=CAP_IPC_LOCK,CAP_SYS_RESOURCE --console=pipe "$@" --boot
