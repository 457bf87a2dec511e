//! HELP: a line for each subcommand that there is here.

use super::cluster::membership;
use crate::resp::Request;
use crate::server::execute::{Context, Refusal};

/// Commands, and what their subcommands are for, in the order of the table.
const LINES: &[(&str, &[&str])] = &[
    (
        "client",
        &[
            "GETNAME: the name of this connection",
            "HELP: these lines",
            "ID: the number of this connection",
            "INFO: what is known of this connection",
            "KILL address:port | (ID|ADDR|LADDR|TYPE|USER|SKIPME value) ...: end connections",
            "LIST [TYPE type | ID id ...]: what is known of all connections, or of some",
            "NO-EVICT ON|OFF: accepted; there is no maxmemory-clients here",
            "PAUSE milliseconds [WRITE|ALL]: let commands wait, or only those that write",
            "REPLY ON|OFF|SKIP: which answers are sent to this connection",
            "SETINFO LIB-NAME|LIB-VER text: which library this connection is of",
            "SETNAME name: give this connection a name",
            "UNPAUSE: end a pause before its time",
        ],
    ),
    (
        "cluster",
        &[
            "ADDSLOTS slot ...: take slots that nobody has",
            "ADDSLOTSRANGE first last ...: the same, of runs of slots",
            "BUMPEPOCH: give this node an epoch above all others",
            "COUNT-FAILURE-REPORTS node: always 0, as no node is ever suspected here",
            "COUNTKEYSINSLOT slot: how many keys of a slot this node has",
            "DELSLOTS slot ...: give slots up",
            "DELSLOTSRANGE first last ...: the same, of runs of slots",
            "FAILOVER [FORCE|TAKEOVER]: take over from the master of this replica; FORCE does not wait for it",
            "FLUSHSLOTS: give all slots up",
            "FORGET node: know a node no more",
            "GETKEYSINSLOT slot count: keys of a slot that this node has",
            "HELP: these lines",
            "INFO: whether the cluster serves, and its sizes and epochs",
            "KEYSLOT key: which slot a key belongs to",
            "LINKS: always none, as there is no bus here",
            "MEET ip port [bus-port]: get to know another node of this process",
            "MYID: the name of this node",
            "MYSHARDID: the name of this node's shard",
            "NODES: a line for each node, as nodes.conf has them",
            "REPLICAS node: the lines of a master's replicas",
            "REPLICATE node: copy a master",
            "RESET [HARD|SOFT]: know nobody, and have no slots",
            "SET-CONFIG-EPOCH epoch: the first epoch of a new node",
            "SETSLOT slot (IMPORTING|MIGRATING|NODE node) | STABLE: move a slot",
            "SHARDS: runs of slots with their nodes, by shard",
            "SLAVES node: the same as REPLICAS",
            "SLOTS: runs of slots with their nodes",
        ],
    ),
    (
        "command",
        &[
            "COUNT: how many commands there are here",
            "DOCS [command ...]: where commands are documented",
            "GETKEYS command word ...: which of the words are keys",
            "HELP: these lines",
            "INFO [command ...]: what is known of commands; COMMAND alone tells it of all",
            "LIST [FILTERBY (MODULE name | PATTERN pattern)]: the names of commands",
        ],
    ),
    (
        "config",
        &[
            "GET pattern ...: settings and their values",
            "HELP: these lines",
            "RESETSTAT: start the counters of INFO from nothing",
            "REWRITE: always refused, as there is no file here",
            "SET setting value ...: change settings, all of them or none",
        ],
    ),
    ("debug", &["HELP: these lines", "SLEEP seconds: hold the whole node up"]),
    (
        "fillbench",
        &[
            "FAULT fault ... | LIST | OFF: fail on purpose, as in FILLBENCH FAULT oom/100",
            "HELP: these lines",
        ],
    ),
    ("memory", &["HELP: these lines", "USAGE key [SAMPLES count]: bytes that a key takes with its value"]),
];

/// Answers with the lines of the command that is asked about.
pub(super) fn help(context: &mut Context<'_>, request: Request<'_>) -> Result<(), Refusal> {
    let name = String::from_utf8_lossy(&request[0]).to_ascii_lowercase();
    if name == "cluster" {
        membership(context)?;
    }
    let lines = LINES.iter().find(|(command, _)| *command == name).map_or(&[][..], |(_, lines)| lines);
    let reply = context.reply();
    reply.array(1 + lines.len());
    reply.simple(&format!("{} has these subcommands:", name.to_ascii_uppercase()));
    lines.iter().for_each(|line| reply.simple(line));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::commands::TABLE;

    #[test]
    fn each_subcommand_has_its_line() {
        // That of DEBUG is told apart by the command itself.
        for (command, lines) in LINES.iter().filter(|(command, _)| *command != "debug") {
            let told: Vec<String> = lines
                .iter()
                .map(|line| line.split([' ', ':']).next().unwrap().to_ascii_lowercase())
                .collect();
            let subcommands = TABLE.iter().filter_map(|spec| spec.name.split_once('|'));
            let wanted: Vec<_> =
                subcommands.filter(|(name, _)| name == command).map(|(_, subcommand)| subcommand).collect();
            assert_eq!(told, wanted, "{command}");
        }
        let is_told = |name: &str| LINES.iter().any(|(command, _)| *command == name);
        assert!(TABLE.iter().filter_map(|spec| spec.name.split_once('|')).all(|(name, _)| is_told(name)));
    }
}
