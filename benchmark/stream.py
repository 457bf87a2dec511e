"""A fill as a stream of commands (RESP), one file for each master, as somebody would write it who loads
with `redis-cli --pipe`: keys and values of a case's sizes, slot after slot, no two keys alike."""

import binascii
import itertools
import os

SLOTS = 16384
# Tags and numbers have so many digits each, and so all keys one size.
TAG_DIGITS, NUMBER_DIGITS = 6, 9
KEY_BYTES_MIN = len("{}:") + TAG_DIGITS + NUMBER_DIGITS
# Values are cut out of so many random bytes.
POOL_BYTES = 1 << 20
# Commands that are put together before they are written.
BATCH = 4096


def slot(tag):
    """The slot of all keys with this tag, as Redis Cluster has it."""
    return binascii.crc_hqx(tag, 0) % SLOTS


def tags():
    """A tag for each slot."""
    found = {}
    for number in itertools.count(10 ** (TAG_DIGITS - 1)):
        tag = b"%d" % number
        found.setdefault(slot(tag), tag)
        if len(found) == SLOTS:
            return [found[place] for place in range(SLOTS)]


def own_slots(nodes):
    """The slots of the node that was asked for CLUSTER NODES, out of its answer."""
    own = next(line.split() for line in nodes.splitlines() if "myself" in line.split()[2])
    ranges = [word.split("-") for word in own[8:] if not word.startswith("[")]
    return [number for ends in ranges for number in range(int(ends[0]), int(ends[-1]) + 1)]


def keys_of(slots, keys):
    """How many of so many keys each of these slots has: the first ones have the one more that is over."""
    return [(number, keys // SLOTS + (number < keys % SLOTS)) for number in slots]


def commands(case, slots, group, tag_of, pool):
    """The commands of a master with these slots, in batches of bytes: SET, or MSET of up to `group` keys of a slot."""
    if case.key_size < KEY_BYTES_MIN:
        raise ValueError(f"keys of a stream have {KEY_BYTES_MIN} bytes at least")
    before, places = b"k" * (case.key_size - KEY_BYTES_MIN), len(pool) - case.value_size
    between, size = b"\r\n$%d\r\n" % case.value_size, case.value_size
    batch = []
    for number, keys in keys_of(slots, case.keys):
        key = b"$%d\r\n%s{%s}:" % (case.key_size, before, tag_of[number])
        for first in range(0, keys, group):
            pairs = []
            for ordinal in range(first, min(first + group, keys)):
                place = (number * 4099 + ordinal * 523) % places
                pairs.append(b"%s%09d%s%s\r\n" % (key, ordinal, between, pool[place:place + size]))
            if group == 1:
                head = b"*3\r\n$3\r\nSET\r\n"
            else:
                head = b"*%d\r\n$4\r\nMSET\r\n" % (2 * len(pairs) + 1)
            batch.append(head + b"".join(pairs))
            if len(batch) >= BATCH // group:
                yield b"".join(batch)
                batch = []
    yield b"".join(batch)


def write(paths, case, slots_of, group):
    """Writes the streams of masters with these slots, and sees them onto the disk, so that nothing is written
    there while they are read."""
    tag_of, pool = tags(), os.urandom(POOL_BYTES)
    for path, slots in zip(paths, slots_of):
        with open(path, "wb") as file:
            file.writelines(commands(case, slots, group, tag_of, pool))
            file.flush()
            os.fsync(file.fileno())
