#!/bin/sh
# An array of workers under Slurm, and what they come to:
#   fillbench -h HOST --keys 1 --flush --yes          # once, if the masters are to be emptied
#   START_AT=$(date -d '+5 min' +%s) OUT=$PWD/results HOST=db1 sbatch --array=0-15 slurm.sh
#   fillbench merge results --prove
# All tasks have to run at once: the start is missed otherwise, and refused. OUT is on a file system that all nodes share.
#SBATCH --job-name=fillbench
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=2
exec fillbench -h "$HOST" --data "${DATA:-100}" --worker auto --start-at "$START_AT" \
    --out "$OUT/worker-$SLURM_ARRAY_TASK_ID"
