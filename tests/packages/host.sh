#!/usr/bin/env bash
# host.sh STEP NUMBER ROOT CGROUP PIDFILE: becomes a host with systemd as PID 1; testbed.py starts it
# in namespaces of the host's own. ROOT is its disk, CGROUP its part of the cgroup2 tree.
set -euo pipefail
step=$1 number=$2 root=$3 cgroup=$4 pidfile=$5

if [ "$step" = boot ]; then
    read -r pid _ </proc/self/stat && echo "$pid" >"$pidfile" # the number that the outside knows
    echo 0 >"$cgroup/cgroup.procs"                            # 0: this process
    exec unshare --cgroup "$0" init "$number" "$root" "$cgroup" "$pidfile"
fi

read -r _ # a line on standard input: the network card has come
hostname "h$number"
ip link set lo up
ip address add "10.77.0.$number/24" dev eth0
ip link set eth0 up
mount --make-rprivate /
cd "$root"
mount -t proc -o nosuid,nodev,noexec proc proc
# The kernel's settings are the machine's, but for the host's own network.
mount --bind proc/sys proc/sys && mount --bind proc/sys/net proc/sys/net
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755,nosuid tmpfs dev
while read -r name minor; do
    mknod -m 666 "dev/$name" c 1 "$minor"
done <<<$'null 3\nzero 5\nfull 7\nrandom 8\nurandom 9'
mknod -m 666 dev/tty c 5 0
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs dev/shm
ln -s pts/ptmx dev/ptmx && ln -s /proc/self/fd dev/fd
for i in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${i%:*}" "dev/${i#*:}"; done
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs run
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs tmp
# Each boot has an id of its own.
cat proc/sys/kernel/random/uuid >run/boot_id
mount --bind run/boot_id proc/sys/kernel/random/boot_id
pivot_root . mnt && cd / && umount -l /mnt
mount --make-rshared /
# Root of its namespaces, but not over the machine's modules, clock, log and raw devices.
forbidden=-sys_module,-sys_rawio,-sys_time,-syslog,-mac_admin,-mac_override,-wake_alarm
forbidden+=,-block_suspend
exec env -i container=p2pd-testbed PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    setpriv --bounding-set="$forbidden" /lib/systemd/systemd </dev/null
