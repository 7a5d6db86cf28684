#!/bin/bash
# A Slurm of one machine for tests, as root, without systemd, cgroups or accounting.
# Usage: slurm.sh {start|stop} DIR, then SLURM_CONF=DIR/slurm.conf
set -euo pipefail
action=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)
export SLURM_CONF=$dir/slurm.conf

configure() {
    local host memory
    host=$(hostname -s)
    memory=$(($(awk '/^MemTotal/ { print $2 }' /proc/meminfo) / 1024 - 1024))
    cat > "$SLURM_CONF" << END
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge/socket
CredType=cred/munge
SlurmctldPort=16817
SlurmdPort=16818
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd.log
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=1024
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=1,sched_interval=2,bf_interval=2
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/filetxt
JobCompLoc=$dir/log/jobs
MpiDefault=none
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$memory State=UNKNOWN
PartitionName=test Nodes=$host Default=YES MaxTime=02:00:00 State=UP OverSubscribe=NO
END
}

start() {
    mkdir -p "$dir"/{munge,state,spool,log}
    chmod 755 "$dir"
    chmod 711 "$dir/munge"
    if [ ! -e "$dir/munge/key" ]; then
        head -c 1024 /dev/urandom > "$dir/munge/key"
        chmod 400 "$dir/munge/key"
    fi
    configure
    munged --force --key-file="$dir/munge/key" --socket="$dir/munge/socket" \
        --pid-file="$dir/munge/pid" --log-file="$dir/munge/log" --seed-file="$dir/munge/seed"
    slurmctld -c
    slurmd
    for _ in $(seq 60); do
        [ "$(sinfo -h -o %t 2> /dev/null)" = idle ] && return
        sleep 0.5
    done
    sinfo >&2
    return 1
}

stop() {
    scancel --full --user="$(id -un)" 2> /dev/null || true
    local file pid
    for file in "$dir/slurmd.pid" "$dir/slurmctld.pid" "$dir/munge/pid"; do
        [ -s "$file" ] || continue
        pid=$(cat "$file")
        kill "$pid" 2> /dev/null || continue
        for _ in $(seq 40); do
            kill -0 "$pid" 2> /dev/null || break
            sleep 0.25
        done
    done
}

"$action"
