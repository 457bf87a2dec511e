//! Options that say how to be let in, and how servers are reached, whichever they are.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::connection::secret;
use crate::net::Secret;
use crate::units::parse_time_above_zero;

/// How to reach servers, as it was typed.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Server")]
pub struct AccessArgs {
    /// Password; the variable REDISCLI_AUTH keeps it off the command line
    #[arg(short = 'a', long, alias = "password", value_name = "PASSWORD", value_parser = secret)]
    #[arg(allow_hyphen_values = true, conflicts_with = "askpass")]
    pub(super) pass: Option<Secret>,
    /// Ask for the password
    #[arg(long)]
    pub(super) askpass: bool,
    /// ACL user
    #[arg(long, value_name = "NAME")]
    pub(super) user: Option<String>,
    /// Database number [default: 0]
    #[arg(short = 'n', long, value_name = "DB")]
    pub(super) db: Option<u32>,
    /// Accepted for redis-cli's sake: cluster mode is detected
    #[arg(short)]
    pub(super) cluster: bool,
    /// Encrypt the connections
    #[arg(long)]
    pub(super) tls: bool,
    /// Authorities to trust in place of the system's, PEM
    #[arg(long, value_name = "FILE")]
    pub(super) cacert: Option<PathBuf>,
    /// Folder of such files
    #[arg(long, value_name = "DIR")]
    pub(super) cacertdir: Option<PathBuf>,
    /// Client certificate, PEM
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(super) cert: Option<PathBuf>,
    /// Key of the client certificate, PEM
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(super) key: Option<PathBuf>,
    /// Name to find in the servers' certificates [default: the host]
    #[arg(long, value_name = "NAME")]
    pub(super) sni: Option<String>,
    /// Trust any certificate
    #[arg(long, conflicts_with_all = ["cacert", "cacertdir"])]
    pub(super) insecure: bool,
    /// Time for a connection to be made and answered [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = parse_time_above_zero)]
    pub(super) connect_timeout: Option<Duration>,
    /// Reach a node that says host:port elsewhere: host:port=host:port or host=host; repeatable
    #[arg(long, value_name = "FROM=TO")]
    pub(super) address_map: Vec<String>,
}
