//! Programs and clients of others, which know nothing of this project, at work on the embedded server
//! and, where they can be, on a real one with the same assertions.

mod cluster;
mod fix;
mod kept;
mod migrate;
mod python;
mod tools;

use std::net::SocketAddr;

use fillbench::server::{Server as Embedded, ServerOptions};
use fillbench::target::{Layout, Spawned};

/// Servers to be judged: the embedded ones, or real ones.
pub(crate) enum Nodes {
    Real(Spawned),
    Embedded(Embedded),
}

impl Nodes {
    pub(crate) fn embedded(masters: Option<u16>) -> Self {
        Self::Embedded(Embedded::start(&ServerOptions { masters, ..ServerOptions::default() }).unwrap())
    }

    pub(crate) async fn real(masters: Option<u16>, test: &str) -> Option<Self> {
        let redis = crate::common::Server::find("redis", test)?;
        Some(Self::Real(redis.start(masters.map_or(Layout::Standalone, Layout::even)).await))
    }

    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        match self {
            Self::Real(spawned) => spawned.addresses().to_vec(),
            Self::Embedded(server) => server.addresses().to_vec(),
        }
    }
}

/// Makes of each judgement one of the embedded server and one of a real one.
macro_rules! judged {
    ($($(#[$meta:meta])* fn $name:ident($nodes:ident: $masters:expr) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            fn test($nodes: &[std::net::SocketAddr]) $body

            #[test]
            fn embedded() {
                let nodes = $crate::judges::Nodes::embedded($masters);
                test(&nodes.addresses());
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn real() {
                let test_name = concat!(stringify!($name), "::real");
                if let Some(nodes) = $crate::judges::Nodes::real($masters, test_name).await {
                    let addresses = nodes.addresses();
                    tokio::task::spawn_blocking(move || test(&addresses)).await.unwrap();
                    drop(nodes);
                }
            }
        }
    )*};
}
pub(crate) use judged;

/// What a program of others said, which must have ended well within two minutes.
#[track_caller]
pub(crate) fn said(program: &str, args: &[&str], input: &[u8]) -> String {
    let output = assert_cmd::Command::new(program)
        .args(args)
        .write_stdin(input)
        .timeout(std::time::Duration::from_secs(120))
        .output()
        .unwrap_or_else(|error| panic!("{program} {args:?}: {error}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program} {args:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}
