//! All commands, by name.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::spec::{Flags, Keys, Spec};
use super::{
    auth, client, cluster, cluster_orders, command, config, connection, counters, dump, expiry, fault, help,
    info, keys, migrate, replication, server, strings, transactions,
};
use crate::resp::Request;
use crate::server::execute::{QUOTED_BYTES, Refusal, quoted};

/// Bytes of the longest name, and of the longest name of a subcommand behind it.
const MAX_NAME_BYTES: usize = 32;

const WRITE: Flags = Flags::WRITE.and(Flags::FAST);
const GROW: Flags = Flags::WRITE.and(Flags::DENY_OOM);
const GROW_FAST: Flags = GROW.and(Flags::FAST);
const READ: Flags = Flags::READ.and(Flags::FAST);
const OPEN: Flags = Flags::NO_AUTH.and(Flags::FAST);
const UNQUEUED: Flags = Flags::UNQUEUED.and(Flags::FAST);
const LEAVE: Flags = OPEN.and(Flags::UNQUEUED);

/// In the order of their names.
pub(crate) static TABLE: &[Spec] = &[
    Spec { name: "append", arity: 3, flags: GROW_FAST, keys: Keys::ONE, run: strings::append },
    Spec { name: "asking", arity: 1, flags: Flags::FAST, keys: Keys::NONE, run: connection::asking },
    Spec { name: "auth", arity: -2, flags: OPEN, keys: Keys::NONE, run: auth::auth },
    Spec { name: "client", arity: -2, flags: Flags::CONTAINER, keys: Keys::NONE, run: help::help },
    Spec { name: "client|getname", arity: 2, flags: Flags::NONE, keys: Keys::NONE, run: client::get_name },
    Spec { name: "client|help", arity: 2, flags: Flags::NONE, keys: Keys::NONE, run: help::help },
    Spec { name: "client|id", arity: 2, flags: Flags::NONE, keys: Keys::NONE, run: client::id },
    Spec { name: "client|info", arity: 2, flags: Flags::NONE, keys: Keys::NONE, run: client::info },
    Spec { name: "client|kill", arity: -3, flags: Flags::ADMIN, keys: Keys::NONE, run: client::kill },
    Spec { name: "client|list", arity: -2, flags: Flags::ADMIN, keys: Keys::NONE, run: client::list },
    Spec { name: "client|no-evict", arity: 3, flags: Flags::ADMIN, keys: Keys::NONE, run: client::no_evict },
    Spec { name: "client|pause", arity: -3, flags: Flags::ADMIN, keys: Keys::NONE, run: client::pause },
    Spec { name: "client|reply", arity: 3, flags: Flags::NONE, keys: Keys::NONE, run: client::reply },
    Spec { name: "client|setinfo", arity: 4, flags: Flags::NONE, keys: Keys::NONE, run: client::set_info },
    Spec { name: "client|setname", arity: 3, flags: Flags::NONE, keys: Keys::NONE, run: client::set_name },
    Spec { name: "client|unpause", arity: 2, flags: Flags::ADMIN, keys: Keys::NONE, run: client::unpause },
    Spec { name: "cluster", arity: -2, flags: Flags::CONTAINER, keys: Keys::NONE, run: help::help },
    Spec {
        name: "cluster|addslots",
        arity: -3,
        flags: Flags::ADMIN,
        keys: Keys::NONE,
        run: cluster_orders::add_slots,
    },
    Spec {
        name: "cluster|addslotsrange",
        arity: -4,
        flags: Flags::ADMIN,
        keys: Keys::NONE,
        run: cluster_orders::add_slots_range,
    },
    Spec {
        name: "cluster|bumpepoch",
        arity: 2,
        flags: Flags::ADMIN,
        keys: Keys::NONE,
        run: cluster_orders::bump_epoch,
    },
    Spec {
        name: "cluster|count-failure-reports",
        arity: 3,
        flags: Flags::ADMIN,
        keys: Keys::NONE,
        run: cluster::count_failure_reports,
    },
    Spec {
        name: "cluster|countkeysinslot",
        arity: 3,
        flags: Flags::NONE,
        keys: Keys::NONE,
        run: cluster::count_keys_in_slot,
    },
    Spec {
        name: "cluster|delslots",
        arity: -3,
        flags: Flags::ADMIN,
        keys: Keys::NONE,
        run: cluster_orders::delete_slots,
    },
    Spec {
        name: "cluster|delslotsrange",
        arity: -4,
        flags: Flags::ADMIN,
        keys: Keys::NONE,
        run: cluster_orders::delete_slots_range,
    },
    Spec {
        name: "cluster|failover",
        arity: -2,
        flags: Flags::ADMIN,
        keys: Keys::NONE,
        run: replication::failover,
    },
    Spec {
        name: "cluster|flushslots",
        arity: 2,
        flags: Flags::ADMIN,
        keys: Keys::NONE,
        run: cluster_orders::flush_slots,
    },
    Spec {
        name: "cluster|forget",
        arity: 3,
        flags: Flags::ADMIN,
        keys: Keys::NONE,
        run: cluster_orders::forget,
    },
    Spec {
        name: "cluster|getkeysinslot",
        arity: 4,
        flags: Flags::NONE,
        keys: Keys::NONE,
        run: cluster::get_keys_in_slot,
    },
    Spec { name: "cluster|help", arity: 2, flags: Flags::NONE, keys: Keys::NONE, run: help::help },
    Spec { name: "cluster|info", arity: 2, flags: Flags::NONE, keys: Keys::NONE, run: cluster::info },
    Spec { name: "cluster|keyslot", arity: 3, flags: Flags::NONE, keys: Keys::NONE, run: cluster::key_slot },
    Spec { name: "cluster|links", arity: 2, flags: Flags::NONE, keys: Keys::NONE, run: cluster::links },
    Spec {
        name: "cluster|meet",
        arity: -4,
        flags: Flags::ADMIN,
        keys: Keys::NONE,
        run: cluster_orders::meet,
    },
    Spec { name: "cluster|myid", arity: 2, flags: Flags::NONE, keys: Keys::NONE, run: cluster::my_id },
    Spec {
        name: "cluster|myshardid",
        arity: 2,
        flags: Flags::NONE,
        keys: Keys::NONE,
        run: cluster::my_shard_id,
    },
    Spec { name: "cluster|nodes", arity: 2, flags: Flags::NONE, keys: Keys::NONE, run: cluster::nodes },
    Spec {
        name: "cluster|replicas",
        arity: 3,
        flags: Flags::ADMIN,
        keys: Keys::NONE,
        run: cluster::replicas,
    },
    Spec {
        name: "cluster|replicate",
        arity: 3,
        flags: Flags::ADMIN,
        keys: Keys::NONE,
        run: replication::replicate,
    },
    Spec {
        name: "cluster|reset",
        arity: -2,
        flags: Flags::ADMIN,
        keys: Keys::NONE,
        run: cluster_orders::reset,
    },
    Spec {
        name: "cluster|set-config-epoch",
        arity: 3,
        flags: Flags::ADMIN,
        keys: Keys::NONE,
        run: cluster_orders::set_config_epoch,
    },
    Spec {
        name: "cluster|setslot",
        arity: -4,
        flags: Flags::ADMIN,
        keys: Keys::NONE,
        run: cluster_orders::set_slot,
    },
    Spec { name: "cluster|shards", arity: 2, flags: Flags::NONE, keys: Keys::NONE, run: cluster::shards },
    Spec { name: "cluster|slaves", arity: 3, flags: Flags::ADMIN, keys: Keys::NONE, run: cluster::replicas },
    Spec { name: "cluster|slots", arity: 2, flags: Flags::NONE, keys: Keys::NONE, run: cluster::slots },
    Spec { name: "command", arity: -1, flags: Flags::CONTAINER, keys: Keys::NONE, run: command::all },
    Spec { name: "command|count", arity: 2, flags: Flags::NONE, keys: Keys::NONE, run: command::count },
    Spec { name: "command|docs", arity: -2, flags: Flags::NONE, keys: Keys::NONE, run: command::docs },
    Spec { name: "command|getkeys", arity: -4, flags: Flags::NONE, keys: Keys::NONE, run: command::get_keys },
    Spec { name: "command|help", arity: 2, flags: Flags::NONE, keys: Keys::NONE, run: help::help },
    Spec { name: "command|info", arity: -2, flags: Flags::NONE, keys: Keys::NONE, run: command::info },
    Spec { name: "command|list", arity: -2, flags: Flags::NONE, keys: Keys::NONE, run: command::list },
    Spec { name: "config", arity: -2, flags: Flags::CONTAINER, keys: Keys::NONE, run: help::help },
    Spec { name: "config|get", arity: -3, flags: Flags::ADMIN, keys: Keys::NONE, run: config::get },
    Spec { name: "config|help", arity: 2, flags: Flags::NONE, keys: Keys::NONE, run: help::help },
    Spec {
        name: "config|resetstat",
        arity: 2,
        flags: Flags::ADMIN,
        keys: Keys::NONE,
        run: config::reset_stat,
    },
    Spec { name: "config|rewrite", arity: 2, flags: Flags::ADMIN, keys: Keys::NONE, run: config::rewrite },
    Spec { name: "config|set", arity: -4, flags: Flags::ADMIN, keys: Keys::NONE, run: config::set },
    Spec { name: "copy", arity: -3, flags: GROW, keys: Keys::TWO, run: keys::copy },
    Spec { name: "dbsize", arity: 1, flags: READ, keys: Keys::NONE, run: keys::dbsize },
    Spec { name: "debug", arity: -2, flags: Flags::ADMIN, keys: Keys::NONE, run: server::debug },
    Spec { name: "decr", arity: 2, flags: GROW_FAST, keys: Keys::ONE, run: counters::decr },
    Spec { name: "decrby", arity: 3, flags: GROW_FAST, keys: Keys::ONE, run: counters::decrby },
    Spec { name: "del", arity: -2, flags: Flags::WRITE, keys: Keys::ALL, run: keys::del },
    Spec { name: "discard", arity: 1, flags: UNQUEUED, keys: Keys::NONE, run: transactions::discard },
    Spec { name: "dump", arity: 2, flags: Flags::READ, keys: Keys::ONE, run: dump::dump },
    Spec { name: "echo", arity: 2, flags: Flags::FAST, keys: Keys::NONE, run: connection::echo },
    Spec { name: "exec", arity: 1, flags: Flags::UNQUEUED, keys: Keys::NONE, run: transactions::exec },
    Spec { name: "exists", arity: -2, flags: READ, keys: Keys::ALL, run: keys::exists },
    Spec { name: "expire", arity: -3, flags: WRITE, keys: Keys::ONE, run: expiry::expire },
    Spec { name: "expireat", arity: -3, flags: WRITE, keys: Keys::ONE, run: expiry::expireat },
    Spec { name: "expiretime", arity: 2, flags: READ, keys: Keys::ONE, run: expiry::expiretime },
    Spec { name: "fillbench", arity: -2, flags: Flags::CONTAINER, keys: Keys::NONE, run: help::help },
    Spec { name: fault::NAME, arity: -3, flags: Flags::ADMIN, keys: Keys::NONE, run: fault::fault },
    Spec { name: "fillbench|help", arity: 2, flags: Flags::NONE, keys: Keys::NONE, run: help::help },
    Spec { name: "flushall", arity: -1, flags: Flags::WRITE, keys: Keys::NONE, run: keys::flush },
    Spec { name: "flushdb", arity: -1, flags: Flags::WRITE, keys: Keys::NONE, run: keys::flush },
    Spec { name: "get", arity: 2, flags: READ, keys: Keys::ONE, run: strings::get },
    Spec { name: "getdel", arity: 2, flags: WRITE, keys: Keys::ONE, run: strings::getdel },
    Spec { name: "getex", arity: -2, flags: WRITE, keys: Keys::ONE, run: strings::getex },
    Spec { name: "getrange", arity: 4, flags: Flags::READ, keys: Keys::ONE, run: strings::getrange },
    Spec { name: "getset", arity: 3, flags: GROW_FAST, keys: Keys::ONE, run: strings::getset },
    Spec { name: "hello", arity: -1, flags: OPEN, keys: Keys::NONE, run: auth::hello },
    Spec { name: "incr", arity: 2, flags: GROW_FAST, keys: Keys::ONE, run: counters::incr },
    Spec { name: "incrby", arity: 3, flags: GROW_FAST, keys: Keys::ONE, run: counters::incrby },
    Spec { name: "incrbyfloat", arity: 3, flags: GROW_FAST, keys: Keys::ONE, run: counters::incrbyfloat },
    Spec { name: "info", arity: -1, flags: Flags::NONE, keys: Keys::NONE, run: info::info },
    Spec { name: "keys", arity: 2, flags: Flags::READ, keys: Keys::NONE, run: keys::keys },
    Spec { name: "memory", arity: -2, flags: Flags::CONTAINER, keys: Keys::NONE, run: help::help },
    Spec { name: "memory|help", arity: 2, flags: Flags::NONE, keys: Keys::NONE, run: help::help },
    Spec {
        name: "memory|usage",
        arity: -3,
        flags: Flags::READ,
        keys: Keys { first: 2, last: 2, step: 1 },
        run: server::memory_usage,
    },
    Spec { name: "mget", arity: -2, flags: READ, keys: Keys::ALL, run: strings::mget },
    Spec { name: "migrate", arity: -6, flags: Flags::WRITE, keys: Keys::NONE, run: migrate::migrate },
    Spec { name: "mset", arity: -3, flags: GROW, keys: Keys::PAIRS, run: strings::mset },
    Spec { name: "msetnx", arity: -3, flags: GROW, keys: Keys::PAIRS, run: strings::msetnx },
    Spec { name: "multi", arity: 1, flags: UNQUEUED, keys: Keys::NONE, run: transactions::multi },
    Spec { name: "persist", arity: 2, flags: WRITE, keys: Keys::ONE, run: expiry::persist },
    Spec { name: "pexpire", arity: -3, flags: WRITE, keys: Keys::ONE, run: expiry::pexpire },
    Spec { name: "pexpireat", arity: -3, flags: WRITE, keys: Keys::ONE, run: expiry::pexpireat },
    Spec { name: "pexpiretime", arity: 2, flags: READ, keys: Keys::ONE, run: expiry::pexpiretime },
    Spec { name: "ping", arity: -1, flags: Flags::FAST, keys: Keys::NONE, run: connection::ping },
    Spec { name: "psetex", arity: 4, flags: GROW, keys: Keys::ONE, run: strings::psetex },
    Spec { name: "pttl", arity: 2, flags: READ, keys: Keys::ONE, run: expiry::pttl },
    Spec { name: "quit", arity: -1, flags: LEAVE, keys: Keys::NONE, run: connection::quit },
    Spec { name: "randomkey", arity: 1, flags: Flags::READ, keys: Keys::NONE, run: keys::random_key },
    Spec { name: "readonly", arity: 1, flags: Flags::FAST, keys: Keys::NONE, run: connection::readonly },
    Spec { name: "readwrite", arity: 1, flags: Flags::FAST, keys: Keys::NONE, run: connection::readwrite },
    Spec { name: "rename", arity: 3, flags: Flags::WRITE, keys: Keys::TWO, run: keys::rename },
    Spec { name: "renamenx", arity: 3, flags: WRITE, keys: Keys::TWO, run: keys::renamenx },
    Spec { name: "reset", arity: 1, flags: LEAVE, keys: Keys::NONE, run: auth::reset },
    Spec { name: "restore", arity: -4, flags: GROW, keys: Keys::ONE, run: dump::restore },
    Spec {
        name: "restore-asking",
        arity: -4,
        flags: GROW.and(Flags::ASKING),
        keys: Keys::ONE,
        run: dump::restore,
    },
    Spec { name: "role", arity: 1, flags: Flags::FAST, keys: Keys::NONE, run: replication::role },
    Spec { name: "scan", arity: -2, flags: Flags::READ, keys: Keys::NONE, run: keys::scan },
    Spec { name: "select", arity: 2, flags: Flags::FAST, keys: Keys::NONE, run: connection::select },
    Spec { name: "set", arity: -3, flags: GROW, keys: Keys::ONE, run: strings::set },
    Spec { name: "setex", arity: 4, flags: GROW, keys: Keys::ONE, run: strings::setex },
    Spec { name: "setnx", arity: 3, flags: GROW_FAST, keys: Keys::ONE, run: strings::setnx },
    Spec { name: "setrange", arity: 4, flags: GROW, keys: Keys::ONE, run: strings::setrange },
    Spec {
        name: "shutdown",
        arity: -1,
        flags: Flags::ADMIN.and(Flags::NO_MULTI),
        keys: Keys::NONE,
        run: server::shutdown,
    },
    Spec { name: "strlen", arity: 2, flags: READ, keys: Keys::ONE, run: strings::strlen },
    Spec { name: "substr", arity: 4, flags: Flags::READ, keys: Keys::ONE, run: strings::getrange },
    Spec { name: "time", arity: 1, flags: Flags::FAST, keys: Keys::NONE, run: server::time },
    Spec { name: "touch", arity: -2, flags: READ, keys: Keys::ALL, run: keys::touch },
    Spec { name: "ttl", arity: 2, flags: READ, keys: Keys::ONE, run: expiry::ttl },
    Spec { name: "type", arity: 2, flags: READ, keys: Keys::ONE, run: keys::key_type },
    Spec { name: "unlink", arity: -2, flags: WRITE, keys: Keys::ALL, run: keys::del },
    Spec { name: "wait", arity: 3, flags: Flags::NONE, keys: Keys::NONE, run: replication::wait },
];

static PLACES: LazyLock<HashMap<&[u8], usize, hashbrown::DefaultHashBuilder>> =
    LazyLock::new(|| TABLE.iter().enumerate().map(|(place, spec)| (spec.name.as_bytes(), place)).collect());

/// The place of a request's command in [`TABLE`].
pub(crate) fn find(request: &Request<'_>) -> Result<usize, Refusal> {
    let mut name = [0; 2 * MAX_NAME_BYTES + 1];
    let place = lookup(&mut name, 0, &request[0]).ok_or_else(|| unknown(request))?;
    if !TABLE[place].flags.has(Flags::CONTAINER) || request.len() < 2 {
        return Ok(place);
    }
    let length = request[0].len();
    name[length] = b'|';
    lookup(&mut name, length + 1, &request[1]).ok_or_else(|| unknown_subcommand(request))
}

/// The place of a command by its whole name, such as `client|reply`.
pub(super) fn named(name: &[u8]) -> Option<usize> {
    lookup(&mut [0; MAX_NAME_BYTES], 0, name)
}

/// Looks a word up behind the first `at` bytes of a name.
fn lookup(name: &mut [u8], at: usize, word: &[u8]) -> Option<usize> {
    // A subcommand is not to be had by the name that it has here.
    if word.len() > MAX_NAME_BYTES || word.contains(&b'|') {
        return None;
    }
    let end = at + word.len();
    name[at..end].copy_from_slice(word);
    name[at..end].make_ascii_lowercase();
    PLACES.get(&name[..end]).copied()
}

fn unknown(request: &Request<'_>) -> Refusal {
    let mut args = String::new();
    for word in request.from(1) {
        if args.len() >= QUOTED_BYTES {
            break;
        }
        let most = word.len().min(QUOTED_BYTES - args.len());
        args += &format!("'{}' ", quoted(&word[..most]));
    }
    format!("ERR unknown command '{}', with args beginning with: {args}", quoted(&request[0])).into()
}

fn unknown_subcommand(request: &Request<'_>) -> Refusal {
    let name = quoted(&request[0]).to_ascii_uppercase();
    format!("ERR unknown subcommand '{}'. Try {name} HELP.", quoted(&request[1])).into()
}
